package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type upOptions struct {
	planFile string
	only     []string
	dryRun   bool
	build    bool
	refresh  bool
	budgetOptions
	hookOptions
	// began: something was done, or tried.
	began bool
}

func (o *upOptions) addFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.only, "only", nil, "only these agents, or jobs with an image, and what they share")
	f.BoolVar(&o.dryRun, "dry-run", false, "show the plan and stop")
	f.BoolVar(&o.build, "build", false, "build and push the images of agents that have a build")
	addRefresh(f, &o.refresh)
	o.budgetOptions.addFlags(f)
	o.hookOptions.addFlags(f)
}

func newUpCmd(a *app) *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use: "up [PLANFILE]", Short: "Make it so: from nothing, or from where it was left", Args: cobra.MaximumNArgs(1),
		Example: `  karmactl up
  karmactl up --build --yes
  karmactl up --only validator
  karmactl up --env pr-12
  karmactl up plan.json`,
		Long: `Shows the plan, asks, and makes it so. Running it again changes nothing. After
any interruption running it again continues where it stopped. It ends with each
agent's URL, once AWS reports its targets healthy.

--build builds the image of every agent that has a build in agents.yaml before it
plans, and pushes it before the agent is made, as deploy does.

The hooks before_up and after_up of agents.yaml run here, and only when something is to
be changed. --no-hooks runs none, which is usual in a rehearsal.`,
	}
	cmd.RunE = a.withSession(func(cfg *agents.Config, args []string) error { return o.check(cfg, args) },
		func(ctx context.Context, s *session, _ []string) error { return runUp(ctx, s, o) })
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "only", a.notGiven((*agents.Config).OwnerNames))
	return cmd
}

func (o *upOptions) check(cfg *agents.Config, args []string) error {
	if len(args) == 1 {
		o.planFile = args[0]
	}
	if o.build && o.planFile != "" {
		return &usageError{errors.New("--build and a kept plan do not go together: what is built is not in the plan")}
	}
	var err error
	if o.only, err = matching(cfg, cfg.OwnerNames(), o.only); err != nil {
		return err
	}
	return areOwners(cfg, o.only)
}

func runUp(ctx context.Context, s *session, o upOptions) error {
	if !o.dryRun {
		if err := s.withinBudget(o.budget, o.insist); err != nil {
			return err
		}
	}
	about := scope{only: o.only, budget: o.budget, refresh: o.refresh, hooks: s.hooksOfPlan(o.none, agents.BeforeUp, agents.AfterUp)}
	if o.build {
		built, err := buildImages(ctx, s, o.only)
		if err != nil {
			return err
		}
		defer built.close()
		about.images = built
	}
	if o.dryRun {
		return upDryRun(ctx, s, about)
	}
	err := s.locked(ctx, "up", func(ctx context.Context, store *state.Store) error { return upLocked(ctx, s, store, &o, about, nil) })
	if none := (*noBucketError)(nil); errors.As(err, &none) {
		err = firstUp(ctx, s, &o, about)
	}
	if o.began { // without the lock: it may call karmactl
		return s.hookAfter(ctx, o.none, hook{name: agents.AfterUp, agents: o.named(s.cfg)}, err)
	}
	return err
}

// named are the agents that up is about.
func (o *upOptions) named(cfg *agents.Config) []string {
	if len(o.only) > 0 {
		return o.only
	}
	return cfg.Names()
}

func upDryRun(ctx context.Context, s *session, about scope) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	about.asleep = store.Hibernation()
	p, err := s.planUp(ctx, store, about)
	if err != nil {
		return err
	}
	doc, err := p.priced()
	if err == nil {
		err = p.err()
	}
	if err != nil {
		return err
	}
	return s.app.term.Plan(doc)
}

// firstUp makes the state's bucket, without which there is no place for a lock,
// once the plan is agreed to; and then what was agreed to.
func firstUp(ctx context.Context, s *session, o *upOptions, about scope) error {
	var agreed *plan
	if o.planFile == "" {
		p, err := s.planUp(ctx, engine.NewMemory(s.clock), about)
		if err != nil {
			return err
		}
		if err := p.showAndAsk(ctx, "up"); err != nil {
			return err
		}
		if err := s.beforeUp(ctx, o, p); err != nil {
			return err
		}
		agreed = p
	}
	return s.lockedInNewBucket(ctx, "up", func(ctx context.Context, store *state.Store) error { return upLocked(ctx, s, store, o, about, agreed) })
}

// showAndAsk shows a plan and asks for a yes, where there is anything to agree to.
func (p *plan) showAndAsk(ctx context.Context, command string) error {
	if err := p.err(); err != nil {
		return err
	}
	doc, err := p.priced()
	if err != nil {
		return err
	}
	if !p.app.term.JSON {
		if err := p.app.term.Plan(doc); err != nil {
			return err
		}
	}
	if !doc.Summary.Any() {
		return nil
	}
	return p.confirm(ctx, question{command: command, text: "Make it so? Only yes is yes:", declined: "nothing was changed"})
}

// question is what a person is asked before something is done.
type question struct {
	// command is the one that asks, for a user without a terminal.
	command string
	// text is answered with word, which is yes where it is "", or with also where that is not "".
	text, word, also string
	// declined is what to say when another answer comes.
	declined string
}

// confirm asks, unless --yes says it, and ends the command when the answer is no.
func (s *session) confirm(ctx context.Context, q question) error {
	if s.app.opts.yes {
		return nil
	}
	word := cmp.Or(q.word, "yes")
	yes, err := s.app.term.Confirm(ctx, q.text, word, cmp.Or(q.also, word))
	if errors.Is(err, ui.ErrNoTerminal) {
		return engine.Advise(&usageError{err}, "karmactl "+q.command+" --yes")
	}
	if err != nil {
		return err
	}
	if !yes {
		return &exit{exitError, errors.New(q.declined)}
	}
	return nil
}

// beforeUp runs the hook before an up that changes something.
func (s *session) beforeUp(ctx context.Context, o *upOptions, p *plan) error {
	if !changed(p.res) {
		return nil
	}
	if err := s.hookBefore(ctx, o.none, hook{name: agents.BeforeUp, agents: o.named(s.cfg)}); err != nil {
		return err
	}
	o.began = true
	return nil
}

// upLocked makes it so: what is in the plan file, what was agreed to already, or
// what is shown and agreed to now.
func upLocked(ctx context.Context, s *session, store *state.Store, o *upOptions, about scope, agreed *plan) error {
	about.asleep = store.Hibernation()
	p := agreed
	if p == nil {
		var err error
		if p, err = s.planUp(ctx, store, about); err != nil {
			return err
		}
		if err := p.err(); err != nil {
			return err
		}
		if o.planFile != "" {
			p.res, p.refresh, err = planKept(s, o.planFile, store, p.res)
		} else {
			err = p.showAndAsk(ctx, "up")
		}
		if err != nil {
			return err
		}
		if err := s.beforeUp(ctx, o, p); err != nil {
			return err
		}
	}
	if err := about.images.pushFor(ctx, store, p.res); err != nil {
		return err
	}
	s.app.graceful.Store(true)
	began := s.clock.Now()
	res, st, err := p.apply(ctx, store)
	if err != nil {
		return err
	}
	return showUp(ctx, s, st, res, began, about.asleep, about.only)
}
