package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/doctor"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func newDoctorCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "doctor [agent...]", Short: "What is wrong, why, and what to do about it", ValidArgsFunction: a.completeAgents,
		Long: `Looks for why tasks do not start, why agents do not answer or do not reach each
other, which quotas of the account are too low for the fleet at its maximum, and for
what costs without being asked for. Each finding has its cause, the
evidence in AWS's own words, and what mends it. It only reads, and never a secret's
value. Exit code 7 when there is a problem.`,
		RunE: func(c *cobra.Command, args []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.doctor(ctx, args)
		},
	}
}

func (a *app) doctor(ctx context.Context, names []string) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if names, err = agentNames(cfg, names); err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it only read
	var unread []error
	doc := &ui.Doctor{
		Stack: s.cfg.Project + "/" + s.cfg.Environment, Region: s.account.Region, Findings: []ui.DoctorFinding{}, Passed: []string{},
	}
	// The state only tells whether the stack is asleep on purpose; one that cannot
	// be read is no reason not to look.
	store, err := s.readState(ctx)
	if err == nil {
		_ = store.Close(ctx) // it was only read
	} else {
		unread = append(unread, fmt.Errorf("whether it hibernates is not known: %w", err))
	}
	if s.sleep != nil {
		doc.Notes = []string{"it hibernates since " + stamp(s.sleep.Since) + ", so nothing runs: karmactl wake brings it back"}
		return a.term.Doctor(doc)
	}
	prices, err := a.book(s.cfg)
	if err != nil {
		return err
	}
	p := doctor.Input{
		Cfg: s.cfg, Book: prices, Account: s.account, Clock: s.clock,
		Clients: cloud.NewClients(cloud.WithOptions(s.aws, cloud.ReadOnly)),
		Agents:  slices.DeleteFunc(slices.Clone(s.cfg.Agents), func(x agents.Agent) bool { return !slices.Contains(names, x.Name) }),
	}
	r, err := doctor.Examine(ctx, p)
	if err != nil {
		return err
	}
	doc.Passed, doc.Notes = r.Passed, append(s.texts(append(unread, r.Notes...)), r.Past...)
	for _, f := range r.Findings {
		doc.Findings = append(doc.Findings, ui.DoctorFinding(f))
	}
	if err := a.term.Doctor(doc); err != nil {
		return err
	}
	if len(r.Findings) > 0 {
		return &exit{code: exitDoctor}
	}
	return nil
}
