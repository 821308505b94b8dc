package fleet

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
)

// TestOutsideOfficeHoursAQueueWakesNoAgent: the bounds are 0 to 0 then, above which no policy scales. What waits has its
// tasks within minutes of the start, and at the stop they go, whatever waits.
func TestOutsideOfficeHoursAQueueWakesNoAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *agents.Config) {
			for i := range c.Agents {
				if c.Agents[i].Name == "validator" {
					c.Agents[i].Scale = agents.Scale{Min: 0, Max: 5, Queue: agents.Queue{Name: "acme-jobs", PerTask: 10}}
				}
			}
		})
		holds := func(n int) {
			b.edit(func(w *awssim.World) { w.Queues = map[string]awssim.Queue{"acme-jobs": {Visible: n}} })
		}
		until := func(at time.Time, step time.Duration, do func()) {
			for time.Now().Before(at) {
				time.Sleep(min(step, time.Until(at)))
				b.sim.Inventory() // the account moves when it is looked at
				do()
			}
		}
		holds(0)
		b.up()
		b.schedule("office-hours", true)
		holds(35) // on a Saturday
		w, err := b.cfg.Schedules["office-hours"].Window()
		if err != nil {
			t.Fatal(err)
		}
		monday := time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)
		for !w.Open(monday) {
			monday = monday.Add(time.Minute)
		}
		until(monday.Add(-time.Minute), 6*time.Hour, func() {
			if n := b.desired(); n != 0 {
				t.Fatalf("at %s it has %d tasks", time.Now().UTC().Format("Mon 15:04"), n)
			}
		})
		until(monday.Add(5*time.Minute), 30*time.Second, func() {})
		if n := b.desired(); n != 4 {
			t.Errorf("five minutes after the start it has %d tasks, and 35 messages at 10 a task wait", n)
		}
		stop := monday
		for w.Open(stop) {
			stop = stop.Add(time.Minute)
		}
		until(stop.Add(3*time.Minute), 10*time.Minute, func() {})
		if n := b.desired(); n != 0 {
			t.Errorf("after the stop it has %d tasks", n)
		}
		until(stop.Add(3*time.Hour), 10*time.Minute, func() {
			if n := b.desired(); n != 0 {
				t.Fatalf("at %s it has %d tasks", time.Now().UTC().Format("Mon 15:04"), n)
			}
		})
	})
}
