package fleet

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// bench is the shipped stack, up in a simulated account.
type bench struct {
	t     *testing.T
	sim   *awssim.Sim
	cfg   *agents.Config
	rec   *engine.Memory
	names []string
}

// newBench brings the stack up. Call it inside synctest.Test, which begins on
// Saturday, 1 January 2000, 00:00 UTC.
func newBench(t *testing.T, change func(*agents.Config)) *bench {
	t.Helper()
	cfg, err := agents.Load(filepath.Join("..", "..", "config", "agents.yaml"), "")
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(cfg)
	}
	sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Visible: time.Second, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	b := &bench{t: t, sim: sim, cfg: cfg, rec: engine.NewMemory(engine.RealClock{})}
	for _, a := range cfg.Agents {
		b.names = append(b.names, a.Name)
	}
	return b
}

func (b *bench) home() *provision.Env {
	return &provision.Env{
		Stack: b.cfg.Stack(), Project: b.cfg.Project, Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"}, Tags: b.cfg.Tags,
		Clients: cloud.NewClients(cloud.WithOptions(b.sim.Config(), cloud.LostReplies)), Inventory: cloud.NewInventory(engine.RealClock{}), Clock: engine.RealClock{},
	}
}

func (b *bench) walk(rec engine.Recorder, c Change) {
	b.t.Helper()
	res, err := engine.Walk{
		Steps: c.Steps, Orphans: c.Orphans, Record: rec, Clock: engine.RealClock{}, Classify: cloud.Classify, Apply: true,
	}.Up(context.Background())
	if err == nil {
		err = res.Err()
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// up is karmactl up.
func (b *bench) up() {
	b.t.Helper()
	home := b.home()
	facts, err := stack.ReadLookup(context.Background(), b.cfg, home)
	if err != nil {
		b.t.Fatal(err)
	}
	b.walk(b.rec, Change{Steps: stack.New(b.cfg, home, facts).Steps()})
}

func (b *bench) scaled() map[string]Scaled {
	b.t.Helper()
	now, err := ReadScaled(context.Background(), b.home(), b.names)
	if err != nil {
		b.t.Fatal(err)
	}
	return now
}

func (b *bench) schedule(name string, now bool) {
	b.t.Helper()
	c, err := Schedule(b.home(), b.cfg, b.scaled(), b.cfg.Schedules[name], time.Now(), now)
	if err != nil {
		b.t.Fatal(err)
	}
	b.walk(engine.NewMemory(engine.RealClock{}), c)
}

// desired is how many tasks the validator's service is to have.
func (b *bench) desired() int {
	b.t.Helper()
	n := -1
	if err := b.sim.Edit(func(w *awssim.World) {
		for _, x := range w.Services {
			if x.Name == "validator" {
				n = x.Desired
			}
		}
	}); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) rings() bool {
	b.t.Helper()
	return !b.sim.AlarmIsMuted("karmacadabra-prod-validator-few-healthy")
}

// quiet fails the test when f writes.
func (b *bench) quiet(what string, f func()) {
	b.t.Helper()
	b.sim.ResetCalls()
	f()
	if m := b.sim.Mutations(); len(m) > 0 {
		b.t.Errorf("%s writes: %d calls, the first is %s", what, len(m), m[0].Name())
	}
}

func TestOfficeHoursRunAWholeWeekAndUpWakesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.schedule("office-hours", false)
		if n := b.desired(); n != 1 {
			t.Errorf("without --now there are %d tasks on Saturday night, want 1 as before", n)
		}
		b.schedule("office-hours", true)
		if n := b.desired(); n != 0 {
			t.Errorf("with --now there are %d tasks on Saturday night, want 0", n)
		}
		b.quiet("the same schedule again", func() { b.schedule("office-hours", true) })
		b.quiet("up in the off hours", b.up)
		if b.desired() != 0 || b.rings() {
			t.Error("up in the off hours wakes the validator or its alarm")
		}
		// Monday, 3 January, 14:01 UTC is 09:01 in New York.
		for _, c := range []struct {
			at    time.Time
			want  int
			rings bool
		}{
			{time.Date(2000, 1, 3, 13, 59, 0, 0, time.UTC), 0, false},
			{time.Date(2000, 1, 3, 14, 1, 0, 0, time.UTC), 1, false}, // the task is not there yet
			{time.Date(2000, 1, 3, 14, 16, 0, 0, time.UTC), 1, true},
			{time.Date(2000, 1, 3, 22, 59, 0, 0, time.UTC), 1, true},
			{time.Date(2000, 1, 3, 23, 1, 0, 0, time.UTC), 0, false},
			{time.Date(2000, 1, 4, 5, 0, 0, 0, time.UTC), 0, false}, // midnight in New York
			{time.Date(2000, 1, 7, 14, 16, 0, 0, time.UTC), 1, true},
			{time.Date(2000, 1, 8, 14, 16, 0, 0, time.UTC), 0, false},
		} {
			time.Sleep(time.Until(c.at))
			if n := b.desired(); n != c.want || b.rings() != c.rings {
				t.Errorf("at %s there are %d tasks, and the alarm rings: %t; want %d, %t", c.at.Format("Mon 15:04"), n, b.rings(), c.want, c.rings)
			}
		}
		b.quiet("the same schedule later", func() { b.schedule("office-hours", false) })
		c := Unschedule(b.home(), b.cfg, b.scaled())
		b.walk(engine.NewMemory(engine.RealClock{}), c)
		if b.desired() != 1 || !b.rings() {
			t.Errorf("after off: %d tasks, alarm on %t", b.desired(), b.rings())
		}
		if left := b.muteRules(); left != 0 {
			t.Errorf("after off there are %d mute rules", left)
		}
		b.quiet("up after off", b.up)
	})
}

// muteRules are how many the account has.
func (b *bench) muteRules() (n int) {
	b.t.Helper()
	if err := b.sim.Edit(func(w *awssim.World) { n = len(w.AlarmMuteRules) }); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func TestAnAlarmThatAnEarlierScheduleTurnedOffIsArmedInTheHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.schedule("office-hours", true)
		if err := b.sim.Edit(func(w *awssim.World) { // what an earlier karmactl left
			clear(w.AlarmMuteRules)
			*w.Alarms["karmacadabra-prod-validator-few-healthy"].Alarm.ActionsEnabled = false
		}); err != nil {
			t.Fatal(err)
		}
		b.schedule("office-hours", false)
		time.Sleep(time.Until(time.Date(2000, 1, 3, 5, 30, 0, 0, time.UTC)))
		if b.rings() {
			t.Error("the alarm is not muted at night")
		}
		time.Sleep(time.Until(time.Date(2000, 1, 3, 15, 0, 0, 0, time.UTC)))
		if !b.rings() {
			t.Error("the alarm is muted in the hours")
		}
	})
}

func TestAnAlarmTakesItsMuteRulesWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.schedule("office-hours", false)
		if n := b.muteRules(); n != 3*len(b.names) {
			t.Errorf("there are %d mute rules, want 3 for each agent", n)
		}
		a := &provision.Alarm{Env: b.home(), Name: "validator/" + agents.AlarmFewHealthy}
		if err := a.Delete(context.Background(), "karmacadabra-prod-validator-few-healthy"); err != nil {
			t.Fatal(err)
		}
		if n := b.muteRules(); n != 3*(len(b.names)-1) {
			t.Errorf("%d mute rules are left, want the other agents'", n)
		}
	})
}

func TestOfficeHoursNeedNoMuteRulesInCloudWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if strings.Contains(c.Operation, "MuteRule") {
				return awssim.Fault{Before: &smithy.GenericAPIError{Code: "InvalidAction", Message: "Unknown action: " + c.Operation}}
			}
			return awssim.Fault{}
		})
		b.schedule("office-hours", false)
		if n := len(b.scaled()["validator"].actions); n != 2 {
			t.Errorf("the validator has %d scheduled actions, want 2", n)
		}
		b.walk(engine.NewMemory(engine.RealClock{}), Unschedule(b.home(), b.cfg, b.scaled()))
		if n := len(b.scaled()["validator"].actions); n != 0 {
			t.Errorf("%d scheduled actions are left", n)
		}
	})
}

func TestASetNumberStaysUntilAuto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		set := func(arg string) {
			t.Helper()
			target, err := ParseTarget(arg)
			if err != nil {
				t.Fatal(err)
			}
			b.walk(engine.NewMemory(engine.RealClock{}), Scale(b.home(), b.cfg, b.scaled(), []Target{target}))
		}
		set("validator=0")
		if b.desired() != 0 || b.rings() {
			t.Errorf("at 0: %d tasks, alarm on %t", b.desired(), b.rings())
		}
		b.quiet("up", b.up)
		set("validator=3")
		if b.desired() != 3 || !b.rings() || !b.scaled()["validator"].Manual {
			t.Errorf("at 3: %d tasks, alarm on %t", b.desired(), b.rings())
		}
		b.quiet("up", b.up)
		set("validator=auto")
		if now := b.scaled()["validator"]; now.Manual || now.Min != 1 || now.Max != 3 {
			t.Errorf("auto leaves %+v", now)
		}
		b.quiet("up", b.up)
	})
}

func TestAnAlarmThatTheUserMutedStaysMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		if err := b.sim.Edit(func(w *awssim.World) {
			*w.Alarms["karmacadabra-prod-validator-few-healthy"].Alarm.ActionsEnabled = false
		}); err != nil {
			t.Fatal(err)
		}
		b.walk(engine.NewMemory(engine.RealClock{}), Scale(b.home(), b.cfg, b.scaled(), []Target{{Agent: "validator", Min: 2, Max: 2}}))
		if b.rings() {
			t.Error("scaling from 1 to 2 tasks arms an alarm that scale did not mute")
		}
	})
}

func TestScalingsAreReadStrictly(t *testing.T) {
	for arg, want := range map[string]Target{
		"validator=3":    {Agent: "validator", Min: 3, Max: 3},
		"validator=0":    {Agent: "validator"},
		"validator=1-5":  {Agent: "validator", Min: 1, Max: 5},
		"validator=auto": {Agent: "validator", Auto: true},
	} {
		if got, err := ParseTarget(arg); err != nil || got != want {
			t.Errorf("%s: %+v, %v", arg, got, err)
		}
	}
	for _, arg := range []string{"validator", "validator=", "=3", "validator=-1", "validator=5-1", "validator=x", "validator=1-", "validator=5001"} {
		if _, err := ParseTarget(arg); err == nil {
			t.Errorf("%s is taken", arg)
		}
	}
}
