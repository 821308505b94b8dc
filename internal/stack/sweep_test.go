package stack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// swept is a small stack with a resource of every kind: interface endpoints, a
// domain, mail, tracing, a budget, agents that call each other.
const swept = `project: karmacadabra
environment: prod
region: us-east-1
budget: {monthly_usd: 300, emails: [ops@example.com]}
tags: {Project: karmacadabra}
network: {nat: single, endpoints: [s3, logs]}
load_balancer: {domain: agents.example.com}
observability: {log_retention_days: 7, xray: true, alarms: {emails: [ops@example.com]}}
secrets: {nested: karmacadabra, entry: "{agent}-agent"}
defaults:
  image: public.ecr.aws/docker/library/python:3.13-slim
  scale: {min: 1, max: 3, cpu: 75, memory: 80}
  secrets:
    PRIVATE_KEY: {key: private_key, optional: true}
agents:
  validator:
    port: 9001
  karma-hello:
    port: 9002
    calls: [validator]
  abracadabra:
    port: 9003
    calls: [validator]
`

// sweptSSM is the same stack with its secrets in parameters.
var sweptSSM = strings.Replace(swept, "nested: karmacadabra", "nested: karmacadabra, store: ssm", 1)

// sweptChanged is the same stack with one of everything changed: a port, a size,
// a tag, a retention, an endpoint more, an agent less and another one new.
var sweptChanged = strings.NewReplacer(
	"port: 9001", "port: 9101\n    cpu: 512\n    memory: 1024",
	"tags: {Project: karmacadabra}", "tags: {Project: karmacadabra, Team: agents}",
	"log_retention_days: 7", "log_retention_days: 14",
	"endpoints: [s3, logs]", "endpoints: [s3, logs, ecr.api]",
	"monthly_usd: 300", "monthly_usd: 400",
	"abracadabra:\n    port: 9003", "skill-extractor:\n    port: 9004",
).Replace(swept)

// all has the sweeps try every call instead of a spread of them (make sweep).
func all() bool { return os.Getenv("KARMACTL_SWEEP") == "all" }

// stride is the distance of the calls that a sweep tries: step of them in make
// test-race, which has a quarter of an hour, eight times as far in make test.
func stride(step int) int {
	switch {
	case all():
		return 1
	case testing.Short():
		return 8 * step
	}
	return step
}

// spread lists the calls that a sweep tries: the first, the last, and every
// step-th between.
func spread(last, step int) []int {
	step = stride(step)
	var out []int
	for n := 1; n < last; n += step {
		out = append(out, n)
	}
	return append(out, last)
}

// stage is one command of a stack's life.
type stage struct {
	name string
	yaml string
	down bool
	// agents are the agents that a down takes; none is all.
	agents []string
}

func life() []stage {
	return []stage{{name: "up", yaml: swept}, {name: "an up with changes", yaml: sweptChanged}, {name: "down", yaml: sweptChanged, down: true}}
}

// run is one command, as the user would start it; a dead process fails it.
func (b *stackBench) run(s stage) error {
	b.t.Helper()
	b.cfg = parse(b.t, s.yaml)
	stack := b.fresh(false)
	stack.DeleteImages = true
	w := b.walkOf(stack)
	w.Record = &mortal{Memory: b.rec, sim: b.sim}
	if len(s.agents) > 0 {
		w.Only = stack.OnlyOf(s.agents)
	}
	walk := w.Up
	if s.down {
		walk = w.Down
	}
	res, err := walk(context.Background())
	if err != nil {
		return err
	}
	return res.Err()
}

// undisturbed is what a life is compared with: what is there after each stage,
// and the calls that it made.
type undisturbed struct {
	inventory [][]string
	calls     [][]awssim.Call
	mutations []int
}

func clean(t *testing.T) *undisturbed {
	t.Helper()
	var out undisturbed
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		for _, s := range life() {
			b.sim.ResetCalls()
			if err := b.run(s); err != nil {
				t.Fatalf("%s: %v", s.name, err)
			}
			out.mutations = append(out.mutations, len(b.sim.Mutations()))
			out.calls = append(out.calls, b.sim.Calls())
			b.settled()
			out.inventory = append(out.inventory, b.inventory())
		}
	})
	return &out
}

// generated are the ids that AWS makes up, which differ from run to run.
var generated = regexp.MustCompile(`[0-9a-f]{12,}|[0-9a-f-]{36}`)

// inventory is what is there, whatever its ids.
func (b *stackBench) inventory() []string {
	all := b.sim.Inventory()
	for i := range all {
		all[i] = generated.ReplaceAllString(all[i], "#")
	}
	slices.Sort(all)
	return all
}

// settled lets what lingers go: interfaces of stopped tasks, the tasks of a
// deployment that was replaced.
func (b *stackBench) settled() {
	synctest.Wait()
	for range 4 { // the account moves when it is looked at: what one look begins, a later one ends
		time.Sleep(5 * time.Minute)
		b.sim.Inventory()
	}
}

// same fails when the account is not as after an undisturbed run, or when a
// plan is not empty.
func (b *stackBench) same(s stage, want []string, what string) {
	b.t.Helper()
	b.settled()
	if diff := cmp.Diff(want, b.inventory()); diff != "" {
		b.t.Errorf("%s: %s: the account is not as it should be (-should +is):\n%s", s.name, what, diff)
	}
	if s.down {
		return
	}
	if again := b.planStack(); again.Changes() {
		b.t.Errorf("%s: %s: the plan after it is not empty: %s", s.name, what, verbs(again))
	}
}

// TestSweepAnyCallMayGoWrong takes a stack through its life. In each of its
// commands one mutating call takes effect, and then the process dies, or only
// the reply is lost. Nothing may be lost or made twice.
func TestSweepAnyCallMayGoWrong(t *testing.T) {
	want := clean(t)
	t.Logf("mutating calls of %s, %s, %s: %v", life()[0].name, life()[1].name, life()[2].name, want.mutations)
	for name, f := range map[string]struct {
		fault awssim.Fault
		step  int
	}{
		"the process dies":        {awssim.Fault{Kill: true}, 7},
		"the connection is lost":  {awssim.Fault{After: awssim.LostConnection()}, 13},
		"a 500 after it was done": {awssim.Fault{After: awssim.ServerError()}, 17},
	} {
		for _, n := range spread(slices.Max(want.mutations), f.step) {
			t.Run(fmt.Sprintf("%s at call %d", name, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { survive(t, want, f.fault, n) })
			})
		}
	}
}

func survive(t *testing.T, want *undisturbed, fault awssim.Fault, n int) {
	b := newStackBench(t, parse(t, swept))
	for i, s := range life() {
		b.sim.ResetCalls()
		hit := "nothing"
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if !c.Mutating || c.N != n {
				return awssim.Fault{}
			}
			hit = c.Name()
			return fault
		})
		err := b.run(s)
		if fault.Kill && b.sim.Dead() {
			b.sim.Inject(nil)
			err = b.run(s)
		}
		b.sim.Inject(nil)
		what := fmt.Sprintf("call %d, %s", n, hit)
		if err != nil {
			t.Fatalf("%s: %s: %v", s.name, what, err)
		}
		b.same(s, want.inventory[i], what)
		if t.Failed() {
			return
		}
	}
}

// TestSweepAnUpThatDiedMayGoOnWithAnotherFile edits the file after the process
// died: what it had begun and the file does not want any more must not stay behind.
func TestSweepAnUpThatDiedMayGoOnWithAnotherFile(t *testing.T) {
	less := strings.NewReplacer(
		"  abracadabra:\n    port: 9003\n    calls: [validator]\n", "", "endpoints: [s3, logs]", "endpoints: []", "xray: true", "xray: false",
		"budget: {monthly_usd: 300, emails: [ops@example.com]}\n", "", ", alarms: {emails: [ops@example.com]}", "",
	).Replace(swept)
	var want []string
	mutations := 0
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		if err := b.run(stage{yaml: swept}); err != nil {
			t.Fatal(err)
		}
		mutations = len(b.sim.Mutations())
	})
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, less))
		if err := b.run(stage{yaml: less}); err != nil {
			t.Fatal(err)
		}
		b.settled()
		want = current(b.inventory())
	})
	for _, n := range spread(mutations, 5) {
		t.Run(fmt.Sprintf("dies at call %d", n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, swept))
				b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
				if err := b.run(stage{yaml: swept}); err == nil || !b.sim.Dead() {
					t.Fatalf("the process did not die: %v", err)
				}
				calls := b.sim.Mutations()
				b.sim.Inject(nil)
				s := stage{name: "up with less", yaml: less}
				if err := b.run(s); err != nil {
					t.Fatalf("call %d, %s: %v", n, calls[n-1].Name(), err)
				}
				b.settled()
				if diff := cmp.Diff(want, current(b.inventory())); diff != "" {
					t.Errorf("call %d, %s: the account is not as it should be (-should +is):\n%s", n, calls[n-1].Name(), diff)
				}
				if again := b.planStack(); again.Changes() {
					t.Errorf("call %d, %s: the plan after it is not empty: %s", n, calls[n-1].Name(), verbs(again))
				}
			})
		})
	}
}

// operations are the names of all calls of a life, sorted.
func (u *undisturbed) operations() []string {
	names := map[string]bool{}
	for _, calls := range u.calls {
		for _, c := range calls {
			names[c.Name()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// first does something to the first calls of an operation in each command.
type first struct {
	mu    sync.Mutex
	seen  map[string]int
	times int
	only  string
	fault func(awssim.Call) awssim.Fault
}

func (f *first) inject(c awssim.Call) awssim.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen[c.Name()] >= f.times || (f.only != "" && f.only != c.Name()) {
		return awssim.Fault{}
	}
	f.seen[c.Name()]++
	return f.fault(c)
}

// TestSweepEveryOperationMayBeTroubled has AWS throttle, fail or delay the first
// calls of every operation: all of them in one life; then one by one, of which
// make test-race takes a spread, another one for each trouble.
func TestSweepEveryOperationMayBeTroubled(t *testing.T) {
	want := clean(t)
	operations := want.operations()
	t.Logf("%d operations", len(operations))
	for trouble, f := range map[string]struct {
		from  int // where its spread of the operations begins
		times int
		fault func(awssim.Call) awssim.Fault
	}{
		"throttled twice":              {0, 2, func(c awssim.Call) awssim.Fault { return awssim.Fault{Before: awssim.Throttled(c.Service)} }},
		"failed with a 500":            {1, 1, func(awssim.Call) awssim.Fault { return awssim.Fault{Before: awssim.ServerError()} }},
		"done and answered with a 500": {2, 1, func(awssim.Call) awssim.Fault { return awssim.Fault{After: awssim.ServerError()} }},
		"cut off before it was done":   {3, 1, func(awssim.Call) awssim.Fault { return awssim.Fault{Before: awssim.LostConnection()} }},
		"answered late":                {4, 1, func(awssim.Call) awssim.Fault { return awssim.Fault{Delay: 20 * time.Second} }},
	} {
		names := []string{""}
		if all() {
			names = append(names, operations...)
		} else {
			for n := f.from; n < len(operations); n += stride(5) {
				names = append(names, operations[n])
			}
		}
		for _, only := range names {
			t.Run(trouble+" "+only, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					b := newStackBench(t, parse(t, swept))
					for i, s := range life() {
						troubled := &first{seen: map[string]int{}, times: f.times, only: only, fault: f.fault}
						b.sim.Inject(troubled.inject)
						err := b.run(s)
						b.sim.Inject(nil)
						if err != nil {
							t.Fatalf("%s: %v", s.name, err)
						}
						b.same(s, want.inventory[i], trouble)
					}
				})
			})
		}
	}
}

// TestSweepRolesAndIdsMayBeLate has new ids and listings late by some seconds.
func TestSweepRolesAndIdsMayBeLate(t *testing.T) {
	want := clean(t)
	for _, late := range []time.Duration{0, 5 * time.Second, 15 * time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, swept))
				b.bench = newBench(t, awssim.Options{Visible: late, Latency: 50 * time.Millisecond, Throttle: true})
				if err := b.sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
					t.Fatal(err)
				}
				for i, s := range life() {
					if err := b.run(s); err != nil {
						t.Fatalf("%s: %v", s.name, err)
					}
					b.same(s, want.inventory[i], "ids visible after "+late.String())
				}
			})
		})
	}
}

// spared are permissions that karmactl does without when they are missing: they
// save calls, or explain a refusal in more words.
var spared = map[string]bool{
	"servicediscovery:ListOperations":    true, // tells a namespace that is going from one that stays
	"tag:GetResources":                   true, // every service is asked for its own tags instead
	"iam:GetAccountAuthorizationDetails": true, // every role is asked for by name instead
	"ec2:DescribeNetworkInterfaces":      true, // says who holds what cannot be deleted
}

// TestSweepEveryMissingPermissionIsNamed starts with an operator who may do
// nothing, and grants only what the messages name until the life goes through.
// No permission may be missing silently, and nothing may be made twice on the way.
func TestSweepEveryMissingPermissionIsNamed(t *testing.T) {
	want := clean(t)
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, swept))
		granted := map[string]bool{}
		for _, c := range want.calls[0] { // what is asked before the walk has an error of its own
			if c.Name() == "EC2.DescribeAvailabilityZones" || c.Name() == "EC2.DescribeSubnets" || c.Service == "Route 53" && strings.HasPrefix(c.Operation, "ListHostedZones") {
				granted[cloud.Action(c.Service, c.Operation)] = true
			}
		}
		refused := map[string]bool{}
		var mu sync.Mutex
		deny := func(c awssim.Call) awssim.Fault {
			mu.Lock()
			defer mu.Unlock()
			action := cloud.Action(c.Service, c.Operation)
			if granted[action] {
				return awssim.Fault{}
			}
			refused[action] = true
			return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
		}
		for i, s := range life() {
			rounds := 0
			for ; ; rounds++ {
				b.sim.Inject(deny)
				named := b.refusals(s)
				b.sim.Inject(nil)
				if len(named) == 0 {
					break
				}
				fresh := false
				for _, action := range named {
					fresh = fresh || !granted[action]
					granted[action] = true
				}
				if !fresh {
					t.Fatalf("%s: the permissions named, %v, were granted already", s.name, named)
				}
			}
			t.Logf("%s: %d rounds", s.name, rounds)
			b.same(s, want.inventory[i], "granted one by one")
		}
		for action := range refused {
			if !granted[action] && !spared[action] {
				t.Errorf("%s was refused, and nobody said so", action)
			}
		}
	})
}

// refusals runs a command and lists the permissions that its errors name; any
// other error fails the test.
func (b *stackBench) refusals(s stage) []string {
	b.t.Helper()
	b.cfg = parse(b.t, s.yaml)
	stack := b.fresh(false)
	stack.DeleteImages = true
	w := b.walkOf(stack)
	walk := w.Up
	if s.down {
		walk = w.Down
	}
	res, err := walk(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	var named []string
	for _, o := range res.Outcomes {
		if o.Err == nil {
			continue
		}
		text := cloud.Explain(o.Err, b.home.Account).Error()
		_, after, ok := strings.Cut(text, "permission ")
		action, _, missing := strings.Cut(after, " is missing in account 123456789012")
		if !ok || !missing {
			b.t.Fatalf("%s: %s: %s", s.name, o.Key, text)
		}
		named = append(named, action)
	}
	slices.Sort(named)
	return slices.Compact(named)
}
