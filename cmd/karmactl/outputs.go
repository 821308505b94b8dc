package main

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type outputsDoc struct {
	Schema    string                       `json:"schema"`
	Kind      string                       `json:"kind"`
	Stack     string                       `json:"stack"`
	Region    string                       `json:"region"`
	Account   string                       `json:"account"`
	URLs      map[string]string            `json:"urls"`
	Resources map[engine.Key]outputsDetail `json:"resources"`
}

type outputsDetail struct {
	ID      string            `json:"id"`
	Outputs map[string]string `json:"outputs,omitempty"`
}

func newOutputsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "outputs", Short: "URLs, ids and ARNs of what is there", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.outputs(ctx)
		},
	}
}

func (a *app) outputs(ctx context.Context) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // nothing was written
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(ctx) }()
	p, err := s.planUp(ctx, store, nil)
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	d := outputsDoc{
		Schema: ui.Schema, Kind: "Outputs", Stack: s.cfg.Stack(), Region: s.account.Region, Account: s.account.ID,
		URLs: p.stack.URLs(), Resources: map[engine.Key]outputsDetail{},
	}
	for _, o := range p.res.Outcomes {
		if o.ID != "" {
			d.Resources[o.Key] = outputsDetail{ID: o.ID, Outputs: o.Outputs}
		}
	}
	if a.term.JSON {
		return a.term.Document(d)
	}
	for _, ag := range slices.Sorted(maps.Keys(d.URLs)) {
		a.term.Printf("%-42s %s\n", "url/"+ag, d.URLs[ag])
	}
	for _, k := range slices.Sorted(maps.Keys(d.Resources)) {
		a.term.Printf("%-42s %s\n", k, d.Resources[k].ID)
		for _, name := range slices.Sorted(maps.Keys(d.Resources[k].Outputs)) {
			a.term.Printf("  %-40s %s\n", name, d.Resources[k].Outputs[name])
		}
	}
	return nil
}
