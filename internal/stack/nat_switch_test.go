package stack

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// threeAgents are a fleet in a network of two zones: a public agent, one that it calls, and a worker.
const threeAgents = `project: karmacadabra
environment: prod
region: us-east-1
tags: {Project: karmacadabra}
network: {nat: MODE}
secrets: {nested: ""}
observability: {dashboard: false, alarms: {enabled: false}}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim', scale: {cpu: 0, memory: 0}}
agents:
  web: {port: 9001, calls: [memory]}
  memory: {port: 9002, public: false}
  bot: {health: {command: "true"}}
`

func natMode(mode string) string { return strings.Replace(threeAgents, "MODE", mode, 1) }

// outages are the longest times, by agent, in which no task of it both ran and reached the internet.
type outages struct {
	mu            sync.Mutex
	now, longest  map[string]time.Duration
	watched, done chan struct{}
}

// watchOutages looks every second until it is told to stop.
func (b *stackBench) watchOutages() *outages {
	o := &outages{now: map[string]time.Duration{}, longest: map[string]time.Duration{}, watched: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(o.watched)
		for {
			select {
			case <-o.done:
				return
			case <-time.After(time.Second):
			}
			online, err := b.sim.Online()
			if err != nil {
				continue // the account answers no one while its caller is dead
			}
			o.mu.Lock()
			for _, a := range b.cfg.Agents {
				if online["service:karmacadabra-prod-"+a.Name]+online["service:"+a.Name] > 0 {
					o.now[a.Name] = 0
					continue
				}
				o.now[a.Name] += time.Second
				o.longest[a.Name] = max(o.longest[a.Name], o.now[a.Name])
			}
			o.mu.Unlock()
		}
	}()
	return o
}

func (o *outages) stop() map[string]time.Duration {
	close(o.done)
	<-o.watched
	return o.longest
}

// TestAStackGoesThroughAllWaysOutAndBack: no agent is without a task that reaches the internet for longer than an
// instance takes to be replaced, nothing is left over, and each way out is as if it had been the first.
func TestAStackGoesThroughAllWaysOutAndBack(t *testing.T) {
	for _, way := range [][]string{{"none", "instance", "single", "per-az", "instance", "none"}, {"single", "instance", "per-az", "none", "single"}} {
		t.Run(strings.Join(way, ", "), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, natMode(way[0])))
				if err := b.run(stage{yaml: natMode(way[0])}); err != nil {
					t.Fatal(err)
				}
				b.settled()
				began := current(b.inventory())
				for i, mode := range way[1:] {
					o := b.watchOutages()
					start := time.Now()
					if err := b.run(stage{yaml: natMode(mode)}); err != nil {
						t.Fatalf("to %s: %v", mode, err)
					}
					took := time.Since(start)
					b.settled()
					out := o.stop()
					t.Logf("%s to %s: %s, longest without the internet: %v", way[i], mode, took.Round(time.Second), out)
					for name, d := range out {
						t.Errorf("%s to %s: %s was %s without the internet", way[i], mode, name, d)
					}
					if again := b.planStack(); again.Changes() {
						t.Errorf("the plan after the change to %s is not empty: %s", mode, verbs(again))
					}
				}
				if way[0] == way[len(way)-1] {
					if diff := cmp.Diff(began, current(b.inventory())); diff != "" {
						t.Errorf("back at %s the account is another (-before +after):\n%s", way[0], diff)
					}
				}
				b.downStack()
				if left := onlyAccounts(b.inventory()); slices.ContainsFunc(left, func(s string) bool { return strings.Contains(s, "instance") || strings.Contains(s, "auto-scaling") }) {
					t.Errorf("down leaves %v", left)
				}
			})
		})
	}
}

// TestANATInstanceThatDiesIsReplacedByItselfAndANewImageByAPlan: the address stays, and the agents wait some minutes.
func TestANATInstanceThatDiesIsReplacedByItselfAndANewImageByAPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, natMode("instance")))
		if err := b.run(stage{yaml: natMode("instance")}); err != nil {
			t.Fatal(err)
		}
		b.settled()
		instance := func() (id string) {
			b.edit(func(w *awssim.World) {
				for _, i := range w.Instances {
					if i.Ended.IsZero() {
						id = i.ID
					}
				}
			})
			return id
		}
		address := func() (ip string) {
			b.edit(func(w *awssim.World) {
				for _, n := range w.NetworkInterfaces {
					if n.Own {
						ip = n.PublicIP
					}
				}
			})
			return ip
		}
		first, ip := instance(), address()
		o := b.watchOutages()
		b.edit(func(w *awssim.World) { w.Instances[first].Impaired = true })
		time.Sleep(10 * time.Minute)
		out := o.stop()
		t.Logf("an instance that dies: %v without the internet", out)
		if next := instance(); next == first || next == "" || address() != ip {
			t.Errorf("instance %s became %q, address %s became %s", first, next, ip, address())
		}
		for _, a := range b.cfg.Agents {
			if d := out[a.Name]; d < time.Minute || d > 4*time.Minute {
				t.Errorf("%s was %s without the internet", a.Name, d)
			}
		}
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan after the replacement is not empty: %s", verbs(res))
		}

		second := instance()
		b.edit(func(w *awssim.World) { w.LinuxImage = "ami-0aaaaaaaaaaaaaaaa" })
		plan := b.planStack()
		shown := verbs(plan)
		for _, want := range []string{"replace launch-template/nat-instance (image: " + awssim.LinuxImage + " -> ami-0aaaaaaaaaaaaaaaa)", "update asg/nat-instance", "(instance: "} {
			if !strings.Contains(shown, want) {
				t.Errorf("the plan has no %q: %s", want, shown)
			}
		}
		o = b.watchOutages()
		b.upStack(plan)
		out = o.stop()
		t.Logf("a new image: %v without the internet", out)
		if next := instance(); next == second || next == "" || address() != ip {
			t.Errorf("instance %s became %q, address %s became %s", second, next, ip, address())
		}
		for _, a := range b.cfg.Agents {
			if d := out[a.Name]; d > 3*time.Minute {
				t.Errorf("%s was %s without the internet", a.Name, d)
			}
		}
		b.edit(func(w *awssim.World) {
			if len(w.LaunchTemplates) != 1 {
				t.Errorf("%d launch templates are left", len(w.LaunchTemplates))
			}
		})
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan after the new image is not empty: %s", verbs(res))
		}

		// An up in the middle of a replacement waits until AWS is through with it.
		third := instance()
		b.edit(func(w *awssim.World) {
			w.Instances[third].Impaired, w.LinuxImage = true, "ami-0bbbbbbbbbbbbbbbb"
		})
		scaling := func() (is bool) {
			b.edit(func(w *awssim.World) {
				for _, i := range w.Instances {
					is = is || i.State == ec2types.InstanceStateNameShuttingDown || i.State == ec2types.InstanceStateNamePending
				}
			})
			return is
		}
		for range 600 {
			if scaling() {
				break
			}
			time.Sleep(time.Second)
		}
		if !scaling() {
			t.Fatal("the group did not begin to replace its instance")
		}
		b.upStack(b.planStack())
		if res := b.planStack(); res.Changes() || instance() == third {
			t.Errorf("after an up in the middle of a replacement %s runs, and the plan has %s", instance(), verbs(res))
		}
	})
}

// TestSweepAnyCallOfAChangeOfTheWayOutMayDie: the next up ends where an undisturbed one does.
func TestSweepAnyCallOfAChangeOfTheWayOutMayDie(t *testing.T) {
	for _, c := range [][2]string{{"single", "instance"}, {"instance", "single"}, {"none", "instance"}, {"instance", "none"}, {"per-az", "instance"}, {"instance", "per-az"}} {
		var want []string
		calls := 0
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, natMode(c[0])))
			for _, mode := range c {
				b.settled()
				b.sim.ResetCalls()
				if err := b.run(stage{yaml: natMode(mode)}); err != nil {
					t.Fatal(err)
				}
			}
			b.settled()
			calls, want = len(b.sim.Mutations()), current(b.inventory())
		})
		for _, n := range spread(calls, 9) {
			t.Run(fmt.Sprintf("%s to %s, dies at call %d of %d", c[0], c[1], n, calls), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newStackBench(t, parse(t, natMode(c[0])))
					if err := b.run(stage{yaml: natMode(c[0])}); err != nil {
						t.Fatal(err)
					}
					b.settled()
					b.sim.ResetCalls()
					b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
					err := b.run(stage{yaml: natMode(c[1])})
					if b.sim.Dead() {
						b.sim.Inject(nil)
						err = b.run(stage{yaml: natMode(c[1])})
					}
					if err != nil {
						t.Fatal(err)
					}
					b.settled()
					if diff := cmp.Diff(want, current(b.inventory())); diff != "" {
						t.Errorf("the account is not as it should be (-should +is):\n%s", diff)
					}
					if again := b.planStack(); again.Changes() {
						t.Errorf("the plan after it is not empty: %s", verbs(again))
					}
				})
			})
		}
	}
}
