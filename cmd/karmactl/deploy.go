package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type deployOptions struct {
	all, build, noWait, restart, refresh, resume, dryRun bool
	image                                                string
	timeout                                              time.Duration
}

func newDeployCmd(a *app) *cobra.Command {
	var o deployOptions
	cmd := &cobra.Command{
		Use: "deploy <agent>... | --all", Short: "Ship an image and follow what becomes of it", ValidArgsFunction: a.completeAgents,
		Long: `Builds or copies the image, pushes it to the agent's own repository, pins it by
digest, registers a revision if anything changed, and follows that deployment to
its own end. That the service is steady is not success: after AWS has rolled back
it is steady too.

The image is what --image names (a reference, an OCI layout, an archive), else what
the agent's build makes. An agent without a build keeps the image that was deployed
to it, or pins the image of agents.yaml anew.

Nothing is written to AWS before the architecture and the secrets are in order. The
lock is held while something is changed, not while the rollout is watched.`,
		RunE: func(c *cobra.Command, args []string) error { return a.deploy(c.Context(), args, o) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "every agent, those that are called by others first")
	f.StringVar(&o.image, "image", "", "a `REF` in another registry, an OCI layout or an archive")
	f.BoolVar(&o.build, "build", false, "build with docker buildx or podman")
	f.BoolVar(&o.noWait, "no-wait", false, "begin it and do not follow")
	f.DurationVar(&o.timeout, "timeout", rollout.DefaultLimit, "stop watching after this long (exit 4); the deployment goes on")
	f.BoolVar(&o.restart, "restart", false, "start the same revision again")
	f.BoolVar(&o.refresh, "refresh-secrets", false, "restart only the agents whose tasks started with older values of their secrets")
	f.BoolVar(&o.resume, "resume", false, "follow the deployment that was begun last; change nothing")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change and stop")
	return cmd
}

// deploy is one run of the command.
type deploy struct {
	*session
	o     deployOptions
	names []string
	// load are the images to push, want what each agent is to run, by digest;
	// "" keeps what it has.
	load map[string]v1.Image
	want map[string]string
	// left are the agents that --refresh-secrets leaves alone.
	left []*rollout.Deployment
	mu   sync.Mutex
}

func (a *app) deploy(ctx context.Context, args []string, o deployOptions) error {
	if err := o.check(args); err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	d := &deploy{session: s, o: o, names: args, load: map[string]v1.Image{}, want: map[string]string{}}
	if o.all {
		for _, ag := range s.cfg.Agents {
			d.names = append(d.names, ag.Name)
		}
	}
	for _, name := range d.names {
		ag, ok := s.cfg.Agent(name)
		if !ok {
			return s.noAgent(name)
		}
		if o.build && ag.Build == nil {
			return &usageError{fmt.Errorf("%s has no build in %s: add build.dockerfile, or give --image", name, s.cfg.File)}
		}
	}
	if o.resume {
		return d.end(d.follow(ctx, d.names, d.resume))
	}
	if o.refresh {
		if err := d.refreshSecrets(ctx); err != nil || len(d.names) == 0 {
			return d.end(nil, err)
		}
	}
	temp, err := os.MkdirTemp("", "karmactl-deploy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }() // a leftover in the temporary directory harms nobody
	if err := d.images(ctx, temp); err != nil {
		return err
	}
	return d.run(ctx)
}

func (o deployOptions) check(args []string) error {
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
	return nil
}

// fleetAgent is an agent as the rollout package knows it.
func (s *session) fleetAgent(h *provision.Home, name string) *rollout.Agent {
	return &rollout.Agent{
		ECS: h.Clients.ECS, Logs: h.Clients.Logs, Clock: s.clock, Name: name, Cluster: h.ClusterName(), Service: h.ServiceName(name),
		Family: h.Family(name), LogGroup: h.LogGroupName(name), Say: s.say,
	}
}

// deployEvent is a line of a rollout in JSON.
type deployEvent struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	At     string `json:"at"`
	Key    string `json:"key"`
	Phase  string `json:"phase"`
	Verb   string `json:"verb"`
	Detail string `json:"detail"`
	TookMS int64  `json:"took_ms"`
}

func (s *session) say(l rollout.Line) {
	if s.app.term.JSON {
		_ = s.app.term.Line(deployEvent{Schema: "karmactl/v1", Kind: "Event", At: l.At.Format(time.RFC3339), Key: "deployment/" + l.Agent, Phase: "waiting", Verb: l.About, Detail: l.Text})
		return // a closed pipe shows at the result
	}
	s.app.term.Notef("  %-16s %-8s %s", l.Agent, l.About, l.Text)
}

// transport reaches registries: behind an emulator ECR's is the emulator's own.
func (s *session) transport() http.RoundTripper {
	if s.registry != nil {
		return s.registry
	}
	if s.aws.BaseEndpoint == nil {
		return http.DefaultTransport
	}
	to, err := url.Parse(*s.aws.BaseEndpoint)
	if err != nil {
		return http.DefaultTransport
	}
	return provision.ECRAt{Host: s.account.ID + ".dkr.ecr." + s.account.Region + ".amazonaws.com", Endpoint: to, Next: http.DefaultTransport}
}

// images finds out what each agent is to run, building where that is asked for.
// Nothing is pushed yet.
func (d *deploy) images(ctx context.Context, temp string) error {
	in := &rollout.Images{Transport: d.transport(), Temp: temp}
	if d.sim == nil {
		in.Keychain = authn.DefaultKeychain
	}
	h := d.home(true)
	var g errgroup.Group
	for _, name := range d.names {
		ag, _ := d.cfg.Agent(name)
		g.Go(func() error {
			img, ref, err := d.choose(ctx, in, h, ag, temp)
			if err != nil {
				return err
			}
			if img != nil {
				digest, err := img.Digest()
				if err != nil {
					return fmt.Errorf("the image for %s cannot be read: %w", name, err)
				}
				ref = h.RepositoryURI(name) + "@" + digest.String()
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.want[name] = ref
			if img != nil {
				d.load[name] = img
			}
			return nil
		})
	}
	return g.Wait()
}

// choose gives an image to push, or a reference by digest of one that is there.
func (d *deploy) choose(ctx context.Context, in *rollout.Images, h *provision.Home, ag agents.Agent, temp string) (v1.Image, string, error) {
	switch {
	case d.o.restart:
		return nil, "", nil
	case d.o.image != "":
		img, err := in.Open(ctx, d.o.image, ag.Arch)
		return img, "", err
	case ag.Build != nil:
		archive := filepath.Join(temp, ag.Name+".tar")
		d.say(rollout.Line{At: d.clock.Now(), Agent: ag.Name, About: "build", Text: filepath.Join(ag.Build.Context, ag.Build.Dockerfile)})
		if err := (&rollout.Docker{}).Build(ctx, ag, archive); err != nil {
			return nil, "", err
		}
		img, err := in.Open(ctx, archive, ag.Arch)
		return img, "", err
	}
	have, err := d.fleetAgent(h, ag.Name).Image(ctx)
	if err != nil {
		return nil, "", cloud.Explain(err, d.account)
	}
	if strings.HasPrefix(have, h.RepositoryURI(ag.Name)+"@") {
		return nil, "", nil // the image belongs to deploy: it was deployed before
	}
	if ag.Image == "" {
		return nil, "", &usageError{fmt.Errorf("%s has neither a build nor an image in %s: give --image REF", ag.Name, d.cfg.File)}
	}
	ref, err := h.Images.Resolve(ctx, ag.Image, ag.Arch)
	return nil, ref, err
}

// run plans, refuses, pushes, changes and follows, those that are called first.
func (d *deploy) run(ctx context.Context) error {
	plan, err := d.plan(ctx)
	if err != nil {
		return err
	}
	if d.o.dryRun {
		return nil
	}
	if err := d.push(ctx, plan); err != nil {
		return err
	}
	var docs []*rollout.Deployment
	for _, level := range provision.Callees(d.cfg.Agents, d.names) {
		var names []string
		for _, ag := range level {
			names = append(names, ag.Name)
		}
		begun, err := d.change(ctx, names, plan)
		if err != nil {
			return err
		}
		some, err := d.follow(ctx, names, begun)
		docs = append(docs, some...)
		if err != nil || slices.ContainsFunc(some, func(x *rollout.Deployment) bool { return !x.OK() }) {
			if left := len(d.names) - len(docs); left > 0 {
				d.app.term.Notef("%d agents that call these were not deployed", left)
			}
			return d.end(docs, err)
		}
	}
	return d.end(docs, nil)
}

// walked is a walk over the stack that wants the images.
func (d *deploy) walked(ctx context.Context, rec engine.Recorder, only func(engine.Key) bool, shown *engine.Result) (*provision.Stack, *engine.Result, error) {
	home := d.home(shown == nil)
	facts, err := provision.ReadFacts(ctx, d.cfg, home)
	if err != nil {
		return nil, nil, cloud.Explain(err, d.account)
	}
	st := provision.NewStack(d.cfg, home, facts)
	st.Deploy(d.want)
	w := d.walk(st, rec)
	w.Orphans, w.Only = nil, only
	if only == nil {
		w.Only = st.OnlyOf(d.names)
	}
	w.Apply, w.Shown = shown != nil, shown
	if w.Apply {
		w.Report = engine.ReporterFunc(func(e engine.Event) {
			if e.Phase == engine.EventDone && e.Verb != engine.None && e.Verb != "" {
				d.say(rollout.Line{At: e.At, Agent: st.AgentOf(e.Key), About: string(e.Verb), Text: string(e.Key)})
			}
		})
	}
	res, err := w.Up(ctx)
	if err != nil {
		return nil, nil, err
	}
	d.explain(res)
	return st, res, res.Err()
}

// plan shows what the deploy changes, and refuses what cannot work.
func (d *deploy) plan(ctx context.Context) (*engine.Result, error) {
	store, err := d.readState(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close(ctx) }() // it was only read
	if err := d.runs("deploy"); err != nil {
		return nil, err
	}
	st, res, err := d.walked(ctx, store, nil, nil)
	if err != nil {
		return nil, err
	}
	if err := st.Ready(d.names, res); err != nil {
		return nil, err
	}
	for _, o := range res.With(engine.Held) {
		if w := o.Waiting; w != nil {
			return nil, &advice{fmt.Errorf("nothing was deployed: %s", w.Reason), w.Command}
		}
	}
	for _, o := range res.Outcomes {
		if o.Verb == engine.None {
			continue
		}
		text := string(o.Verb) + " " + string(o.Key)
		for _, c := range o.Changes {
			if was, now := rollout.Short(c.Was), rollout.Short(c.Now); len(was)+len(now) < 400 {
				text += fmt.Sprintf(" · %s %s → %s", c.Field, was, now)
			} else {
				text += " · " + c.Field
			}
		}
		d.say(rollout.Line{At: d.clock.Now(), Agent: st.AgentOf(o.Key), About: "diff", Text: text})
	}
	return res, nil
}

// push makes the repositories that are not there and pushes, all at once.
func (d *deploy) push(ctx context.Context, plan *engine.Result) error {
	if len(d.load) == 0 {
		return nil
	}
	missing := map[engine.Key]bool{}
	for name := range d.load {
		key := engine.Key("repository/" + name)
		if o, ok := plan.Get(key); ok && o.Verb == engine.Create {
			missing[key] = true
		}
	}
	if len(missing) > 0 {
		err := d.locked(ctx, "deploy", func(ctx context.Context, store *state.Store) error {
			_, _, err := d.walked(ctx, store, func(k engine.Key) bool { return missing[k] }, plan)
			return err
		})
		if err != nil {
			return err
		}
	}
	h := d.home(false)
	p := &rollout.Pusher{ECR: h.Clients.ECR, Transport: d.transport()}
	if err := p.SignIn(ctx); err != nil {
		return cloud.Explain(err, d.account)
	}
	var g errgroup.Group
	for name, img := range d.load {
		g.Go(func() error {
			began := d.clock.Now()
			if err := p.Push(ctx, h.RepositoryURI(name), img, nil); err != nil {
				return err
			}
			d.say(rollout.Line{At: d.clock.Now(), Agent: name, About: "push", Text: fmt.Sprintf("%s  %s", d.want[name], ui.Duration(d.clock.Now().Sub(began)))})
			return nil
		})
	}
	return g.Wait()
}

// begun gives the deployment to follow of an agent; an empty arn is a document
// that is complete already.
type begun func(ctx context.Context, name string) (arn, now, previous string, doc *rollout.Deployment, err error)

// change walks the stack under the lock, and finds what it has begun.
func (d *deploy) change(ctx context.Context, names []string, plan *engine.Result) (begun, error) {
	h := d.home(false)
	before := map[string]rollout.Before{}
	var applied *engine.Result
	d.app.graceful.Store(true)
	defer d.app.graceful.Store(false)
	err := d.locked(ctx, "deploy", func(ctx context.Context, store *state.Store) error {
		for _, name := range names {
			b, err := d.fleetAgent(h, name).Look(ctx)
			if err != nil && !cloud.IsNotFound(err) {
				return err
			}
			before[name] = b
		}
		st := provision.NewStack(d.cfg, h, provision.Facts{})
		_, res, err := d.walked(ctx, store, st.OnlyOf(names), plan)
		if err != nil {
			return err
		}
		applied = res
		for _, name := range names {
			if d.o.restart {
				if o, _ := res.Get(engine.Key("service/" + name)); provision.Deploys(o) {
					continue
				}
				if err := d.fleetAgent(h, name).Restart(ctx); err != nil {
					return cloud.Explain(err, d.account)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, name string) (string, string, string, *rollout.Deployment, error) {
		ag := d.fleetAgent(h, name)
		service, _ := applied.Get(engine.Key("service/" + name))
		if !provision.Deploys(service) && !d.o.restart {
			doc, err := ag.Standing(ctx)
			return "", "", "", doc, err
		}
		td, _ := applied.Get(engine.Key("task-definition/" + name))
		arn, err := ag.Begun(ctx, before[name], td.ID)
		return arn, td.ID, before[name].TaskDefinition, nil, err
	}, nil
}

// resume is the deployment that was begun last.
func (d *deploy) resume(ctx context.Context, name string) (string, string, string, *rollout.Deployment, error) {
	arn, now, previous, err := d.fleetAgent(d.home(true), name).Current(ctx)
	return arn, now, previous, nil, err
}

// follow follows the deployments of several agents at once, without the lock.
func (d *deploy) follow(ctx context.Context, names []string, which begun) ([]*rollout.Deployment, error) {
	docs := make([]*rollout.Deployment, len(names))
	var g errgroup.Group
	for i, name := range names {
		g.Go(func() error {
			ag := d.fleetAgent(d.home(false), name)
			arn, now, previous, doc, err := which(ctx, name)
			if err == nil && arn != "" {
				if d.o.noWait {
					doc = &rollout.Deployment{Agent: name, Outcome: rollout.Started, Revision: rollout.RevisionOf(now), Previous: rollout.RevisionOf(previous), Log: []string{}}
				} else {
					doc, err = ag.Follow(ctx, arn, now, previous, d.o.timeout)
				}
			}
			if err != nil {
				return err
			}
			if doc.Image, err = ag.Runs(ctx, doc.Revision); err != nil {
				return err
			}
			docs[i] = doc
			if doc.Outcome == rollout.RolledBack && doc.Revision != doc.Previous {
				return d.retire(ctx, ag)
			}
			return nil
		})
	}
	err := g.Wait()
	if ctx.Err() != nil {
		err = &advice{engine.ErrInterrupted, "the deployment goes on: karmactl deploy " + strings.Join(names, " ") + " --resume"}
	}
	return slices.DeleteFunc(docs, func(x *rollout.Deployment) bool { return x == nil }), cloud.Explain(err, d.account)
}

// retire keeps the next `up` from bringing back what was rolled back.
func (s *session) retire(ctx context.Context, ag *rollout.Agent) error {
	gone, err := ag.Retire(ctx)
	for _, n := range gone {
		s.say(rollout.Line{At: s.clock.Now(), Agent: ag.Name, About: "retired", Text: fmt.Sprintf("rev %d: no up brings it back", n)})
	}
	return cloud.Explain(err, s.account)
}

// endDeployments prints the documents and turns the worst of them into the exit code.
func (s *session) endDeployments(docs []*rollout.Deployment, fine func(*rollout.Deployment) bool) error {
	code := 0
	for _, doc := range docs {
		doc.Schema, doc.Kind = "karmactl/v1", "Deployment"
		if s.app.term.JSON {
			if err := s.app.term.Line(doc); err != nil {
				return err
			}
		} else {
			s.app.term.Printf("%s", doc.Text())
		}
		switch {
		case fine(doc):
		case doc.Outcome == rollout.TimedOut:
			code = max(code, exitRolling)
		default:
			code = exitDeployment
		}
		if code == exitDeployment {
			fine = func(*rollout.Deployment) bool { return true } // a failure outweighs what is still rolling
		}
	}
	if code != 0 {
		return &exit{code: code}
	}
	return nil
}

// end is the command's.
func (d *deploy) end(docs []*rollout.Deployment, err error) error {
	if err != nil {
		return err
	}
	return d.endDeployments(append(d.left, docs...), (*rollout.Deployment).OK)
}
