package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// images is the images of some agents on their way to ECR.
type images struct {
	*session
	temp string
	// load are the images to push, want what each agent is to run, by digest;
	// "" keeps what it has.
	load map[string]v1.Image
	want map[string]string
	mu   sync.Mutex
	// pusher is signed in to ECR; nil before that.
	pusher *rollout.Pusher
}

// newImages is an empty set; the caller removes its temporary directory.
func newImages(s *session) (*images, error) {
	temp, err := os.MkdirTemp("", "karmactl-images-")
	if err != nil {
		return nil, fmt.Errorf("there is no place to build in: %w", err)
	}
	return &images{session: s, temp: temp, load: map[string]v1.Image{}, want: map[string]string{}}, nil
}

// close leaves nothing behind: a leftover in the temporary directory does no harm.
func (im *images) close() { _ = os.RemoveAll(im.temp) }

// source gives an image to push, or a reference by digest of one that is there;
// neither keeps what the agent has.
type source func(ctx context.Context, in *rollout.Images, ag agents.Agent) (v1.Image, string, error)

// collect asks for each agent's image, all at once. Nothing is pushed yet.
func (im *images) collect(ctx context.Context, names []string, from source) error {
	in := &rollout.Images{Transport: im.registry, Temp: im.temp, Keychain: im.registries.Keychain}
	h := im.env(true)
	var g errgroup.Group
	for _, name := range names {
		ag, _ := im.cfg.Agent(name)
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
			im.mu.Lock()
			defer im.mu.Unlock()
			im.want[name] = ref
			if img != nil {
				im.load[name] = img
			}
			return nil
		})
	}
	return g.Wait()
}

// build builds an agent's image from the user's own sources.
func (im *images) build(ctx context.Context, in *rollout.Images, ag agents.Agent) (v1.Image, string, error) {
	archive := filepath.Join(im.temp, ag.Name+".tar")
	began := im.clock.Now()
	file := filepath.Join(ag.Build.Context, ag.Build.Dockerfile)
	im.say(rollout.Line{At: began, Agent: ag.Name, About: "build", Text: file})
	if err := (&rollout.Docker{}).Build(ctx, ag, archive); err != nil {
		return nil, "", err
	}
	img, err := in.Open(ctx, archive, ag.Arch)
	if err == nil {
		im.say(rollout.Line{At: im.clock.Now(), Agent: ag.Name, About: "build", Text: file + " built in " + ui.Duration(im.clock.Now().Sub(began))})
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
	}
	if d.first[ag.Name] && !d.o.build {
		have, err := d.rolloutAgent(d.env(true), ag.Name, d.say).Image(ctx)
		if err != nil {
			return nil, "", err
		}
		if ag.Image == "" || ag.Image == have { // the revision keeps the image that runs
			d.app.term.Notef("%s: the first deployment since it was taken over keeps the image that runs", ag.Name)
			return nil, "", nil
		}
	}
	if ag.Build != nil {
		return d.build(ctx, in, ag)
	}
	h := d.env(true)
	have, err := d.rolloutAgent(h, ag.Name, d.say).Image(ctx)
	if err != nil {
		return nil, "", err
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
