package stack

import (
	"context"
	"fmt"
	"maps"
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
	mutations := clean(t).mutations[0]
	for name, yaml := range map[string]string{"less": less, "a single bot": aSingleBot} {
		var want []string
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, yaml))
			if err := b.run(stage{yaml: yaml}); err != nil {
				t.Fatal(err)
			}
			b.settled()
			want = current(b.inventory())
		})
		for _, n := range spread(mutations, 5) {
			t.Run(fmt.Sprintf("dies at call %d, then %s", n, name), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { goOnWith(t, yaml, want, n) })
			})
		}
	}
}

// aSingleBot wants next to nothing of what the swept fleet has.
const aSingleBot = `project: karmacadabra
environment: prod
network: {nat: none, azs: 1, endpoints: []}
secrets: {nested: ""}
observability: {dashboard: false, alarms: {enabled: false}}
agents:
  bot: {image: "public.ecr.aws/docker/library/python:3.13-slim", scale: {cpu: 0, memory: 0}}
`

// goOnWith kills the first up at its nth mutating call, of which the state knows that it was
// sent and not what came of it, and brings up yaml: the account is then as yaml alone makes it.
func goOnWith(t *testing.T, yaml string, want []string, n int) {
	b := newStackBench(t, parse(t, swept))
	b.sim.Inject(func(c awssim.Call) awssim.Fault { return awssim.Fault{Kill: c.Mutating && c.N == n} })
	if err := b.run(stage{yaml: swept}); err == nil || !b.sim.Dead() {
		t.Fatalf("the process did not die: %v", err)
	}
	died := b.sim.Mutations()[n-1].Name()
	b.sim.Inject(nil)
	if err := b.run(stage{name: "up with less", yaml: yaml}); err != nil {
		t.Fatalf("call %d, %s: %v", n, died, err)
	}
	b.settled()
	if diff := cmp.Diff(want, current(b.inventory())); diff != "" {
		t.Errorf("call %d, %s: the account is not as it should be (-should +is):\n%s", n, died, diff)
	}
	if again := b.planStack(); again.Changes() {
		t.Errorf("call %d, %s: the plan after it is not empty: %s", n, died, verbs(again))
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
				b := newStackBenchIn(t, parse(t, swept), awssim.Options{Visible: late, Latency: 50 * time.Millisecond, Throttle: true})
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
			before := []string{"EC2.DescribeAvailabilityZones", "EC2.DescribeSubnets", "EC2.DescribeSecurityGroups", "EC2.DescribeVpcs", "Route 53.ListHostedZones"}
			if slices.Contains(before, c.Name()) {
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
