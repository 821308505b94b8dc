package state

import (
	"context"
	"slices"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Each run writes many versions, and is told as one with all that it did.
func TestTheHistoryTellsEachRunOnce(t *testing.T) {
	ctx := t.Context()
	b := NewMemory()
	run := func(by *By, f func(*Store)) {
		t.Helper()
		s, err := Open(ctx, Options{Backend: b, Identity: Identity{"karmacadabra-prod", "123456789012", "us-east-1"}, Clock: engine.RealClock{}, By: by})
		if err != nil {
			t.Fatal(err)
		}
		f(s)
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	record := func(s *Store, key engine.Key, id string) {
		s.Record(engine.Entry{Key: key, ID: id})
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	run(nil, func(s *Store) { record(s, "vpc", "vpc-1") })
	run(&By{Run: "1", Who: "ana", Command: "up"}, func(s *Store) { record(s, "igw", "igw-1"); record(s, "nat/a", "nat-1") })
	run(&By{Run: "2", Who: "ben", Command: "up"}, func(s *Store) { record(s, "nat/a", "nat-2"); s.Forget("igw") })
	runs, complete, err := Runs(ctx, b, 10)
	if err != nil || !complete || len(runs) != 3 {
		t.Fatalf("%+v, complete %v: %v", runs, complete, err)
	}
	is := func(i int, who string, made, changed, deleted []engine.Key) {
		t.Helper()
		if r := runs[i]; r.Who != who || !slices.Equal(r.Made, made) || !slices.Equal(r.Changed, changed) || !slices.Equal(r.Deleted, deleted) {
			t.Errorf("run %d is %+v", i, r)
		}
	}
	is(0, "ben", nil, []engine.Key{"nat/a"}, []engine.Key{"igw"})
	is(1, "ana", []engine.Key{"igw", "nat/a"}, nil, nil)
	is(2, "", []engine.Key{"vpc"}, nil, nil)
	if runs, complete, err := Runs(ctx, b, 1); err != nil || complete || len(runs) != 1 || len(runs[0].Deleted) != 1 {
		t.Errorf("of the last one: %+v, complete %v: %v", runs, complete, err)
	}
}

// Versions expire, and a file keeps the last ones alone: what the oldest run that is left did
// before them is not known, and what was there is not told as made.
func TestTheHistoryDoesNotTellWhatIsOlderThanItsVersionsAsMade(t *testing.T) {
	ctx := t.Context()
	b := NewMemory()
	s, err := Open(ctx, Options{Backend: b, Identity: Identity{"karmacadabra-prod", "123456789012", "us-east-1"}, Clock: engine.RealClock{}, By: &By{Run: "1", Who: "ana", Command: "up"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []engine.Key{"vpc", "igw", "nat/a"} {
		s.Record(engine.Entry{Key: key, ID: "id"})
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	runs, complete, err := Runs(ctx, &shortHistory{b, 2}, 10)
	if err != nil || complete || len(runs) != 1 || !slices.Equal(runs[0].Made, []engine.Key{"nat/a"}) {
		t.Errorf("of the last two versions: %+v, complete %v: %v", runs, complete, err)
	}
}

// shortHistory keeps the last versions alone.
type shortHistory struct {
	*Memory
	most int
}

func (h *shortHistory) History(ctx context.Context) ([]Version, error) {
	all, err := h.Memory.History(ctx)
	return all[:min(h.most, len(all))], err
}
