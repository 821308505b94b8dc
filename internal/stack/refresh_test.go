package stack

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TestARefreshSeesWhatALargeFleetsPlanBelieves: beyond ten agents a plan believes what the
// state knows of settings that AWS tells one at a time. Up believes the same, so that the
// plan shows what up does; with Refresh both ask.
func TestARefreshSeesWhatALargeFleetsPlanBelieves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleet(t, 12))
		b.upStack(nil)
		b.settled()
		b.edit(func(w *awssim.World) {
			for _, r := range w.Repositories {
				if strings.HasSuffix(r.Name, "/agent-00") {
					r.Lifecycle = ""
				}
			}
			for _, g := range w.TargetGroups {
				if g.Tags["karmactl:key"] == "target-group/agent-01" {
					g.Attributes["deregistration_delay.timeout_seconds"] = "300"
				}
			}
		})
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan asks for what the state knows: %s", verbs(plan))
		}
		b.sim.ResetCalls()
		b.upStack(nil)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("up does what the plan does not show: %s", m[0].Name())
		}
		refreshed := b.refreshed(false)
		for key, field := range map[engine.Key]string{"repository/agent-00": "lifecycle_policy", "target-group/agent-01": "drain"} {
			o, _ := refreshed.Get(key)
			if len(o.Changes) != 1 || o.Changes[0].Field != field {
				t.Errorf("%s: a refresh shows %s %v instead of %q", key, o.Verb, o.Changes, field)
			}
		}
		b.refreshed(true)
		time.Sleep(time.Minute)
		if again := b.refreshed(false); again.Changes() {
			t.Errorf("the plan after the repair is not empty: %s", verbs(again))
		}
	})
}

// refreshed walks the stack as plan and up do with --refresh.
func (b *stackBench) refreshed(apply bool) *engine.Result {
	b.t.Helper()
	s := b.fresh(!apply)
	w := b.walk(apply, s.Steps()...)
	w.Refresh, w.Keep = true, Keep(DownOptions{Images: true, Logs: true, Data: true})
	return b.done(w.Up(context.Background()))
}

// TestAnotherRepositoryOfTheSameNameIsNotBelieved: its name is its id, and the new one has no policy.
func TestAnotherRepositoryOfTheSameNameIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, fleet(t, 12))
		b.upStack(nil)
		b.settled()
		b.edit(func(w *awssim.World) {
			for _, r := range w.Repositories {
				if strings.HasSuffix(r.Name, "/agent-00") {
					r.Lifecycle, r.Created = "", r.Created.Add(-time.Hour)
				}
			}
		})
		o, _ := b.planStack().Get("repository/agent-00")
		if len(o.Changes) != 1 || o.Changes[0].Field != "lifecycle_policy" {
			t.Errorf("the plan shows %s %v", o.Verb, o.Changes)
		}
	})
}
