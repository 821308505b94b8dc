package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/importer"
	"github.com/karmacadabra/karmactl/internal/state"
)

// adopted are the entries of a state that were taken over, in the order of their keys.
func adopted(rec engine.Recorder, is ...engine.Adoption) []engine.Entry {
	return slices.DeleteFunc(rec.Entries(), func(e engine.Entry) bool { return !slices.Contains(is, e.Adopted) })
}

// refuseTakeover refuses what may not be done while another program has the fleet too: a
// takeover that has not ended stops everything, one that is not released what deletes.
func refuseTakeover(store *state.Store, command string) error {
	if command == "adopt" {
		return nil
	}
	if begun := adopted(store, engine.AdoptionBegun); len(begun) > 0 {
		return &engine.Adopted{Key: begun[0].Key, ID: begun[0].ID, Verb: engine.None}
	}
	if shared := adopted(store, engine.AdoptionShared); len(shared) > 0 && (command == "down" || command == "hibernate") {
		return &advice{
			fmt.Errorf("%d resources were taken over from a program that has not let go of them, such as %s (%s): karmactl %s would delete them under it", len(shared), shared[0].Key, shared[0].ID, command),
			"karmactl adopt --release, once it has let go; karmactl adopt --undo gives them back",
		}
	}
	return nil
}

// wereOf counts resources that something was done to.
func wereOf(n int) string {
	if n == 1 {
		return "1 resource was"
	}
	return fmt.Sprintf("%d resources were", n)
}

// onTakeover opens the session of the agents.yaml that is there and runs f with the lock.
func onTakeover(ctx context.Context, a *app, f func(context.Context, *session, *state.Store, []engine.Entry) error) error {
	s, err := a.open(ctx, identified, func(*agents.Config) error { return nil })
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	return s.locked(ctx, "adopt", func(ctx context.Context, store *state.Store) error {
		all := adopted(store, engine.AdoptionBegun, engine.AdoptionShared, engine.AdoptionWhole)
		if len(all) == 0 {
			return errors.New("nothing of this stack was taken over")
		}
		return f(ctx, s, store, all)
	})
}

// addressesIn are Terraform's addresses in a state file, by AWS's ids; none without a file.
func addressesIn(path string) (map[string]string, error) {
	if path == "" {
		return map[string]string{}, nil
	}
	all, _, err := importer.StateAddresses(path)
	return addressesOf(all), err
}

func runAdoptUndo(ctx context.Context, a *app, o adoptOptions) error {
	at, err := addressesIn(o.from)
	if err != nil {
		return err
	}
	return onTakeover(ctx, a, func(ctx context.Context, s *session, store *state.Store, all []engine.Entry) error {
		if own := adopted(store, ""); len(own) > 0 {
			return &advice{fmt.Errorf("karmactl has made %d resources since, such as %s (%s), and what was taken over may use them: adopt --undo is for before the first up", len(own), own[0].Key, own[0].ID), "karmactl adopt --release keeps the fleet"}
		}
		if !a.opts.yes {
			q := question{command: "adopt --undo", text: fmt.Sprintf("This gives %d resources back: their tags and records go, nothing else. Only yes is yes:", len(all)), word: "yes", declined: "nothing was given back"}
			if err := s.confirm(ctx, q); err != nil {
				return err
			}
		}
		a.graceful.Store(true)
		return giveBack(ctx, s, store, all, at)
	})
}

// giveBack takes the tags away, and then the records, by which a run that ends in the
// middle is gone on with.
func giveBack(ctx context.Context, s *session, store *state.Store, all []engine.Entry, at map[string]string) error {
	for _, e := range all {
		e.Adopted = engine.AdoptionBegun
		store.Record(e)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	env := s.env(false)
	d := &document.Takeover{Stack: s.cfg.Stack(), Outcome: "given_back", Keys: []string{}, Commands: []string{}, Next: []string{}}
	for _, e := range all {
		if err := env.Disclaim(ctx, e.Key, e.ID); err != nil {
			return fmt.Errorf("%s (%s): %w", e.Key, e.ID, err)
		}
		d.Keys = append(d.Keys, string(e.Key))
		if a := at[e.ID]; a != "" && e.Key.Kind() != "route-table-association" {
			d.Commands = append(d.Commands, fmt.Sprintf("import {\n  to = %s\n  id = %q\n}", a, importID(e)))
		}
	}
	for _, e := range all {
		store.Forget(e.Key)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	d.Headline = fmt.Sprintf("Given back: %d resources. Their tags are as before; agents.yaml is left.", len(all))
	return s.app.term.Takeover(d)
}

// importID is what Terraform's import takes for a resource.
func importID(e engine.Entry) string {
	switch e.Key.Kind() {
	case "service": // CLUSTER/SERVICE
		parts := strings.Split(e.ID, "/")
		return strings.Join(parts[max(0, len(parts)-2):], "/")
	case "scalable-target": // NAMESPACE/RESOURCE/DIMENSION
		return "ecs/" + e.ID + "/ecs:service:DesiredCount"
	case "scaling-policy": // the same, and the name
		resource, name, _ := strings.Cut(e.ID, "#")
		return "ecs/" + resource + "/ecs:service:DesiredCount/" + name
	case "route":
		return strings.Replace(e.ID, "|", "_", 1)
	}
	return e.ID
}

func runAdoptRelease(ctx context.Context, a *app, o adoptOptions) error {
	at, err := addressesIn(o.from)
	if err != nil {
		return err
	}
	return onTakeover(ctx, a, func(ctx context.Context, s *session, store *state.Store, all []engine.Entry) error {
		d := &document.Takeover{Stack: s.cfg.Stack(), Outcome: "released", Keys: []string{}, Commands: []string{}, Next: []string{"karmactl plan"}}
		for _, e := range all {
			if e.Adopted == engine.AdoptionBegun {
				return &engine.Adopted{Key: e.Key, ID: e.ID, Verb: engine.None}
			}
			d.Keys = append(d.Keys, string(e.Key))
			if has := at[e.ID]; has != "" {
				d.Commands = append(d.Commands, "terraform state rm '"+has+"'")
			}
		}
		if n := len(d.Commands); n > 0 {
			d.Outcome, d.Keys = "kept", []string{}
			d.Headline = fmt.Sprintf("Terraform still has %d of what was taken over. Nothing was released.", n)
			return errors.Join(s.app.term.Takeover(d), &exit{code: exitError})
		}
		if !a.opts.yes {
			q := question{command: "adopt --release", text: "From now on karmactl may delete and replace what it took over. Is no other program left that would make it again? Only yes is yes:", word: "yes", declined: "nothing was released"}
			if err := s.confirm(ctx, q); err != nil {
				return err
			}
		}
		for _, e := range all {
			e.Adopted = engine.AdoptionWhole
			store.Record(e)
		}
		if err := store.Flush(ctx); err != nil {
			return err
		}
		d.Headline = fmt.Sprintf("Released: %d resources are karmactl's alone.", len(all))
		return s.app.term.Takeover(d)
	})
}
