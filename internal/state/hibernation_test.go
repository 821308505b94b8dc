package state

import (
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
		if err := s.Hibernate(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if there(t, b).Hibernation == nil {
			t.Error("Hibernate returned before the note was safe")
		}
		closed(t, s)

		time.Sleep(time.Hour)
		s = open(t, options(b))
		serial := s.Snapshot().Serial
		if err := s.Hibernate(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if got := s.Snapshot().Serial; got != serial {
			t.Errorf("hibernating again is written again: serial %d after %d", got, serial)
		}
		if err := s.Hibernate(t.Context(), false); err != nil {
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
