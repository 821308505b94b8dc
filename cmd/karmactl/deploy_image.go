package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

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
