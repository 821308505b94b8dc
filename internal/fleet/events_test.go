package fleet

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

func (b *bench) events(agents ...string) *Events {
	home := b.home()
	return &Events{API: home.Clients.ECS, Cluster: home.ClusterName(), Agents: agents, Clock: engine.RealClock{}}
}

// count is how many events of an agent say what matches.
func count(events []logs.Event, agent, pattern string) int {
	n := 0
	for _, e := range events {
		if e.Agent == agent && e.Source == "ecs" && regexp.MustCompile(pattern).MatchString(e.Message) {
			n++
		}
	}
	return n
}

func messages(events []logs.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Agent+": "+e.Message)
	}
	return all
}

func TestThePastHoldsWhatECSDidToTheAgentsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		began := time.Now().Add(-time.Hour)
		past, err := b.events("validator").Past(t.Context(), began, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(past, func(a, b logs.Event) int { return a.Time.Compare(b.Time) }) {
			t.Error("the past is out of order")
		}
		if count(past, "validator", `^task \w{8} started: revision 1 on fargate spot$`) != 1 || count(past, "karma-hello", ".") != 0 {
			t.Errorf("%v", past)
		}
		if n := count(past, "validator", `^registered 1 targets in \(target-group [\w-]+\)$`); n != 1 {
			t.Errorf("%d registrations in %v", n, past)
		}
		if early, err := b.events("validator").Past(t.Context(), began, began.Add(time.Minute)); err != nil || len(early) != 0 {
			t.Errorf("before the fleet there was %v, %v", early, err)
		}
	})
}

func TestWhatECSDoesIsToldOnceAndWhileItHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		events := b.events("validator", "karma-hello")
		if _, err := events.Past(t.Context(), time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		out, done := make(chan logs.Event), make(chan struct{})
		go func() {
			defer close(done)
			events.Follow(ctx, out, func(err error) { t.Error(err) })
		}()
		var got []logs.Event
		gather := func(d time.Duration) {
			for over := time.After(d); ; {
				select {
				case e := <-out:
					got = append(got, e)
				case <-over:
					return
				}
			}
		}
		gather(time.Minute)
		if len(got) != 0 {
			t.Errorf("told again: %v", got)
		}
		if err := b.sim.Edit(func(w *awssim.World) { w.InterruptSpot = true }); err != nil {
			t.Fatal(err)
		}
		gather(10 * time.Second)
		if err := b.sim.Edit(func(w *awssim.World) { w.InterruptSpot = false }); err != nil {
			t.Fatal(err)
		}
		gather(10 * time.Minute)
		cancel()
		<-done
		for _, agent := range []string{"validator", "karma-hello"} {
			if count(got, agent, `^task \w{8}: AWS takes its Spot capacity back`) != 1 {
				t.Errorf("%s: no notice of Spot, or more than one, in %q", agent, messages(got))
			}
			if count(got, agent, `^task \w{8} stopped: Your Spot Task was interrupted\.`) != 1 || count(got, agent, `^task \w{8} started: `) == 0 {
				t.Errorf("%s: what stopped and what came instead is not in %q", agent, messages(got))
			}
		}
		ids := map[string]bool{}
		for _, e := range got {
			if ids[e.ID] {
				t.Errorf("told twice: %v", e)
			}
			ids[e.ID] = true
		}
	})
}

func TestATaskThatCrashesIsToldWithItsExitCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.up()
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, x := range w.Tasks {
				if strings.HasSuffix(x.Service, "/validator") {
					x.Behaviour = "crash"
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		past, err := b.events("validator").Past(t.Context(), time.Now().Add(-5*time.Minute), time.Now())
		if err != nil || count(past, "validator", `^task \w{8} stopped: Essential container in task exited \(exit code 1\)$`) != 1 {
			t.Errorf("%v, %v", past, err)
		}
	})
}
