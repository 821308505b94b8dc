package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

func newSecretsCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "secrets", Short: "The values the agents start with, none of which is ever shown",
		Example: `  karmactl secrets status
  karmactl secrets set validator private_key`,
		Long: `Each agent has its own values in a flat secret (or in parameters, with
secrets.store: ssm), because ECS cannot read an entry of the nested one. A value is
never printed, logged or kept: only the names of keys are, and what became of them.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newSecretsStatusCmd(a), newSecretsSyncCmd(a), newSecretsSetCmd(a))
	return cmd
}

// overwriting is one run of secrets sync or secrets set.
type overwriting struct {
	*session
	command string
	agents  []agents.Agent
	values  *provision.SecretInput
	dryRun  bool
}

// run looks first, and takes the lock only when there is something to write.
func (w *overwriting) run(ctx context.Context) (*document.Secrets, error) {
	var rec engine.Recorder = engine.NewMemory(w.clock)
	x, res, err := w.overwrite(ctx, w.env(true), rec, nil)
	if err != nil || w.dryRun || !res.Changes() {
		return w.doc(x, res), err
	}
	err = w.locked(ctx, w.command, func(ctx context.Context, store *state.Store) error {
		w.app.graceful.Store(true)
		defer w.app.graceful.Store(false)
		done, all, err := w.overwrite(ctx, w.env(false), store, res)
		if err != nil && all != nil {
			w.written(all)
		}
		x, res = done, all
		return err
	})
	if err != nil {
		return nil, err
	}
	return w.doc(x, res), nil
}

// overwrite goes over the resources that keep the values. With shown it writes.
func (w *overwriting) overwrite(ctx context.Context, env *provision.Env, rec engine.Recorder, shown *engine.Result) (*provision.SecretSync, *engine.Result, error) {
	x := &provision.SecretSync{}
	for _, ag := range w.agents {
		x.Add(env, w.cfg, ag, w.values)
	}
	walk := w.walkOver(rec, x.Steps...)
	walk.Apply, walk.Shown = shown != nil, shown
	res, err := walkUp(ctx, walk)
	return x, res, err
}

// written says what was written all the same by a run that failed.
func (w *overwriting) written(res *engine.Result) {
	for _, o := range res.Outcomes {
		if o.Status == engine.Done && o.Verb != engine.None && o.Verb != "" {
			w.app.term.Notef("%s was written before that", o.Key)
		}
	}
}

func (w *overwriting) doc(x *provision.SecretSync, res *engine.Result) *document.Secrets {
	d := &document.Secrets{
		Head: document.Of("Secrets"), Stack: w.cfg.Stack(), Store: string(w.cfg.Secrets.Store), DryRun: w.dryRun,
		Agents: []document.SecretsAgent{}, Notes: []string{}, Next: []string{},
	}
	if res == nil {
		return d
	}
	for _, f := range x.Actions() {
		if n := len(d.Agents); n == 0 || d.Agents[n-1].Agent != f.Agent {
			d.Agents = append(d.Agents, document.SecretsAgent{Agent: f.Agent})
		}
		at := &d.Agents[len(d.Agents)-1]
		at.Keys = append(at.Keys, document.SecretsKey{Key: f.Key, Result: string(f.Action)})
		switch f.Action {
		case provision.ValueCreated:
			d.Summary.Created++
		case provision.ValueUpdated:
			d.Summary.Updated++
		case provision.ValueUnchanged:
			d.Summary.Unchanged++
		case provision.ValueMissing:
			d.Summary.Missing++
		}
	}
	for _, o := range res.Outcomes {
		d.Notes = append(d.Notes, o.Notes...)
	}
	d.Next = next(w.cfg, d.Agents)
	return d
}

// next is what brings the values to the agents. A key that had no value is not in
// the revision that runs: it takes a new one.
func next(cfg *agents.Config, all []document.SecretsAgent) []string {
	var first, again []string
	out := []string{}
	for _, ag := range all {
		has := func(f provision.Action) bool {
			return slices.ContainsFunc(ag.Keys, func(k document.SecretsKey) bool { return k.Result == string(f) })
		}
		switch {
		case has(provision.ValueCreated):
			first = append(first, ag.Agent)
		case has(provision.ValueUpdated) && !cfg.Jobs[ag.Agent].HasImage(): // each run of a job reads them again
			again = append(again, ag.Agent)
		}
	}
	if len(first) > 0 {
		out = append(out, "karmactl up --only "+strings.Join(first, ","))
	}
	if len(again) > 0 {
		out = append(out, "karmactl deploy "+strings.Join(again, " ")+" --refresh-secrets")
	}
	return out
}

// show prints what became of every key.
func (w *overwriting) show(d *document.Secrets) error {
	t := w.app.term
	if t.JSON {
		return t.Document(d)
	}
	for _, ag := range d.Agents {
		name := ag.Agent
		for _, k := range ag.Keys {
			t.Printf("  %-17s %-24s %s\n", name, k.Key, k.Result)
			name = ""
		}
	}
	for _, n := range d.Notes {
		t.Printf("  ! %s\n", n)
	}
	s := d.Summary
	head := fmt.Sprintf("%d created, %d updated, %d unchanged, %d missing.", s.Created, s.Updated, s.Unchanged, s.Missing)
	switch {
	case s.Created+s.Updated == 0:
		t.Printf("Nothing to write: %s\n", head)
		return nil
	case d.DryRun:
		t.Printf("Dry run, nothing was written: %s\n", head)
		return nil
	}
	t.Printf("%s\n", head)
	for _, n := range d.Next {
		why := "a new key comes with a new revision"
		if strings.Contains(n, "--refresh-secrets") {
			why = "tasks that run keep the value they started with"
		}
		t.Para("Next: ", n+", "+why)
	}
	return nil
}
