package engine

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// listed is a thing that is found in a listing, which is read again only when the one
// that is there is older than asked for.
type listed struct {
	*box
	found  Found[thingSpec]
	readAt time.Time
	looks  []Look
	knows  map[string]string
}

func (l *listed) Find(ctx context.Context, look Look) (Found[thingSpec], error) {
	l.looks = append(l.looks, look)
	if l.readAt.IsZero() || l.readAt.Before(look.NotOlder) {
		f, err := l.box.Find(ctx, look)
		if err != nil {
			return f, err
		}
		l.found, l.readAt = f, time.Now()
	}
	l.found.Known = l.knows
	return l.found, nil
}

func TestAListingOfBeforeAWriteDoesNotAnswerWhatCameOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		l := &listed{box: &box{w: w, key: "vpc", size: 1}}
		up := func() Outcome {
			t.Helper()
			return must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Up(t.Context())).Outcomes[0]
		}
		up()
		time.Sleep(time.Minute)
		l.size = 2
		if o := up(); o.Verb != Update || o.Took > 5*time.Second || len(o.Notes) > 0 {
			t.Errorf("%+v", o)
		}
		time.Sleep(time.Minute)
		clear(w.things) // deleted by hand, and the listing that is there shows it still
		if o := up(); o.Verb != Create || len(w.names()) != 1 {
			t.Errorf("%+v, there is %v", o, w.names())
		}
		time.Sleep(time.Minute)
		began := time.Now()
		must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec}).Down(t.Context()))
		if len(w.names()) > 0 || time.Since(began) > 5*time.Second {
			t.Errorf("there is %v after %s", w.names(), time.Since(began))
		}
	})
}

func TestWhatIsKnownOfAnIDIsHandedOnUnlessARunDiedThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		l := &listed{box: &box{w: w, key: "vpc", size: 1}, knows: map[string]string{"size": "1"}}
		first := func(refresh bool) map[string]string {
			t.Helper()
			l.looks = nil
			must2(t)(apply(Walk{Steps: []Step{Manage(l)}, Record: rec, Refresh: refresh}).Up(t.Context()))
			return l.looks[0].Known
		}
		if got := first(false); got != nil {
			t.Errorf("before it was made, %v was known", got)
		}
		if e, _ := rec.Get("vpc"); !maps.Equal(e.Known, l.knows) {
			t.Errorf("recorded is %+v", e)
		}
		if got := first(false); !maps.Equal(got, l.knows) {
			t.Errorf("known was %v", got)
		}
		if got := first(true); got != nil {
			t.Errorf("all is to be asked, and %v was known", got)
		}
		if err := rec.Begin(t.Context(), "vpc"); err != nil {
			t.Fatal(err)
		}
		if got := first(false); got != nil {
			t.Errorf("a run died there, and %v was known", got)
		}
		e, _ := rec.Get("vpc")
		e.Deposed = []string{"id-0"}
		rec.Record(e)
		if got := first(false); got != nil {
			t.Errorf("it has replaced another, and %v was known", got)
		}
	})
}

func TestWhatWasBegunIsKnownThoughNothingIsRecorded(t *testing.T) {
	rec := NewMemory(RealClock{})
	rec.Record(Entry{Key: "vpc", Kind: "vpc", ID: "id-1"})
	for _, k := range []Key{"vpc", "rule/a"} {
		if err := rec.Begin(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, e := range Known(rec) {
		got = append(got, string(e.Key)+" "+e.Kind+" "+e.ID)
	}
	if want := []string{"vpc vpc id-1", "rule/a rule "}; !slices.Equal(got, want) {
		t.Errorf("known is %q", got)
	}
}
