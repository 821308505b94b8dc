package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type deployOptions struct {
	all, build, noWait, restart, refresh, resume, dryRun, failFast, failFastSet, timeoutSet bool
	image                                                                                   string
	timeout                                                                                 time.Duration
	budgetOptions
	hookOptions
}

func (o *deployOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.all, "all", false, "every agent, the agents that others call first")
	f.StringVar(&o.image, "image", "", "a `REF` in another registry, an OCI layout or an archive")
	f.BoolVar(&o.build, "build", false, "build with docker buildx or podman")
	f.BoolVar(&o.noWait, "no-wait", false, "begin it and do not follow")
	f.DurationVar(&o.timeout, "timeout", rollout.DefaultLimit, "stop after this long: a build or a push ends, what has begun to roll out continues (exit 4)")
	f.BoolVar(&o.failFast, "fail-fast", false, "exit 3 as soon as AWS calls the deployment failed, while it rolls back (default without a terminal)")
	f.BoolVar(&o.restart, "restart", false, "start the same revision again")
	f.BoolVar(&o.refresh, "refresh-secrets", false, "restart only the agents whose tasks started with older values of their secrets")
	f.BoolVar(&o.resume, "resume", false, "follow the deployment that was begun last; change nothing")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change and stop")
	o.budgetOptions.addFlags(f)
	o.hookOptions.addFlags(f)
}

func newDeployCmd(a *app) *cobra.Command {
	var o deployOptions
	cmd := &cobra.Command{
		Use: "deploy <agent>... | --all", Short: "Ship an image and follow what becomes of it", ValidArgsFunction: a.notGiven((*agents.Config).Names),
		Example: `  karmactl deploy validator --build
  karmactl deploy validator --image ghcr.io/acme/validator:v1.4.2
  karmactl deploy --all --restart
  karmactl deploy 'karma*' --restart
  karmactl deploy validator --dry-run`,
		Long: `Builds or copies the image, pushes it to the agent's own repository, pins it by
digest, registers a revision if anything changed, and follows that deployment to
its own end. That the service is steady is not success: after AWS has rolled back
it is steady too. It has succeeded when all new tasks are healthy: the ones before
finish their requests (drain, stop_timeout) in the background.

The image is what --image names (a reference, an OCI layout, an archive), else what
the agent's build makes. An agent without a build keeps the image that was deployed
to it, or pins the image of agents.yaml again. The first deployment of an agent that was
taken over (adopt) keeps the image that runs, by its digest: only the revision is new.
The tag of a reference, or what git calls a build's folder, is shown beside the digest
here, in status and in rollback --list.

Layers that the repository has are not sent again. How far a push is shows live in
a terminal, elsewhere every ten seconds. Its Events in JSON have agent, image,
layers{total,uploaded,there,mounted}, bytes{done,total,sent} and already_there.

While it rolls out, each revision's tasks (desired, running, healthy, failed) and what
each task is at are shown in the same way; Events have them as revisions[] and tasks[].

Nothing is written to AWS before the architecture, the secrets and the Fargate quota
are in order. Agents that the quota does not allow at once go in waves. The lock is
held while something is changed, not while it is watched.

An agent's release command (agents.yaml) runs first, in a task of the new revision; when
it fails nothing is rolled out, and deploy exits 3 with its last lines. The hooks
before_deploy and after_deploy run here, on this machine; --no-hooks runs none, which is
usual in a rehearsal.

When AWS calls the deployment failed, it rolls back, which takes as long again. With
--fail-fast, the default without a terminal, deploy exits 3 then, and the last line is
the command that follows the rollback.`,
		RunE: a.withNames(identified, (*agents.Config).Names, func(cfg *agents.Config, args []string) error { return o.check(cfg, args) },
			func(ctx context.Context, s *session, args []string) error { return runDeploy(ctx, s, args, o) }),
		PreRun: func(c *cobra.Command, _ []string) {
			o.failFastSet, o.timeoutSet = c.Flags().Changed("fail-fast"), c.Flags().Changed("timeout")
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o deployOptions) check(cfg *agents.Config, args []string) error {
	switch {
	case o.all == (len(args) > 0):
		return &usageError{errors.New("name the agents, or say --all")}
	case o.image != "" && o.build:
		return &usageError{errors.New("--image and --build do not go together")}
	case o.refresh && (o.image != "" || o.build || o.restart || o.resume):
		return &usageError{errors.New("--refresh-secrets starts the same revision again where that is needed: it takes no image, and neither --restart nor --resume")}
	case o.restart && (o.image != "" || o.build), o.resume && (o.image != "" || o.build || o.restart || o.dryRun || o.noWait):
		return &usageError{errors.New("--restart and --resume take no new image, and not each other")}
	}
	if o.image != "" {
		if err := rollout.CheckRef(o.image); err != nil {
			return &usageError{err}
		}
	}
	if err := noJobs(cfg, args); err != nil {
		return err
	}
	names, err := agentNames(cfg, args)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ag, _ := cfg.Agent(name); o.build && ag.Build == nil {
			return &usageError{fmt.Errorf("%s has no build in %s: add build.dockerfile, or give --image", name, cfg.File)}
		}
	}
	return nil
}

// deploy is one run of the command.
type deploy struct {
	*images
	o     deployOptions
	names []string
	waves [][]string // names as they roll, agents that others call first
	// first are the agents that were taken over and run the other program's revision still.
	first map[string]bool
	// before is what the deploy read before it plans.
	before *account
	// left are the agents that --refresh-secrets leaves alone.
	left []*rollout.Deployment
	// behind are the agents that were not begun, because what comes before them failed.
	behind []string
	// began: the hook before it has run, and the one after it has to.
	began bool
}

func runDeploy(ctx context.Context, s *session, args []string, o deployOptions) error {
	im, err := newImages(s)
	if err != nil {
		return err
	}
	defer im.close()
	d := &deploy{images: im, o: o, names: args}
	if !o.failFastSet {
		d.o.failFast = !s.app.term.Live && !o.resume // which is asked for to see the end
	}
	if o.all {
		d.names, _ = agentNames(s.cfg, nil) // all there are
	}
	if o.resume {
		return d.end(d.follow(ctx, d.names, d.resume))
	}
	if o.refresh {
		if err := d.refreshSecrets(ctx); err != nil || len(d.names) == 0 {
			return d.end(nil, err)
		}
	}
	if err := d.look(ctx); err != nil {
		return err
	}
	began := time.Now()
	preparing, cancel := d.o.bound(ctx)
	defer cancel()
	if err := d.collect(preparing, d.names, d.choose); err != nil {
		return overtime(preparing, err)
	}
	err = d.run(ctx, preparing, began)
	if d.began {
		return s.hookAfter(ctx, o.none, d.hook(agents.AfterDeploy), err)
	}
	return err
}

// hook is one of deploy's, with what it is told.
func (d *deploy) hook(name string) hook {
	h := hook{name: name, agents: d.names}
	if len(d.names) == 1 {
		h.image = d.want[d.names[0]]
	}
	return h
}

// beforeRollout runs the hook before anything is pushed or changed; a dry run only names it.
func (d *deploy) beforeRollout(ctx context.Context, plan *engine.Result) error {
	if !changed(plan) && !d.o.restart {
		return nil
	}
	if d.o.dryRun {
		for _, h := range d.hooksOfPlan(d.o.none, agents.BeforeDeploy, agents.AfterDeploy) {
			d.app.term.Notef("%s runs here: %s", h.Name, h)
		}
		return nil
	}
	if err := d.hookBefore(ctx, d.o.none, d.hook(agents.BeforeDeploy)); err != nil {
		return err
	}
	d.began = true
	return nil
}

// run plans, refuses, pushes, changes and follows; agents that others call go first. What is
// done before anything rolls out ends with preparing.
func (d *deploy) run(ctx, preparing context.Context, began time.Time) error {
	var plan *engine.Result
	err := sideBySide(preparing, func(ctx context.Context) (err error) {
		plan, err = d.plan(ctx)
		return err
	}, func(ctx context.Context) error {
		if d.o.dryRun {
			return nil
		}
		return d.signIn(ctx)
	})
	if err != nil {
		return overtime(preparing, err)
	}
	if err := d.beforeRollout(ctx, plan); err != nil {
		return err
	}
	if d.o.dryRun {
		return d.foretell(ctx, plan)
	}
	err = d.push(preparing, plan, func(ctx context.Context, missing map[engine.Key]bool) error {
		return d.locked(ctx, "deploy", func(ctx context.Context, store *state.Store) error {
			return d.makeRepositories(ctx, store, plan, missing)
		})
	})
	if err != nil {
		return overtime(preparing, err)
	}
	if d.o.timeoutSet { // the rollout has what is left
		d.o.timeout = max(d.o.timeout-time.Since(began), time.Second)
	}
	var docs []*rollout.Deployment
	for i, names := range d.waves {
		begun, err := d.change(ctx, names, plan)
		if err != nil {
			return err
		}
		some, err := d.follow(ctx, names, begun)
		docs = append(docs, some...)
		if err != nil || slices.ContainsFunc(some, func(x *rollout.Deployment) bool { return !x.OK() }) {
			if d.behind = slices.Concat(d.waves[i+1:]...); len(d.behind) > 0 {
				d.app.term.Notef("not deployed, because they come after these: %s", strings.Join(d.behind, ", "))
			}
			return d.end(docs, err)
		}
	}
	return d.end(docs, nil)
}

// canStart refuses a deploy that the stack, or the user, has to do something before.
func (d *deploy) canStart(st *stack.Stack, res *engine.Result) error {
	if err := st.Ready(d.names, res); err != nil {
		return err
	}
	for _, o := range res.With(engine.AwaitingUser) {
		if w := o.Missing; w != nil {
			return engine.Advise(fmt.Errorf("nothing was deployed: %s", w.Reason), w.Command)
		}
	}
	return nil
}

// plan shows what the deploy changes, and refuses what cannot work.
func (d *deploy) plan(ctx context.Context) (*engine.Result, error) {
	if d.clock.Now().Sub(d.before.at) > staysTrue { // images were built meanwhile
		if err := d.look(ctx); err != nil {
			return nil, err
		}
	}
	if err := refuseWhileAsleep(d.before.store, "deploy"); err != nil {
		return nil, err
	}
	var st *stack.Stack
	var res *engine.Result
	err := sideBySide(ctx, func(ctx context.Context) (err error) {
		st, res, err = d.walked(ctx, d.before, d.names, nil)
		return err
	}, func(ctx context.Context) error {
		if d.o.restart || len(d.load) > 0 { // something will most likely roll
			stack.ReadQuotas(ctx, d.before.env, chosen(d.cfg, d.names))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := d.canStart(st, res); err != nil {
		return nil, err
	}
	changed, err := d.roleChanges(ctx, d.before.store, getsRole(res))
	if err != nil {
		return nil, err
	}
	for _, note := range changed {
		d.app.term.Notef("%s", note)
	}
	m, err := d.price(st, res)
	if err != nil {
		return nil, err
	}
	if err := m.guard(d.o.insist); err != nil {
		return nil, err
	}
	if err := d.fits(ctx, st, res); err != nil {
		return nil, err
	}
	d.tell(st, res)
	if !m.now.Round(2).Equal(m.was.Round(2)) {
		d.say(rollout.Line{At: d.clock.Now(), About: "cost", Text: m.line()})
	}
	return res, nil
}

func (d *deploy) tell(st *stack.Stack, res *engine.Result) {
	for _, o := range res.Outcomes {
		if o.Verb == engine.None {
			continue
		}
		text := string(o.Verb) + " " + string(o.Key)
		for _, c := range o.Changes {
			text += " · " + c.Field + " " + strings.Join(ui.Difference(c.Was, c.Now), ", ")
		}
		d.say(rollout.Line{At: d.clock.Now(), Agent: st.AgentOf(o.Key), About: "diff", Text: text})
	}
}
