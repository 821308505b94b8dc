package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
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
		return engine.Advise(
			fmt.Errorf("%d resources were taken over from a program that has not let go of them, such as %s (%s), and karmactl %s would delete them under it", len(shared), shared[0].Key, shared[0].ID, command),
			"karmactl adopt --release, once it has let go; karmactl adopt --undo gives them back",
		)
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

func runAdoptUndo(ctx context.Context, a *app, o adoptOptions) error {
	terraform, _, err := readTerraform(o.from)
	if err != nil {
		return err
	}
	return onTakeover(ctx, a, func(ctx context.Context, s *session, store *state.Store, all []engine.Entry) error {
		g, err := s.planGivingBack(ctx, store, all)
		if err != nil {
			return err
		}
		if !a.term.JSON {
			a.term.Printf("%s", g.text())
		}
		text := fmt.Sprintf("This gives %d resources back: their tags and records go, nothing else. Only yes is yes:", len(all))
		if g.text() != "" {
			text = "This does so, and then gives back what was taken over. Only yes is yes:"
		}
		if err := s.confirm(ctx, question{command: "adopt --undo", text: text, declined: "nothing was given back"}); err != nil {
			return err
		}
		a.graceful.Store(true)
		if err := g.run(ctx, store); err != nil {
			return err
		}
		return giveBack(ctx, store, g, terraform)
	})
}

// giveBack takes the tags away, and then the records, by which a run that ends in the
// middle is gone on with.
func giveBack(ctx context.Context, store *state.Store, g *givingBack, terraform *terraformState) error {
	s, all := g.session, adopted(store, engine.AdoptionBegun, engine.AdoptionShared, engine.AdoptionWhole)
	for _, e := range all {
		e.Adopted = engine.AdoptionBegun
		store.Record(e)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	env := s.env(false)
	d := &document.Takeover{Stack: s.cfg.Stack(), Outcome: "given_back", Keys: []string{}, Commands: []string{}, Blocks: []string{}, Next: []string{}}
	d.Restored, d.Deleted, d.Left = g.restored(), g.deleted(), g.left()
	for _, e := range all {
		if err := env.Disclaim(ctx, e.Key, e.ID); err != nil {
			return fmt.Errorf("%s (%s): %w", e.Key, e.ID, err)
		}
		d.Keys = append(d.Keys, string(e.Key))
	}
	d.Blocks = terraform.imports(all)
	for _, e := range store.Entries() { // what is left has karmactl's tags, or is the account's
		store.Forget(e.Key)
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	d.Headline = fmt.Sprintf("Given back: %d resources. Their tags are as before; agents.yaml is left.", len(all))
	return s.app.term.Takeover(d)
}

func runAdoptRelease(ctx context.Context, a *app, o adoptOptions) error {
	terraform, _, err := readTerraform(o.from)
	if err != nil {
		return err
	}
	return onTakeover(ctx, a, func(ctx context.Context, s *session, store *state.Store, all []engine.Entry) error {
		d := &document.Takeover{Stack: s.cfg.Stack(), Outcome: "released", Keys: []string{}, Commands: []string{}, Blocks: []string{}, Next: []string{"karmactl plan"}}
		for _, e := range all {
			if e.Adopted == engine.AdoptionBegun {
				return &engine.Adopted{Key: e.Key, ID: e.ID, Verb: engine.None}
			}
			d.Keys = append(d.Keys, string(e.Key))
		}
		d.Commands, d.Blocks = terraform.letGo(all)
		if n := len(d.Commands); n > 0 {
			d.Outcome, d.Keys = "kept", []string{}
			d.Headline = fmt.Sprintf("Terraform still has %d of what was taken over. Nothing was released.", n)
			return errors.Join(s.app.term.Takeover(d), &exit{code: exitError})
		}
		q := question{command: "adopt --release", text: "From now on karmactl may delete and replace what it took over. Is no other program left that would make it again? Only yes is yes:", declined: "nothing was released"}
		if err := s.confirm(ctx, q); err != nil {
			return err
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
