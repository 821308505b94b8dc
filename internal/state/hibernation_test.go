package state

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAHibernationIsThereInTheNextRunUntilItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		s := open(t, options(b))
		if h := s.Hibernation(); h != nil {
			t.Errorf("a new stack hibernates: %+v", h)
		}
		began := time.Now().UTC()
		if err := s.Hibernate(t.Context(), true, nil); err != nil {
			t.Fatal(err)
		}
		if there(t, b).Hibernation == nil {
			t.Error("Hibernate returned before the note was safe")
		}
		closed(t, s)

		time.Sleep(time.Hour)
		s = open(t, options(b))
		serial := s.Snapshot().Serial
		if err := s.Hibernate(t.Context(), true, nil); err != nil {
			t.Fatal(err)
		}
		if got := s.Snapshot().Serial; got != serial {
			t.Errorf("hibernating again is written again: serial %d after %d", got, serial)
		}
		if err := s.Hibernate(t.Context(), false, nil); err != nil {
			t.Fatal(err)
		}
		if h := s.Hibernation(); h == nil || h.KeepALB || !h.Since.Equal(began) {
			t.Errorf("hibernating deeper: %+v, began %s", h, began)
		}
		if err := s.Wake(t.Context()); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		if h := there(t, b).Hibernation; h != nil {
			t.Errorf("awake, it hibernates: %+v", h)
		}
	})
}

// An interrupted hibernation has deleted what some agents were scaled by.
func TestAHibernationRemembersHowAgentsWereScaled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewMemory()
		s := open(t, options(b))
		night := ScaleAction{Schedule: "office-hours", Action: "stop", Cron: "cron(0 18 ? * MON-FRI *)", Timezone: "America/New_York"}
		both := []Scale{{Agent: "validator", Manual: true, Min: 2, Max: 4}, {Agent: "karma-hello", Min: 1, Max: 3, Actions: []ScaleAction{night}}}
		for _, scaled := range [][]Scale{both, both[1:], nil} {
			if err := s.Hibernate(t.Context(), false, scaled); err != nil {
				t.Fatal(err)
			}
			h := there(t, b).Hibernation
			if len(h.Scales) != 2 {
				t.Fatalf("with %d agents left the state remembers %+v", len(scaled), h.Scales)
			}
			for _, want := range both {
				if !slices.ContainsFunc(h.Scales, want.equal) {
					t.Errorf("%+v is forgotten: %+v", want, h.Scales)
				}
			}
		}
		closed(t, s)
	})
}
