package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// images is the images of some agents on their way to ECR.
type images struct {
	*session
	temp string
	// load are the images to push, want what each agent is to run, by digest, and called
	// what a person called that; "" keeps what it has.
	load         map[string]v1.Image
	want, called map[string]string
	mu           sync.Mutex
	// pusher is signed in to ECR; nil before that.
	pusher *rollout.Pusher
}

// newImages is an empty set; the caller removes its temporary directory.
func newImages(s *session) (*images, error) {
	temp, err := os.MkdirTemp("", "karmactl-images-")
	if err != nil {
		return nil, fmt.Errorf("there is no place to build in: %w", err)
	}
	return &images{session: s, temp: temp, load: map[string]v1.Image{}, want: map[string]string{}, called: map[string]string{}}, nil
}

// close leaves nothing behind: a leftover in the temporary directory does no harm.
func (im *images) close() { _ = os.RemoveAll(im.temp) }

// picked is an image to push, or a reference by digest of one that is there, and what a person
// called it; without any the agent keeps what it has.
type picked struct {
	img      v1.Image
	ref, tag string
}

// source gives an agent's image.
type source func(ctx context.Context, in *rollout.Images, ag agents.Agent) (picked, error)

// collect asks for each agent's image, all at once. Nothing is pushed yet.
func (im *images) collect(ctx context.Context, names []string, from source) error {
	in := &rollout.Images{Transport: im.registry, Temp: im.temp, Keychain: im.registries.Keychain}
	h := im.env(true)
	var g errgroup.Group
	for _, name := range names {
		ag, _ := im.cfg.Agent(name)
		g.Go(func() error {
			p, err := from(ctx, in, ag)
			if err != nil {
				return err
			}
			if p.img != nil {
				digest, err := p.img.Digest()
				if err != nil {
					return fmt.Errorf("the image for %s cannot be read: %w", name, err)
				}
				p.ref = h.RepositoryURI(name) + "@" + digest.String()
			}
			im.mu.Lock()
			defer im.mu.Unlock()
			if im.want[name], im.called[name] = p.ref, p.tag; p.img != nil {
				im.load[name] = p.img
			}
			return nil
		})
	}
	return g.Wait()
}

func (im *images) build(ctx context.Context, in *rollout.Images, ag agents.Agent) (picked, error) {
	archive := filepath.Join(im.temp, ag.Name+".tar")
	began := im.clock.Now()
	file := filepath.Join(ag.Build.Context, ag.Build.Dockerfile)
	im.say(rollout.Line{At: began, Agent: ag.Name, About: "build", Text: file})
	tag := rollout.Commit(ctx, ag.Build.Context)
	if err := (&rollout.Docker{}).Build(ctx, ag, archive); err != nil {
		return picked{}, err
	}
	img, err := in.Open(ctx, archive, ag.Arch)
	if err == nil {
		im.say(rollout.Line{At: im.clock.Now(), Agent: ag.Name, About: "build", Text: file + " built in " + ui.Duration(im.clock.Now().Sub(began))})
	}
	return picked{img: img, tag: tag}, err
}

func (d *deploy) choose(ctx context.Context, in *rollout.Images, ag agents.Agent) (picked, error) {
	switch {
	case d.o.restart:
		return picked{}, nil
	case d.o.image != "":
		img, err := in.Open(ctx, d.o.image, ag.Arch)
		return picked{img: img, tag: agents.TagOf(d.o.image)}, err
	}
	if d.first[ag.Name] && !d.o.build {
		have, err := d.rolloutAgent(d.env(true), ag.Name, d.say).Image(ctx)
		if err != nil {
			return picked{}, err
		}
		if ag.Image == "" || ag.Image == have { // the revision keeps the image that runs
			d.app.term.Notef("%s: the first deployment since it was taken over keeps the image that runs", ag.Name)
			return picked{}, nil
		}
	}
	if ag.Build != nil {
		return d.build(ctx, in, ag)
	}
	h := d.env(true)
	have, err := d.rolloutAgent(h, ag.Name, d.say).Image(ctx)
	if err != nil {
		return picked{}, err
	}
	if strings.HasPrefix(have, h.RepositoryURI(ag.Name)+"@") {
		return picked{}, nil // the image belongs to deploy: it was deployed before
	}
	if ag.Image == "" {
		return picked{}, &usageError{fmt.Errorf("%s has neither a build nor an image in %s: give --image REF", ag.Name, d.cfg.File)}
	}
	ref, err := h.Images.Resolve(ctx, ag.Image, ag.Arch)
	return picked{ref: ref, tag: agents.TagOf(ag.Image)}, err
}

// buildImages builds the images of the agents that have a build; only limits it
// to some. Nothing is pushed before the plan is agreed to.
func buildImages(ctx context.Context, s *session, only []string) (*images, error) {
	var names []string
	for _, ag := range s.cfg.Agents {
		if ag.Build != nil && (len(only) == 0 || slices.Contains(only, ag.Name)) {
			names = append(names, ag.Name)
		}
	}
	if len(names) == 0 {
		return nil, &usageError{fmt.Errorf("no agent has a build in %s: add build.dockerfile, or leave --build out", s.cfg.File)}
	}
	im, err := newImages(s)
	if err != nil {
		return nil, err
	}
	if err := im.collect(ctx, names, im.build); err != nil {
		im.close()
		return nil, err
	}
	return im, nil
}

// wantedBy makes a stack want what was built; without images it wants what it did.
func (im *images) wantedBy(st *stack.Stack) {
	if im != nil {
		st.Run(im.want, im.called)
	}
}

// pushFor brings what was built to where the plan's tasks will look for it.
func (im *images) pushFor(ctx context.Context, store *state.Store, plan *engine.Result) error {
	if im == nil {
		return nil
	}
	return im.push(ctx, plan, func(ctx context.Context, missing map[engine.Key]bool) error {
		return im.makeRepositories(ctx, store, plan, missing)
	})
}

// push has the repositories made that are not there, and pushes all at once.
func (im *images) push(ctx context.Context, plan *engine.Result, provide func(context.Context, map[engine.Key]bool) error) error {
	if len(im.load) == 0 {
		return nil
	}
	missing := map[engine.Key]bool{}
	for name := range im.load {
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
	if im.pusher == nil {
		if err := im.signIn(ctx); err != nil {
			return err
		}
	}
	if err := im.pushAll(ctx, im.pusher, im.env(false).RepositoryURI); err != nil {
		return err
	}
	if advice := im.pusher.Advice(); advice != "" {
		im.say(rollout.Line{At: im.clock.Now(), About: "push", Text: advice})
	}
	return nil
}

// signIn signs in to ECR, where there is something to push.
func (im *images) signIn(ctx context.Context) error {
	if len(im.load) == 0 {
		return nil
	}
	p := &rollout.Pusher{ECR: im.env(false).Clients.ECR, Transport: im.registry}
	if err := p.SignIn(ctx); err != nil {
		return err
	}
	im.pusher = p
	return nil
}

// pushAll pushes the images at once and shows how far they are.
func (im *images) pushAll(ctx context.Context, p *rollout.Pusher, repository func(agent string) string) error {
	names := slices.Sorted(maps.Keys(im.load))
	shown := im.app.term.Pushes(im.clock, names)
	defer shown.Close()
	var g errgroup.Group
	for _, name := range names {
		g.Go(func() error {
			end, err := p.Push(ctx, repository(name), im.load[name], func(x rollout.PushProgress) { shown.Report(im.pushed(name, x)) })
			if ctx.Err() == nil { // who interrupts it knows how it ended
				shown.End(im.pushed(name, end), err)
			}
			return err
		})
	}
	return g.Wait()
}

// pushed is how far a push is, as it is shown.
func (im *images) pushed(name string, x rollout.PushProgress) document.Push {
	return document.Push{
		Agent: name, Image: im.want[name], Short: ui.Short(im.want[name]), AlreadyThere: x.AlreadyThere,
		Layers: document.PushLayers{Total: x.Layers, Uploaded: x.Uploaded, There: x.There, Mounted: x.Mounted},
		Bytes:  document.PushBytes{Done: x.Done, Total: x.Bytes, Sent: x.Sent},
	}
}

// makeRepositories makes what images are pushed into, ahead of the rest of the plan.
func (im *images) makeRepositories(ctx context.Context, store *state.Store, plan *engine.Result, missing map[engine.Key]bool) error {
	st := stack.New(im.cfg, im.env(false), stack.GuessLookup(im.cfg))
	w := im.walk(st, store)
	w.Orphans, w.Only = nil, func(k engine.Key) bool { return missing[k] }
	w.Apply, w.Shown = true, plan
	w.Report = engine.ReporterFunc(func(e engine.Event) {
		if e.Phase == engine.EventDone && e.Verb == engine.Create {
			im.say(rollout.Line{At: e.At, Agent: st.AgentOf(e.Key), About: string(e.Verb), Text: string(e.Key)})
		}
	})
	im.app.graceful.Store(true)
	defer im.app.graceful.Store(false)
	_, err := walkUp(ctx, w)
	return err
}
