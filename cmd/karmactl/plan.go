package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

type planOptions struct {
	out               string
	offline, detailed bool
	refresh           bool
	budget            string
}

func (o *planOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.out, "out", "", "keep the plan in `FILE`; up FILE applies exactly that, or refuses")
	f.BoolVar(&o.offline, "offline", false, "ask nothing of AWS: no credentials needed")
	addRefresh(f, &o.refresh)
	f.StringVar(&o.budget, "budget", "", "warn above this many dollars a month, instead of the file's")
	f.BoolVar(&o.detailed, "detailed-exitcode", false, "exit 2 when there are changes")
}

func newPlanCmd(a *app) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use: "plan", Short: "Show what up would do, and what it would cost", Args: cobra.NoArgs,
		Example: `  karmactl plan
  karmactl plan --out plan.json
  karmactl plan --offline
  karmactl plan --detailed-exitcode`,
		Long: `Compares agents.yaml with what is in the account and shows what up would do.
Nothing is written: the clients of a plan refuse every operation that is not a read.
With --offline nothing is asked of AWS, and everything counts as new. With more than
ten agents plan and up take a repository's lifecycle policy and a target group's
drain, which AWS tells one at a time, for what up last read; --refresh asks.`,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case o.offline && o.out != "":
				return &usageError{errors.New("--offline and --out do not go together: a plan that is kept is one of the account as it is")}
			case o.offline && o.refresh:
				return &usageError{errors.New("--offline and --refresh do not go together: one asks nothing of AWS, the other all")}
			case o.offline:
				return runPlanOffline(a, o)
			}
			return a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runPlan(ctx, s, o) })(c, args)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// addRefresh is the same for all that plan as up does.
func addRefresh(f *pflag.FlagSet, to *bool) {
	f.BoolVar(to, "refresh", false, "ask AWS for what the state knows, too")
}

// runPlan reads the state and the account, and says what up would do.
func runPlan(ctx context.Context, s *session, o planOptions) error {
	store, around, err := s.readStateAndAround(ctx)
	if err != nil {
		return err
	}
	p, err := s.planUp(ctx, store, scope{asleep: store.Hibernation(), looks: true, budget: o.budget, refresh: o.refresh, around: around, hooks: hooksOf(s.cfg, agents.BeforeUp, agents.AfterUp)})
	if err != nil {
		return err
	}
	if o.out != "" {
		if err := p.save(o.out, store); err != nil {
			return err
		}
		s.app.term.Notef("kept in %s: karmactl up %s applies exactly this", o.out, o.out)
	}
	doc, err := p.priced()
	if err == nil {
		err = p.err()
	}
	if err != nil {
		return err
	}
	return o.show(s.app, doc)
}

// runPlanOffline is the plan for an empty account.
func runPlanOffline(a *app, o planOptions) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s := &session{
		app: a, cfg: cfg, clock: engine.RealClock{}, account: cloud.Account{Partition: "aws", Region: cfg.Region}, registries: &provision.Registries{},
	}
	p := &plan{session: s, scope: scope{budget: o.budget, hooks: hooksOf(cfg, agents.BeforeUp, agents.AfterUp)}, stack: stack.New(cfg, s.env(true), stack.GuessLookup(cfg)), res: &engine.Result{}}
	for _, step := range p.stack.Steps() {
		p.res.Outcomes = append(p.res.Outcomes, engine.Outcome{Key: step.Key(), Verb: engine.Create, Status: engine.Done})
	}
	doc, err := p.priced()
	if err != nil {
		return err
	}
	doc.Offline = true
	return o.show(a, doc)
}

func (o planOptions) show(a *app, doc *document.Plan) error {
	if err := a.term.Plan(doc); err != nil {
		return err
	}
	if o.detailed && doc.Summary.Any() {
		return &exit{code: exitChanges}
	}
	return nil
}
