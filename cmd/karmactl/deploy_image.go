package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

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

// shipment is the images of some agents on their way to ECR.
type shipment struct {
	*session
	temp string
	// load are the images to push, want what each agent is to run, by digest;
	// "" keeps what it has.
	load map[string]v1.Image
	want map[string]string
	mu   sync.Mutex
}

// newShipment is an empty one; the caller removes its temporary directory.
func (s *session) newShipment() (*shipment, error) {
	temp, err := os.MkdirTemp("", "karmactl-images-")
	if err != nil {
		return nil, fmt.Errorf("there is no place to build in: %w", err)
	}
	return &shipment{session: s, temp: temp, load: map[string]v1.Image{}, want: map[string]string{}}, nil
}

// close leaves nothing behind: a leftover in the temporary directory harms nobody.
func (sh *shipment) close() { _ = os.RemoveAll(sh.temp) }

// source gives an image to push, or a reference by digest of one that is there;
// neither keeps what the agent has.
type source func(ctx context.Context, in *rollout.Images, ag agents.Agent) (v1.Image, string, error)

// collect asks for each agent's image, all at once. Nothing is pushed yet.
func (sh *shipment) collect(ctx context.Context, names []string, from source) error {
	in := &rollout.Images{Transport: sh.transport(), Temp: sh.temp}
	if sh.sim == nil {
		in.Keychain = authn.DefaultKeychain
	}
	h := sh.home(true)
	var g errgroup.Group
	for _, name := range names {
		ag, _ := sh.cfg.Agent(name)
		g.Go(func() error {
			img, ref, err := from(ctx, in, ag)
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
			sh.mu.Lock()
			defer sh.mu.Unlock()
			sh.want[name] = ref
			if img != nil {
				sh.load[name] = img
			}
			return nil
		})
	}
	return g.Wait()
}

// build builds an agent's image from the user's own sources.
func (sh *shipment) build(ctx context.Context, in *rollout.Images, ag agents.Agent) (v1.Image, string, error) {
	archive := filepath.Join(sh.temp, ag.Name+".tar")
	began := sh.clock.Now()
	file := filepath.Join(ag.Build.Context, ag.Build.Dockerfile)
	sh.say(rollout.Line{At: began, Agent: ag.Name, About: "build", Text: file})
	if err := (&rollout.Docker{}).Build(ctx, ag, archive); err != nil {
		return nil, "", err
	}
	img, err := in.Open(ctx, archive, ag.Arch)
	if err == nil {
		sh.say(rollout.Line{At: sh.clock.Now(), Agent: ag.Name, About: "build", Text: file + " built in " + ui.Duration(sh.clock.Now().Sub(began))})
	}
	return img, "", err
}

// choose is the source of a deploy.
func (d *deploy) choose(ctx context.Context, in *rollout.Images, ag agents.Agent) (v1.Image, string, error) {
	switch {
	case d.o.restart:
		return nil, "", nil
	case d.o.image != "":
		img, err := in.Open(ctx, d.o.image, ag.Arch)
		return img, "", err
	case ag.Build != nil:
		return d.build(ctx, in, ag)
	}
	h := d.home(true)
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

// push has the repositories made that are not there, and pushes all at once.
func (sh *shipment) push(ctx context.Context, plan *engine.Result, provide func(context.Context, map[engine.Key]bool) error) error {
	if len(sh.load) == 0 {
		return nil
	}
	missing := map[engine.Key]bool{}
	for name := range sh.load {
		key := engine.Key("repository/" + name)
		if o, ok := plan.Get(key); ok && o.Verb == engine.Create {
			missing[key] = true
		}
	}
	if len(missing) > 0 {
		if err := provide(ctx, missing); err != nil {
			return err
		}
	}
	h := sh.home(false)
	p := &rollout.Pusher{ECR: h.Clients.ECR, Transport: sh.transport()}
	if err := p.SignIn(ctx); err != nil {
		return cloud.Explain(err, sh.account)
	}
	var g errgroup.Group
	for name, img := range sh.load {
		g.Go(func() error {
			began := sh.clock.Now()
			if err := p.Push(ctx, h.RepositoryURI(name), img, nil); err != nil {
				return err
			}
			sh.say(rollout.Line{At: sh.clock.Now(), Agent: name, About: "push", Text: fmt.Sprintf("%s  %s", ui.Short(sh.want[name]), ui.Duration(sh.clock.Now().Sub(began)))})
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if advice := p.Advice(); advice != "" {
		sh.say(rollout.Line{At: sh.clock.Now(), About: "push", Text: advice})
	}
	return nil
}

// makeRepositories makes what images are pushed into, ahead of the rest of the plan.
func (s *session) makeRepositories(ctx context.Context, store *state.Store, plan *engine.Result, missing map[engine.Key]bool) error {
	st := provision.NewStack(s.cfg, s.home(false), provision.OfflineFacts(s.cfg))
	w := s.walk(st, store)
	w.Orphans, w.Only = nil, func(k engine.Key) bool { return missing[k] }
	w.Apply, w.Shown = true, plan
	w.Report = engine.ReporterFunc(func(e engine.Event) {
		if e.Phase == engine.EventDone && e.Verb == engine.Create {
			s.say(rollout.Line{At: e.At, Agent: st.AgentOf(e.Key), About: string(e.Verb), Text: string(e.Key)})
		}
	})
	s.app.graceful.Store(true)
	defer s.app.graceful.Store(false)
	res, err := w.Up(ctx)
	if err != nil {
		return err
	}
	s.explain(res)
	return res.Err()
}
