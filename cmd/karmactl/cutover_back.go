package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/cutover"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
)

// errNothingMoved is a state without the note of a cutover.
var errNothingMoved = errors.New("nothing to put back: the state has no record of a cutover")

func runCutoverBack(ctx context.Context, s *session, o cutoverOptions) error {
	if o.dryRun {
		store, err := s.readState(ctx)
		if err != nil {
			return err
		}
		r, err := s.planReturn(ctx, store, true)
		if r == nil {
			return err
		}
		s.app.term.CutoverPlan(r.doc)
		if err != nil {
			return err
		}
		r.doc.Headline, r.doc.Next = "All records are put back in one batch.", []string{"karmactl cutover --back"}
		return s.app.term.Cutover(r.doc)
	}
	var r *returning
	err := s.locked(ctx, "cutover", func(ctx context.Context, store *state.Store) (err error) {
		if r, err = s.planReturn(ctx, store, false); err != nil {
			return err
		}
		s.app.term.CutoverPlan(r.doc)
		q := question{command: "cutover --back", text: "All records are put back in one batch. Do it? Only yes is yes:", declined: "nothing was changed"}
		if err := s.confirm(ctx, q); err != nil {
			return err
		}
		return r.run(ctx, store)
	})
	if err != nil {
		return err
	}
	return r.follow(ctx, o)
}

// returning is one run of cutover --back.
type returning struct {
	leading
	back *cutover.Back
}

func (s *session) planReturn(ctx context.Context, store *state.Store, readOnly bool) (*returning, error) {
	note := store.Cutover()
	if note == nil {
		return nil, errNothingMoved
	}
	f := &cutover.Fleet{Env: s.env(readOnly)}
	if entry, _ := store.Get("alb"); entry.ID != "" { // it may be down by now
		b, err := f.BalancerOf(ctx, entry.ID)
		if err != nil {
			return nil, err
		}
		if b != nil {
			f.Balancer, f.BalancerZone = b.DNSName, b.Zone
		}
	}
	back, err := f.PlanBack(ctx, note)
	if err != nil {
		return nil, err
	}
	r := &returning{leading: leading{session: s, fleet: f, doc: s.cutoverDoc(f, back.Rows)}, back: back}
	if len(back.Obstacles) > 0 {
		return r, errors.New(strings.Join(back.Obstacles, "\n"))
	}
	return r, r.oldIsUp(ctx)
}

// oldIsUp refuses to lead names to a load balancer that is gone, or that has no healthy target.
func (r *returning) oldIsUp(ctx context.Context) error {
	known, err := r.fleet.Known(ctx, r.back.Old)
	if err != nil {
		return err
	}
	for _, name := range r.back.Old {
		if r.fleet.Gone(name, known) {
			r.doc.Notes = append(r.doc.Notes, name+" is no load balancer of this account: look whether it is still there")
			continue
		}
		b, ours := known[name]
		if !ours {
			continue
		}
		healthy, err := r.fleet.HealthyTargets(ctx, b)
		if err != nil {
			return err
		}
		if healthy == 0 {
			return engine.Advise(fmt.Errorf("%s has no healthy target: nothing is led back to it", b.Name), "start the old fleet first")
		}
	}
	return nil
}

// run forgets the records first, so that a plan in between takes them for no one's, and the
// note last, by which a run that ends in the middle is gone on with.
func (r *returning) run(ctx context.Context, store *state.Store) error {
	for _, e := range store.Entries() {
		if e.Key.Kind() == "record" && e.Key != validationKey {
			store.Forget(e.Key)
		}
	}
	if err := store.Flush(ctx); err != nil {
		return err
	}
	r.app.term.Notef("putting the records back; Route 53 says within a minute that all its servers have it")
	if err := r.back.Make(ctx); err != nil {
		return err
	}
	r.doc.Outcome = "returned"
	return store.NoteCutover(ctx, nil)
}

// validationKey is of the certificate's proof, which no cutover moves.
const validationKey = engine.Key("record/validation")
