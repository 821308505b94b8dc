package state

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// What a caller does to what it was given never reaches the state, nor the other way round.
func TestASnapshotSharesNothingWithTheState(t *testing.T) {
	full := func() *State {
		s := begin(Identity{"karmacadabra", "123456789012", "us-east-1"})
		s.Lineage, s.Serial = "L", 1
		s.Resources["vpc"] = engine.Entry{
			Key: "vpc", Kind: "vpc", ID: "vpc-1", Needs: []engine.Key{"a"}, Deposed: []string{"vpc-0"},
			Differs: []engine.Difference{{Field: "size"}}, Known: map[string]string{"k": "v"},
		}
		s.InFlight["subnet/a"] = time.Unix(0, 0).UTC()
		s.Hibernation = &Hibernation{Scales: []Scale{{Agent: "validator", Actions: []ScaleAction{{Schedule: "night"}}}}}
		s.By = &By{Run: "1"}
		return s
	}
	s := full()
	c := s.clone()
	if !reflect.DeepEqual(c, full()) {
		t.Fatalf("the copy is %+v", c)
	}
	e := c.Resources["vpc"]
	e.Needs[0], e.Deposed[0], e.Differs[0].Field, e.Known["k"] = "x", "x", "x", "x"
	delete(c.Resources, "vpc")
	delete(c.InFlight, "subnet/a")
	c.Hibernation.KeepALB, c.Hibernation.Scales[0].Actions[0].Schedule, c.Hibernation.Scales[0].Agent = true, "x", "x"
	c.By.Run = "2"
	if !reflect.DeepEqual(s, full()) {
		t.Errorf("a change of the copy made the state %+v", s)
	}
}

func TestHibernationsThatDifferInOneThingAreNotTheSame(t *testing.T) {
	made := func() *Hibernation {
		return &Hibernation{Since: time.Unix(0, 0), Scales: []Scale{{Agent: "validator", Min: 1, Max: 2, Actions: []ScaleAction{{Schedule: "night"}}}}}
	}
	if !made().equal(made()) || made().equal(nil) || !(*Hibernation)(nil).equal(nil) {
		t.Error("the same is not the same")
	}
	for i, change := range []func(h *Hibernation){
		func(h *Hibernation) { h.Since = h.Since.Add(1) },
		func(h *Hibernation) { h.KeepALB = true },
		func(h *Hibernation) { h.Scales = nil },
		func(h *Hibernation) { h.Scales[0].Agent = "x" },
		func(h *Hibernation) { h.Scales[0].Manual = true },
		func(h *Hibernation) { h.Scales[0].Min = 0 },
		func(h *Hibernation) { h.Scales[0].Max = 3 },
		func(h *Hibernation) { h.Scales[0].Actions[0].Cron = "x" },
	} {
		h := made()
		change(h)
		if h.equal(made()) {
			t.Errorf("change %d makes no difference", i)
		}
	}
}

func TestAStateWithoutResourcesIsWorkedWithAsAnyOther(t *testing.T) {
	const head = `{"version": %d, "stack": "karmacadabra-prod", "account": "123456789012", "region": "us-east-1", "lineage": "L", "serial": 1}`
	b := NewMemory()
	b.Plant(fmt.Appendf(nil, head, Schema))
	o := options(b)
	s, err := Decode(fmt.Appendf(nil, head, Schema))
	if err != nil {
		t.Fatal(err)
	}
	o.Stack, o.Account, o.Region = s.Stack, s.Account, s.Region
	store := open(t, o)
	if err := store.Begin(t.Context(), "vpc"); err != nil {
		t.Fatal(err)
	}
	store.Record(entry("vpc", "vpc-1"))
	closed(t, store)
	if got := there(t, b).Resources["vpc"].ID; got != "vpc-1" {
		t.Errorf("recorded is %q", got)
	}
}

func TestATimeThatCannotBeWrittenAgainIsRefused(t *testing.T) {
	const text = `{"version": %d, "stack": "s", "account": "1", "region": "r", "lineage": "L", "serial": 1, "resources": {}, "inFlight": {"vpc": "9999-12-31T23:59:59-05:00"}}`
	if _, err := Decode(fmt.Appendf(nil, text, Schema)); err == nil || err.Error()[:len("the state cannot be read: vpc was begun in the year 10000")] != "the state cannot be read: vpc was begun in the year 10000" {
		t.Errorf("it says %v", err)
	}
}

// What another run of this process is judged by when it is asked who holds the lock.
func TestThisProcessSaysWhoItIs(t *testing.T) {
	me := Me("up", "1.0.0")
	if me.PID == 0 || me.Host == "" || me.Host == "unknown-host" || me.Command != "up" || me.Version != "1.0.0" || !alive(me.PID) || me.dead(me) {
		t.Errorf("%+v", me)
	}
	if again := Me("up", "1.0.0"); again.ID == me.ID || again.Machine != me.Machine {
		t.Errorf("%+v and %+v", me, again)
	}
	if (Holder{Host: me.Host, Machine: me.Machine}).dead(me) {
		t.Error("a holder without a process counts as dead")
	}
}
