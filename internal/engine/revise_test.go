package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// book is a resource of which the world keeps revisions.
type book struct {
	Ref
	pages     int
	revisions []thing
	lose      bool
	calls     int
	wanted    bool
	notes     []string
}

func (b *book) Key() Key        { return "book" }
func (b *book) Needs() []Node   { return nil }
func (b *book) Want() thingSpec { return thingSpec{Size: b.pages} }

func (b *book) Find(context.Context, Look) (Found[thingSpec], error) {
	for i, r := range slices.Backward(b.revisions) {
		if !time.Now().Before(r.visible) {
			return Found[thingSpec]{Phase: Ready, ID: fmt.Sprintf("book:%d", i+1), Spec: thingSpec{Size: r.size}}, nil
		}
	}
	return Found[thingSpec]{}, nil
}

func (b *book) Diff(have, want thingSpec) []Change {
	if have.Size == want.Size {
		return nil
	}
	return []Change{{Field: "pages", Was: fmt.Sprint(have.Size), Now: fmt.Sprint(want.Size)}}
}

func (b *book) Create(_ context.Context, want thingSpec, _ string) (string, error) {
	b.calls++
	b.revisions = append(b.revisions, thing{size: want.Size, visible: time.Now().Add(3 * time.Second)})
	if b.lose {
		b.lose = false
		return "", errLost
	}
	return fmt.Sprintf("book:%d", len(b.revisions)), nil
}

func (b *book) Revise(ctx context.Context, _ string, _, want thingSpec) (string, error) {
	return b.Create(ctx, want, "")
}

func (b *book) Update(context.Context, string, thingSpec, thingSpec) error {
	return fmt.Errorf("a book is revised, not updated")
}
func (b *book) Delete(context.Context, string) error { b.revisions = nil; return nil }

func (b *book) Wanted(context.Context) (bool, string, error) {
	return b.wanted, "nothing to write", nil
}
func (b *book) Notes() []string { return b.notes }

func TestAnUpdateOfAReviserHasANewIDThatItsDependentsSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{pages: 1, wanted: true, notes: []string{"unpinned"}}
		rec := NewMemory(RealClock{})
		walk := func(apply bool) Outcome {
			t.Helper()
			res, err := Walk{Steps: []Step{Manage(b)}, Record: rec, Clock: RealClock{}, Classify: classify, Apply: apply}.Up(context.Background())
			if err != nil || res.Err() != nil {
				t.Fatal(err, res.Err())
			}
			return res.Outcomes[0]
		}
		if o := walk(true); o.ID != "book:1" || len(o.Notes) != 1 {
			t.Fatalf("got %s with notes %v", o.ID, o.Notes)
		}
		b.pages = 2
		if o := walk(false); o.Verb != Update || !IsUnknown(b.ID()) {
			t.Fatalf("the plan shows %s and the id %s, which will be another one", o.Verb, b.ID())
		}
		b.lose = true
		if o := walk(true); o.ID != "book:2" || b.ID() != "book:2" || len(b.revisions) != 2 {
			t.Fatalf("after a lost reply: %s of %d revisions", o.ID, len(b.revisions))
		}
		if e, _ := rec.Get("book"); e.ID != "book:2" {
			t.Fatalf("recorded is %s", e.ID)
		}
		if o := walk(true); o.Verb != None || b.calls != 2 {
			t.Fatalf("a second run would %s after %d calls", o.Verb, b.calls)
		}
	})
}

func TestWhatIsNotWantedYetIsLeftOutAndNotDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{pages: 1}
		w := Walk{Steps: []Step{Manage(b)}, Record: NewMemory(RealClock{}), Clock: RealClock{}, Classify: classify, Apply: true}
		res, err := w.Up(context.Background())
		if err != nil || res.Changes() || b.ID() != "" || res.Outcomes[0].Reason != "nothing to write" {
			t.Fatalf("got %+v, id %q, %v", res.Outcomes[0], b.ID(), err)
		}
		b.wanted = true
		if _, err := w.Up(context.Background()); err != nil || b.ID() != "book:1" {
			t.Fatalf("wanted, and not made: %q, %v", b.ID(), err)
		}
		b.wanted = false
		if res, _ := w.Up(context.Background()); res.Changes() || b.ID() != "book:1" {
			t.Fatal("what is there stays")
		}
	})
}

func TestARevisionMadeByARunThatDiedIsNotMadeAgain(t *testing.T) {
	for name, note := range map[string]func(*Memory){
		"noted as begun": func(rec *Memory) { _ = rec.Begin(t.Context(), "book") },
		"recorded":       func(rec *Memory) { rec.Record(Entry{Key: "book", ID: "book:2", CreatedAt: time.Now()}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec := NewMemory(RealClock{})
				b := &book{pages: 1, wanted: true}
				must2(t)(apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Up(t.Context()))
				// The next run made a revision, which does not show yet, and died.
				b.pages = 2
				note(rec)
				_, _ = b.Create(t.Context(), b.Want(), "")
				b.calls = 0
				must2(t)(apply(Walk{Steps: []Step{Manage(b)}, Record: rec}).Up(t.Context()))
				if e, _ := rec.Get("book"); b.calls != 0 || e.ID != "book:2" {
					t.Errorf("%d more revisions were made, the record has %s", b.calls, e.ID)
				}
				if _, flying := rec.InFlight("book"); flying {
					t.Error("the revision is recorded as unfinished")
				}
			})
		})
	}
}
