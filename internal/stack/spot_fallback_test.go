package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// onSpot is a worker that is on demand when Spot is dry for two minutes.
const onSpot = `
network: {nat: none, azs: 1}
secrets: {nested: ""}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}
agents:
  bot: {spot: {fallback: 2m}}
`

func (b *stackBench) dry(is bool) {
	b.edit(func(w *awssim.World) { w.NoSpotCapacity = is })
}

// runsOn are the capacity providers of the tasks that run.
func (b *stackBench) runsOn() string {
	var on []string
	b.edit(func(w *awssim.World) {
		for _, t := range w.Tasks {
			if t.Status == "RUNNING" {
				on = append(on, t.Provider)
			}
		}
	})
	slices.Sort(on)
	return strings.Join(on, " ")
}

// turn is what status --watch and doctor --fix do.
func (b *stackBench) turn() *engine.Result {
	b.t.Helper()
	home := b.fresh(false).Env
	agent, _ := b.cfg.Agent("bot")
	w := engine.Walk{
		Steps: []engine.Step{engine.Manage(provision.NewSpotTurn(home, agent))}, Record: engine.NewMemory(home.Clock), Clock: home.Clock, Classify: cloud.Classify, Apply: true,
	}
	return b.done(w.Up(context.Background()))
}

func TestAnUpThatWaitsForSpotGoesOnDemandAfterTheTimeOfTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, onSpot))
		b.dry(true)
		began := time.Now()
		b.upStack(nil)
		if on, took := b.runsOn(), time.Since(began); on != "FARGATE" || took < 2*time.Minute || took > 8*time.Minute {
			t.Errorf("after %s it runs on %q", took, on)
		}
		plan := b.planStack()
		if plan.Changes() {
			t.Errorf("the plan takes the turn for drift: %s", verbs(plan))
		}
		o, _ := plan.Get("service/bot")
		if len(o.Notes) != 1 || !strings.Contains(o.Notes[0], "bot runs on demand since ") {
			t.Errorf("the plan says %q of it", o.Notes)
		}
	})
}

func TestAnAgentOnDemandGoesBackToSpotOnceAndAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, onSpot))
		b.dry(true)
		b.upStack(nil)
		b.dry(false)
		time.Sleep(20 * time.Minute)
		if b.turn().Changes() {
			t.Error("it goes back before its half hour is over")
		}
		time.Sleep(15 * time.Minute)
		plan := b.planStack()
		if o, _ := plan.Get("service/bot"); len(o.Changes) != 1 || !strings.HasSuffix(o.Changes[0].Now, "Spot is tried again") {
			t.Errorf("the plan does not say that Spot is tried again, but %v", o.Changes)
		}
		if !b.turn().Changes() {
			t.Error("it does not go back")
		}
		time.Sleep(5 * time.Minute)
		if on := b.runsOn(); on != "FARGATE_SPOT" {
			t.Errorf("it runs on %q", on)
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after that is not empty: %s", verbs(plan))
		}
	})
}

func TestTheTimeOnDemandDoublesWhileSpotStaysDryAndATaskRunsThroughout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, onSpot))
		b.dry(true)
		b.upStack(nil)
		began, turns := time.Now(), []time.Duration{}
		for time.Since(began) < 6*time.Hour {
			if b.turn().Changes() {
				turns = append(turns, time.Since(began).Round(time.Minute))
			}
			if b.runsOn() == "" {
				t.Fatalf("after %s no task runs", time.Since(began))
			}
			time.Sleep(time.Minute)
		}
		// Back after 30 minutes, on demand again minutes later, then for one hour, two, four.
		if n := len(turns); n < 6 || n > 7 {
			t.Errorf("in six hours it turns %d times: %v", n, turns)
		}
	})
}

func TestSpotThatIsTakenFromARunningAgentIsReplacedOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, onSpot))
		b.upStack(nil)
		if b.turn().Changes() {
			t.Error("an agent that runs on Spot turns")
		}
		b.edit(func(w *awssim.World) { w.NoSpotCapacity, w.InterruptSpot = true, true })
		for range 20 {
			time.Sleep(30 * time.Second)
			b.turn()
		}
		if on := b.runsOn(); on != "FARGATE" {
			t.Errorf("it runs on %q", on)
		}
		b.downStack()
	})
}

func TestAnAgentWithoutFallbackWaitsForSpot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, strings.Replace(onSpot, "{spot: {fallback: 2m}}", "{spot: true}", 1)))
		b.upStack(nil)
		b.edit(func(w *awssim.World) { w.NoSpotCapacity, w.InterruptSpot = true, true })
		time.Sleep(20 * time.Minute)
		if b.turn().Changes() || b.planStack().Changes() {
			t.Error("it changes")
		}
	})
}
