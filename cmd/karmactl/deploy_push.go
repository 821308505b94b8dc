package main

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

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
	res, err := w.Up(ctx)
	if err != nil {
		return err
	}
	return res.Err()
}
