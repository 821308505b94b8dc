package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

const (
	// staysTrue is how long a deploy plans with what it has read.
	staysTrue = 5 * time.Second
	// A deploy of few agents asks oftener whether a new revision shows: of many, AWS would be asked too often.
	fewAgents, oftenAsked = 3, 150 * time.Millisecond
)

// account is what a walk needs of the account: the state, and the clients and listings with which the rest was read.
type account struct {
	store *state.Store
	env   *provision.Env
	facts stack.Lookup
	at    time.Time
}

// readFacts reads what there has to be for a stack.
func (a *account) readFacts(cfg *agents.Config) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		a.facts, err = stack.ReadExisting(ctx, cfg, a.env)
		return err
	}
}

// look reads the account with clients that cannot write, and finds the agents whose first deployment this is since they
// were taken over: it proves karmactl's own revision, with the image that runs.
func (d *deploy) look(ctx context.Context) error {
	before := &account{env: d.env(true), at: d.clock.Now()}
	err := sideBySide(ctx, func(ctx context.Context) (err error) {
		before.store, err = d.readState(ctx)
		return err
	}, before.readFacts(d.cfg))
	if err != nil {
		return err
	}
	d.before, d.first = before, map[string]bool{}
	for _, e := range adopted(before.store, engine.AdoptionShared, engine.AdoptionWhole) {
		if e.Key.Kind() == "task-definition" {
			d.first[e.Key.Name()] = true
		}
	}
	return nil
}

// walked is a walk over the stack that wants the images of agents; with a plan that was shown it makes them so.
func (d *deploy) walked(ctx context.Context, in *account, names []string, shown *engine.Result) (*stack.Stack, *engine.Result, error) {
	st := stack.New(d.cfg, in.env, in.facts)
	st.Deploy(d.want, d.called)
	w := d.walk(st, in.store)
	w.Orphans, w.Only, w.Since = nil, st.OnlyOf(names), in.at
	w.Apply, w.Shown = shown != nil, shown
	if len(names) <= fewAgents {
		w.Poll = oftenAsked
	}
	if !d.o.restart { // which starts the same revision again
		w.Afresh = func(k engine.Key) bool { return k.Kind() == "task-definition" }
	}
	if w.Apply {
		w.Report = engine.ReporterFunc(func(e engine.Event) {
			if e.Phase == engine.EventDone && e.Verb != engine.None && e.Verb != "" {
				d.say(rollout.Line{At: e.At, Agent: st.AgentOf(e.Key), About: string(e.Verb), Text: string(e.Key)})
			}
		})
	}
	res, err := walkUp(ctx, w)
	return st, res, err
}

// baselines are what agents run before something is changed, read side by side.
func (d *deploy) baselines(ctx context.Context, h *provision.Env, names []string) (map[string]rollout.Baseline, error) {
	all := make([]rollout.Baseline, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(d.app.opts.parallel)
	for i, name := range names {
		g.Go(func() (err error) {
			all[i], err = d.rolloutAgent(h, name, d.say).ReadBaseline(ctx)
			return cloud.IgnoreNotFound(err)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	before := map[string]rollout.Baseline{}
	for i, name := range names {
		before[name] = all[i]
	}
	return before, nil
}

// change walks the stack under the lock, and finds what it has begun.
func (d *deploy) change(ctx context.Context, names []string, plan *engine.Result) (begun, error) {
	now := &account{env: d.env(false), at: d.clock.Now()}
	var before map[string]rollout.Baseline
	var st *stack.Stack
	var applied *engine.Result
	d.app.graceful.Store(true)
	defer d.app.graceful.Store(false)
	err := d.lockedBeside(ctx, "deploy", func(ctx context.Context) error {
		now.at = d.clock.Now() // the lock may have been waited for
		return sideBySide(ctx, func(ctx context.Context) (err error) {
			before, err = d.baselines(ctx, now.env, names)
			return err
		}, now.readFacts(d.cfg))
	}, func(ctx context.Context, store *state.Store) (err error) {
		if err := refuseWhileAsleep(store, "deploy"); err != nil {
			return err
		}
		now.store = store
		if st, applied, err = d.walked(ctx, now, names, plan); err != nil {
			return err
		}
		for _, name := range names {
			if d.o.restart {
				if o, _ := applied.Get(engine.Key("service/" + name)); provision.Deploys(o) {
					continue
				}
				if err := d.rolloutAgent(now.env, name, d.say).Restart(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, name string) (following, error) {
		ag := d.rolloutAgent(now.env, name, d.say)
		service, _ := applied.Get(engine.Key("service/" + name))
		if !provision.Deploys(service) && !d.o.restart {
			doc, err := ag.CurrentDeployment(ctx)
			return following{doc: doc}, err
		}
		td, _ := applied.Get(engine.Key("task-definition/" + name))
		image, tag := st.ImageOf(name)
		arn, err := ag.FindNew(ctx, before[name], td.ID)
		return following{arn: arn, now: td.ID, image: image, tag: tag, previous: before[name].TaskDefinition, registered: td.Verb != engine.None, usual: before[name].Usual}, err
	}, nil
}

// bound puts --timeout on what is done before a deployment begins. Without the flag its default is
// for the rollout alone: a build takes as long as it takes.
func (o deployOptions) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if !o.timeoutSet {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, o.timeout, &overtimeError{o.timeout})
}

// overtimeError is the end of --timeout before anything began to roll out.
type overtimeError struct{ after time.Duration }

func (e *overtimeError) Error() string {
	return fmt.Sprintf("--timeout %s was over before anything began to roll out: nothing was deployed", e.after)
}

// overtime is the end of --timeout in place of what it brought to an end.
func overtime(ctx context.Context, err error) error {
	if late := (*overtimeError)(nil); errors.As(context.Cause(ctx), &late) {
		return late
	}
	return err
}

// foretell says after a dry run's changes what stays as it is, and what is only started again.
func (d *deploy) foretell(ctx context.Context, plan *engine.Result) error {
	var same []*rollout.Deployment
	for _, name := range d.names {
		if o, _ := plan.Get(engine.Key("service/" + name)); provision.Deploys(o) {
			continue
		}
		doc, err := d.asItIs(ctx, name)
		switch {
		case err != nil:
			return err
		case d.o.restart:
			d.say(rollout.Line{At: d.clock.Now(), Agent: name, About: "restart", Text: fmt.Sprintf("rev %d is started again", doc.Revision)})
		default:
			same = append(same, doc)
		}
	}
	return d.end(same, nil)
}

// asItIs is an agent with which nothing is done.
func (d *deploy) asItIs(ctx context.Context, name string) (*rollout.Deployment, error) {
	ag := d.rolloutAgent(d.env(true), name, d.say)
	doc, err := ag.CurrentDeployment(ctx)
	if err == nil {
		err = ag.NameImage(ctx, doc)
	}
	return doc, err
}

// refreshSecrets keeps the agents whose running tasks use an older version of a
// secret: those are started again, as with --restart. It says why the others are
// left alone, and keeps their documents.
func (d *deploy) refreshSecrets(ctx context.Context) error {
	all, err := d.secretsOf(ctx, chosen(d.cfg, d.names))
	if err != nil {
		return err
	}
	d.names, d.o.restart = nil, true
	for _, ag := range all {
		why := standing(ag)
		if why == "" {
			d.names = append(d.names, ag.Agent)
			d.say(rollout.Line{At: d.clock.Now(), Agent: ag.Agent, About: "refresh", Text: older(ag)})
			continue
		}
		doc, err := d.asItIs(ctx, ag.Agent)
		if err != nil {
			return err
		}
		doc.Reason = "left alone: " + why
		d.left = append(d.left, doc)
	}
	return nil
}

// older says how many tasks use older values, and of what.
func older(ag fleet.AgentSecrets) string {
	var envs []string
	for _, t := range ag.Older() {
		envs = append(envs, t.Older...)
	}
	slices.Sort(envs)
	return fmt.Sprintf("%d of %d tasks started with older values: %s", len(ag.Older()), len(ag.Tasks), strings.Join(slices.Compact(envs), ", "))
}
