package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// simulateSpeed is how many seconds of the simulated account go by in one of
// the machine's: `up` takes three seconds instead of three minutes.
const simulateSpeed = 60

// session is where a command works: whose account, which clients, what time. Once
// it is open nothing of it changes; what a command works on is passed to it.
type session struct {
	app     *app
	cfg     *agents.Config
	aws     aws.Config
	account cloud.Account
	clock   engine.Clock
	// sim is the simulated account; nil in AWS.
	sim  *awssim.Sim
	http *http.Client
	// registry reaches the simulated registries, or an emulator's; nil in AWS.
	registry http.RoundTripper
	// registries resolve image references, and remember what they were told.
	registries *provision.Registries
}

// access is what a command has to know of the account before it begins.
type access int

const (
	// identified: AWS is asked for the account's number.
	identified access = iota
	// signedIn: there are credentials. The number is not known.
	signedIn
)

// check looks at a command's arguments before anything is asked of AWS.
type check func(cfg *agents.Config, args []string) error

// anyArgs has nothing to say against a command's arguments.
func anyArgs(*agents.Config, []string) error { return nil }

// areAgents refuses names of agents that are not in agents.yaml.
func areAgents(cfg *agents.Config, names []string) error {
	_, err := agentNames(cfg, names)
	return err
}

// withSession makes a cobra command of what a command does: it puts --timeout on it,
// reads agents.yaml, checks the arguments, finds out whose account it is, and runs it: with --dry-run by clients that cannot write.
func (a *app) withSession(ok check, run func(context.Context, *session, []string) error) func(*cobra.Command, []string) error {
	return a.withAccess(identified, ok, run)
}

// withAccess is withSession for commands that may not need the account's number.
func (a *app) withAccess(need access, ok check, run func(context.Context, *session, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		return a.access(c, args, need, ok, run)
	}
}

// access is what withAccess makes of a command. It is apart, because the compiler would put all of it into each command.
func (a *app) access(c *cobra.Command, args []string, need access, ok check, run func(context.Context, *session, []string) error) error {
	return a.inTime(c.Context(), func(ctx context.Context) error {
		s, err := a.open(ctx, need, func(cfg *agents.Config) error { return ok(cfg, args) })
		if err != nil {
			return err
		}
		defer func() { _ = s.close() }() // all that matters is written by then
		if dry, _ := c.Flags().GetBool("dry-run"); dry {
			s.aws = cloud.WithOptions(s.aws, cloud.ReadOnly)
		}
		return orAsleep(ctx, s, run(ctx, s, args))
	})
}

// withNames is withAccess for a command that takes several of the names that of gives, or patterns of them.
func (a *app) withNames(need access, of func(*agents.Config) []string, ok check, run func(context.Context, *session, []string) error) func(*cobra.Command, []string) error {
	var names []string
	return a.withAccess(need, func(cfg *agents.Config, args []string) (err error) {
		if names, err = matching(cfg, of(cfg), args); err != nil {
			return err
		}
		return ok(cfg, names)
	}, func(ctx context.Context, s *session, args []string) error {
		if len(args) > 0 && !slices.Equal(args, names) {
			a.term.Notef("%s: %s", strings.Join(args, " "), strings.Join(names, ", "))
		}
		return run(ctx, s, names)
	})
}

// rehearsalMemory is from where on a rehearsal collects its garbage sooner. The largest fleet has 40 MB of live objects,
// and would double that before the next collection.
const rehearsalMemory = 80 << 20

// openRehearsal opens the simulated account that is kept in a file.
func openRehearsal(path, region string) (*awssim.Sim, engine.Clock, error) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(rehearsalMemory)
	}
	return awssim.OpenFile(path, simulateSpeed, awssim.Options{
		Region: region, Latency: 60 * time.Millisecond, Visible: time.Second, Throttle: true,
	})
}

// config reads agents.yaml with what the flags say.
func (a *app) config() (*agents.Config, error) {
	file, above := a.opts.file, ""
	if file == "" {
		file, above = findFile()
	}
	cfg, err := agents.Load(file, a.opts.env)
	if err != nil {
		return nil, err
	}
	for i := range cfg.Agents {
		if b := cfg.Agents[i].Build; b != nil { // it is meant from where the file was found
			b.Context = filepath.Join(above, b.Context)
		}
	}
	if a.opts.region != "" {
		cfg.Region = a.opts.region
	}
	if a.opts.state != "" {
		cfg.State = a.opts.state
	}
	cfg.State = cfg.StateAt(cfg.State)
	return cfg, nil
}

// open reads agents.yaml, lets ok look at it, and finds out whose account it is.
// Nothing is written.
func (a *app) open(ctx context.Context, need access, ok func(*agents.Config) error) (*session, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	if err := ok(cfg); err != nil {
		return nil, err
	}
	return a.connectAs(ctx, need, cfg)
}

// connectAs connects to the account of a configuration, and finds out whose it is.
func (a *app) connectAs(ctx context.Context, need access, cfg *agents.Config) (*session, error) {
	s, err := a.connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if need == identified {
		s.account, err = cloud.Whoami(ctx, s.aws, s.account)
		a.account = s.account
	} else {
		err = cloud.HasCredentials(ctx, s.aws, s.account)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// explain puts an error of AWS into words for people, where it is told before the command ends.
func (s *session) explain(err error) error { return cloud.Explain(err, s.account) }

// texts are notes on what could not be read, for people.
func (s *session) texts(notes []error) []string {
	var out []string
	for _, n := range notes {
		out = append(out, s.explain(n).Error())
	}
	return out
}

// connect makes the clients, without a call: of the account only the region is known.
func (a *app) connect(ctx context.Context, cfg *agents.Config) (s *session, err error) {
	s = &session{app: a, cfg: cfg, clock: engine.RealClock{}, http: &http.Client{Timeout: 10 * time.Second}}
	if a.opts.simulate != "" {
		fresh := newWorld(a.world())
		sim, clock, err := a.rehearse(a.world(), cfg.Region)
		if err != nil {
			return nil, err
		}
		if fresh {
			if err := sim.Seed(seedOf(cfg)); err != nil {
				return nil, errors.Join(err, sim.Close())
			}
		}
		s.sim, s.clock, s.aws = sim, clock, sim.Config()
		s.http.Transport = sim.RoundTripper()
		s.registry = sim.Registry()
		s.account.Region = cfg.Region
	} else if s.aws, s.account, err = cloud.LoadConfig(ctx, a.signIn(ctx, cfg.Region)); err != nil {
		return nil, err
	}
	s.aws = cloud.WithOptions(s.aws, cloud.LostReplies)
	if a.opts.verbose {
		s.aws = cloud.WithOptions(s.aws, s.trace())
	}
	if s.registry == nil {
		if s.registry, err = registryTransport(s.aws); err != nil {
			return nil, err
		}
	}
	s.registries = &provision.Registries{Transport: s.registry, Keychain: provision.NewKeychain(s.aws, s.dockerConfiguration())}
	a.account = s.account
	return s, nil
}

// registryTransport is the way to registries that is not the usual one, nil: behind an
// emulator, ECR's are the emulator's own.
func registryTransport(cfg aws.Config) (http.RoundTripper, error) {
	endpoint := cloud.ECREndpoint(cfg)
	if endpoint == nil {
		return nil, nil
	}
	to, err := url.Parse(*endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of ECR is no address: %w", err)
	}
	return provision.ECRAt{Endpoint: to, Next: remote.DefaultTransport}, nil
}

// dockerConfiguration signs in to registries as docker does; a rehearsal reads none.
func (s *session) dockerConfiguration() authn.Keychain {
	if s.sim != nil {
		return nil
	}
	return authn.DefaultKeychain
}

// close writes the simulated account down; of AWS there is nothing to close.
func (s *session) close() error {
	if s.sim == nil {
		return nil
	}
	return s.sim.Close()
}

// trace tells every call on standard error: service, operation, duration.
func (s *session) trace() func(*middleware.Stack) error {
	var mu sync.Mutex
	return cloud.Trace(time.Now, func(service, op string, took time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		line := fmt.Sprintf("aws  %6.0fms  %s %s", float64(took.Microseconds())/1000, service, op)
		if code := cloud.Code(err); code != "" {
			line += "  " + code
		}
		s.app.term.Notef("%s", line)
	})
}

// env makes the environment that the stack's resources share; a plan's clients cannot write.
func (s *session) env(readOnly bool) *provision.Env {
	cfg := s.aws
	if readOnly {
		cfg = cloud.WithOptions(cfg, cloud.ReadOnly)
	}
	return &provision.Env{
		Project: s.cfg.Project, Stack: s.cfg.Stack(), Account: s.account, Tags: s.cfg.Tags,
		Clients: cloud.NewClients(cfg), Inventory: cloud.NewInventory(s.clock), Clock: s.clock, Images: s.registries, Agents: len(s.cfg.Agents),
		RolePath: s.cfg.RolePath, Services: s.cfg.ServiceNames(),
	}
}

// backend is where the state is: what the flag or the file says, else the
// account's own bucket, or a file beside the simulated account.
func (s *session) backend() (state.Backend, error) {
	uri := s.cfg.State
	if uri == "" && s.sim != nil {
		uri = s.app.world() + ".state"
	}
	if uri == "" {
		uri = fmt.Sprintf("s3://%s/%s/%s", provision.StateBucketName(s.account), s.cfg.Project, s.cfg.Environment)
	}
	loc, err := state.ParseLocation(uri)
	if err != nil {
		return nil, &usageError{err}
	}
	if loc.Bucket == "" {
		path := loc.Path
		if filepath.Ext(path) == "" || uri == s.app.world()+".state" {
			path = filepath.Join(path, s.cfg.Project, s.cfg.Environment+".json")
		}
		return state.NewFile(path), nil
	}
	return state.NewS3(cloud.NewClients(s.aws).S3, state.S3Options{Bucket: loc.Bucket, Prefix: loc.Prefix, Owner: s.account.ID, Clock: s.clock}), nil
}

// identity is what the state must be of.
func (s *session) identity() state.Identity {
	return state.Identity{Stack: s.cfg.Stack(), Account: s.account.ID, Region: s.cfg.Region}
}

// walk is a walk over a stack with this session's settings.
func (s *session) walk(st *stack.Stack, rec engine.Recorder) engine.Walk {
	w := s.walkOver(rec, st.Steps()...)
	w.Orphans = st.Orphans(engine.Known(rec))
	return w
}

// walkOver is a walk over some steps.
func (s *session) walkOver(rec engine.Recorder, steps ...engine.Step) engine.Walk {
	return engine.Walk{Steps: steps, Record: rec, Clock: s.clock, Classify: cloud.Classify, Explain: s.explain, Width: s.app.opts.parallel, Stop: s.app.stop}
}

// walkAlone is one over steps that no state has.
func (s *session) walkAlone(steps ...engine.Step) engine.Walk {
	return s.walkOver(engine.NewMemory(s.clock), steps...)
}

// walkUp makes a walk, or plans it. What went wrong with a resource is its error, too.
func walkUp(ctx context.Context, w engine.Walk) (*engine.Result, error) {
	res, err := w.Up(ctx)
	if err != nil {
		return nil, err
	}
	return res, res.Err()
}
