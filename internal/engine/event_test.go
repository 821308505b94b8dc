package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told keeps what a walk reports, of one key a line: when, what, why and how long.
type told struct {
	mu    sync.Mutex
	began time.Time
	lines map[Key][]string
}

func listen() *told { return &told{began: time.Now(), lines: map[Key][]string{}} }

func (l *told) Report(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := fmt.Sprintf("%s %s %s", e.At.Sub(l.began).Round(time.Second), e.Phase, e.Verb)
	if e.Detail != "" {
		line += ": " + e.Detail
	}
	if e.Took > 0 {
		line += fmt.Sprintf(" (%s)", e.Took.Round(time.Second))
	}
	l.lines[e.Key] = append(l.lines[e.Key], line)
}

func (l *told) expect(t *testing.T, key Key, want ...string) {
	t.Helper()
	if got := l.lines[key]; !slices.Equal(got, want) {
		t.Errorf("of %s it told\n%s\nand not\n%s", key, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAWalkTellsWhatItDoesOfEachThing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1, takes: 10 * time.Second}
		bad := &box{w: w, key: "bad", size: 1, fail: errBoom}
		held := &box{w: w, key: "held", size: 1, needs: []Node{bad}}
		asks := &box{w: w, key: "asks", size: 1, waiting: &MissingInput{Reason: "give the secret"}}
		l := listen()
		walk := Walk{Steps: steps(v, bad, held, asks), Record: rec, Report: l}
		if _, err := apply(walk).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.expect(t, "vpc", "0s planned create", "0s started create", "3s waiting create: pending (3s)", "12s done create (12s)")
		l.expect(t, "bad", "0s planned create", "0s started create", "0s failed create: boom")
		l.expect(t, "held", "0s blocked none: waits for bad")
		l.expect(t, "asks", "0s blocked none: give the secret")

		l = listen()
		walk.Report, walk.Clock, walk.Classify = l, RealClock{}, classify
		v.size = 2
		if _, err := walk.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.expect(t, "vpc", "0s planned update")
		l.expect(t, "held", "0s planned create")

		l = listen()
		v.size = 1
		must2(t)(apply(Walk{Steps: steps(v), Record: rec, Report: l}).Up(t.Context()))
		l.expect(t, "vpc", "0s planned none", "0s done none")

		l = listen()
		must2(t)(apply(Walk{Steps: steps(v), Record: rec, Report: l}).Down(t.Context()))
		l.expect(t, "vpc", "0s planned delete", "0s started delete", "0s done delete")
	})
}

func TestWhatWasReplacedIsToldAsAThingOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		s := &successor{box: &box{w: w, key: "rule/a", size: 1}}
		must2(t)(apply(Walk{Steps: []Step{Manage(s)}, Record: rec}).Up(t.Context()))
		l := listen()
		s.size = 200
		res := must2(t)(apply(Walk{Steps: []Step{Manage(s)}, Record: rec, Report: l}).Up(t.Context()))
		o, _ := res.Get("rule/a#id-1")
		if o.Verb != Delete || o.ID != "id-1" || o.Reason != "replaced or a duplicate" {
			t.Errorf("%+v", o)
		}
		if got := l.lines["rule/a#id-1"]; len(got) != 3 || !strings.Contains(got[0], "planned delete: replaced or a duplicate") || !strings.Contains(got[1], "started") {
			t.Errorf("it told %q", got)
		}
	})
}

func TestAFieldThatThePlanDidNotShowIsNamed(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&PlanStale{Key: "vpc", Verb: Update, Want: Update, Field: "size"}, "vpc: field size would change too, which the plan did not show"},
		{&PlanStale{Key: "vpc", Verb: Create, Want: None}, "vpc: it would create now, the plan showed none"},
		{&InUse{Holder: "eni-1", Foreign: true}, "eni-1 holds it, and is not karmactl's: delete that and run karmactl down again"},
		{&InUse{Holder: "eni-1"}, "held by eni-1"},
		{&Adopted{Key: "vpc", ID: "v-1", Verb: None}, "vpc (v-1) is being taken over, and that has not ended"},
		{&Adopted{Key: "vpc", ID: "v-1", Verb: Replace}, "vpc (v-1) was taken over from a program that has not let go of it: karmactl would replace it"},
	} {
		if got := c.err.Error(); !strings.Contains(got, c.want) {
			t.Errorf("it says %q", got)
		}
	}
	if got := (Difference{Field: "size", Want: "5"}).String(); !strings.Contains(got, "set to 5, and AWS reads it back as nothing") {
		t.Errorf("it says %q", got)
	}
}

func TestWhatMovedSinceThePlanIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, rec := newWorld(), NewMemory(RealClock{})
		v := &box{w: w, key: "vpc", size: 1}
		must2(t)(apply(Walk{Steps: steps(v), Record: rec}).Up(t.Context()))
		for name, c := range map[string]struct {
			shown  Outcome
			refuse Verb
			field  string
		}{
			"as shown":               {Outcome{Key: "vpc", Verb: Update, Changes: []Change{{Field: "size"}}}, "", ""},
			"another field":          {Outcome{Key: "vpc", Verb: Update, Changes: []Change{{Field: "colour"}}}, Update, "size"},
			"a create that half was": {Outcome{Key: "vpc", Verb: Create}, "", ""},
			"nothing was to be done": {Outcome{Key: "vpc", Verb: None}, None, ""},
			"it was not in the plan": {Outcome{Key: "other", Verb: Update}, None, ""},
			"it was to be replaced":  {Outcome{Key: "vpc", Verb: Replace}, Replace, ""},
		} {
			v.size++
			w.log = nil
			res, err := apply(Walk{Steps: steps(v), Record: rec, Shown: &Result{Outcomes: []Outcome{c.shown}}}).Up(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			stale := new(PlanStale)
			refused := errors.As(res.Err(), &stale)
			if refused != (c.refuse != "") || (refused && len(w.log) > 0) {
				t.Errorf("%s: %v, %v", name, res.Err(), w.log)
			}
			if refused && (stale.Key != "vpc" || stale.Verb != Update || stale.Want != c.refuse || stale.Field != c.field) {
				t.Errorf("%s: %+v", name, stale)
			}
		}
	})
}
