package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

func newPlanCmd(a *app) *cobra.Command {
	var out string
	var offline, detailed bool
	cmd := &cobra.Command{
		Use: "plan", Short: "Show what up would do, and what it would cost", Args: cobra.NoArgs,
		Long: `Compares agents.yaml with what is in the account and shows what up would do.
Nothing is written: the clients of a plan refuse every operation that is not a read.
With --offline nothing is asked of AWS, and everything counts as new.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			p, err := a.plan(ctx, offline, out)
			if err != nil {
				return err
			}
			if err := a.term.Plan(p); err != nil {
				return err
			}
			if detailed && p.Summary.Any() {
				return &exit{code: exitChanges}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "keep the plan in `FILE`; up FILE applies exactly that, or refuses")
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nothing of AWS: no credentials needed")
	cmd.Flags().StringVar(&a.budget, "budget", "", "warn above this many dollars a month, instead of the file's")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 when there are changes")
	return cmd
}

// deadline puts --timeout on a command.
func (a *app) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.opts.timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, a.opts.timeout, fmt.Errorf("--timeout %s is over", a.opts.timeout))
}

func (a *app) plan(ctx context.Context, offline bool, out string) (*ui.Plan, error) {
	if offline {
		if out != "" {
			return nil, &usageError{errors.New("--offline and --out do not go together: a plan that is kept is one of the account as it is")}
		}
		return a.planOffline(ctx)
	}
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.close() }() // the plan only read
	return s.plan(ctx, nil, out)
}

// plan reads the state and the account, and says what up would do.
func (s *session) plan(ctx context.Context, only []string, out string) (*ui.Plan, error) {
	store, err := s.readState(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close(ctx) }()
	p, err := s.planUp(ctx, store, only)
	if err != nil {
		return nil, err
	}
	if out != "" {
		if err := p.save(out, s, store); err != nil {
			return nil, err
		}
		s.app.term.Notef("kept in %s: karmactl up %s applies exactly this", out, out)
	}
	doc, err := s.pricedPlan(p)
	if err != nil {
		return nil, err
	}
	return doc, p.res.Err()
}

// planOffline is the plan for an empty account.
func (a *app) planOffline(ctx context.Context) (*ui.Plan, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	s := &session{app: a, cfg: cfg, clock: engine.RealClock{}, account: cloud.Account{Partition: "aws", Region: cfg.Region}}
	st := stack.New(cfg, s.home(true), stack.GuessLookup(cfg))
	res := &engine.Result{}
	for _, step := range st.Steps() {
		res.Outcomes = append(res.Outcomes, engine.Outcome{Key: step.Key(), Verb: engine.Create, Status: engine.Done})
	}
	doc, err := s.pricedPlan(&planned{stack: st, res: res})
	if err != nil {
		return nil, err
	}
	doc.Offline = true
	return doc, nil
}

// readState opens the state for a plan: without a lock, and never written.
func (s *session) readState(ctx context.Context) (*state.Store, error) {
	backend, err := s.backend()
	if err != nil {
		return nil, err
	}
	store, err := state.Open(ctx, state.Options{Backend: backend, Identity: s.identity(), Clock: s.clock, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	s.sleep = store.Hibernation()
	return store, nil
}

// planned is a plan: the stack and what a walk without Apply said.
type planned struct {
	stack *stack.Stack
	res   *engine.Result
	// bucket is the outcome of the state's own bucket; nil when the state is a file.
	bucket *engine.Outcome
	// asleep chooses what hibernates; nil is nothing.
	asleep func(engine.Key) bool
	// scales is what hibernating takes from karmactl scale, for wake to put back.
	scales []state.Scale
	// used is what of the stack others use, and who they are.
	used map[engine.Key][]string
	// warnings are of the account: quotas that a rollout would exceed.
	warnings []string
}

// planUp walks the stack with clients that cannot write. only limits it to some agents.
func (s *session) planUp(ctx context.Context, rec engine.Recorder, only []string) (*planned, error) {
	home := s.home(true)
	facts, err := stack.ReadLookup(ctx, s.cfg, home)
	if err != nil {
		return nil, err
	}
	p := &planned{stack: stack.New(s.cfg, home, facts)}
	s.wantBuilt(p.stack)
	if p.bucket, err = s.stateBucket(ctx, home, false); err != nil {
		return nil, err
	}
	w := s.walk(p.stack, rec)
	w.Keep = p.stack.Keep(stack.DownOptions{})
	p.asleep = s.limit(&w, p.stack, only)
	if p.res, err = w.Up(ctx); err != nil {
		return nil, err
	}
	forget(p.res, p.asleep)
	if p.res.Err() != nil {
		return p, nil
	}
	short, unknown, err := p.stack.Quotas(ctx, p.res, nil)
	for _, q := range short {
		p.warnings = append(p.warnings, fmt.Sprintf("%v: %s", q, q.Ask()))
	}
	p.warnings = append(p.warnings, s.texts(unknown)...)
	return p, err
}

// stateBucket makes sure of the bucket that the state is in, or says what would
// be done. It is not part of the state that it holds.
func (s *session) stateBucket(ctx context.Context, home *provision.Env, apply bool) (*engine.Outcome, error) {
	backend, err := s.backend()
	if err != nil {
		return nil, err
	}
	in, ok := backend.(*state.S3)
	if !ok {
		return nil, nil
	}
	w := engine.Walk{
		Steps:  []engine.Step{engine.Manage(&provision.StateBucket{Env: home, Bucket: in.Bucket, Region: s.account.Region})},
		Record: engine.NewMemory(s.clock), Clock: s.clock, Classify: cloud.Classify, Explain: s.explain, Apply: apply, Stop: s.app.stop,
	}
	res, err := w.Up(ctx)
	if err != nil {
		return nil, err
	}
	return &res.Outcomes[0], res.Err()
}

// planDoc is a plan for people and scripts.
func (s *session) planDoc(p *planned) *ui.Plan {
	doc := &ui.Plan{
		Stack: s.cfg.Project + "/" + s.cfg.Environment, Region: s.account.Region, Account: s.account.ID, File: s.cfg.File,
		Changes: []ui.Change{}, Waiting: waiting(p.res), Warnings: slices.Concat(p.stack.Warnings(), notes(p.res), p.warnings),
	}
	total := map[string]int{}
	outcomes := p.res.Outcomes
	if p.bucket != nil {
		outcomes = append([]engine.Outcome{*p.bucket}, outcomes...)
	}
	for _, o := range outcomes {
		group := p.stack.Group(o.Key)
		if o.Verb != engine.Delete {
			total[group]++
		}
		doc.Summary = count(doc.Summary, o.Verb)
		if o.Verb == engine.None {
			continue
		}
		ch := ui.Change{
			Key: string(o.Key), Kind: o.Key.Kind(), Group: group, Agent: p.stack.AgentOf(o.Key), Verb: string(o.Verb),
			Fields: []ui.Field{}, Reason: o.Reason,
		}
		for _, c := range o.Changes {
			ch.Fields = append(ch.Fields, ui.Field{Field: c.Field, Was: c.Was, Now: c.Now})
		}
		doc.Changes = append(doc.Changes, ch)
	}
	for _, g := range stack.Groups() {
		doc.Groups = append(doc.Groups, ui.Group{Name: g, About: p.stack.About(g), Total: total[g]})
	}
	return doc
}

func count(s ui.Summary, v engine.Verb) ui.Summary {
	switch v {
	case engine.Create:
		s.Create++
	case engine.Update:
		s.Update++
	case engine.Replace:
		s.Replace++
	case engine.Delete:
		s.Delete++
	default:
		s.Unchanged++
	}
	return s
}

// waiting lists each agent that waits once.
func waiting(res *engine.Result) []ui.Waiting {
	out := []ui.Waiting{}
	seen := map[engine.MissingInput]bool{}
	for _, o := range res.With(engine.AwaitingUser) {
		if o.Missing == nil || seen[*o.Missing] {
			continue
		}
		seen[*o.Missing] = true
		out = append(out, ui.Waiting{Agent: o.Missing.Agent, Reason: o.Missing.Reason, Command: o.Missing.Command})
	}
	return out
}

// notes are what resources have to say, each once.
func notes(res *engine.Result) []string {
	out := []string{}
	for _, o := range res.Outcomes {
		for _, n := range o.Notes {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}
