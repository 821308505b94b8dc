package stack

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RandomLives draws lives of a stack: the file is edited, up runs, dies, loses
// replies, a stranger changes things behind our back, an agent goes, all goes. After
// every up that ends, the account, the state and the bill are those of a clean up
// of the same file. The bill is compared by the caller too, who knows prices.
func RandomLives(t *testing.T, bill func(*agents.Config, *awssim.Sim) error) {
	checks := "30"
	switch {
	case all():
		checks = cmp.Or(os.Getenv("KARMACTL_SWEEP_LIVES"), "150")
	case testing.Short():
		checks = "5"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.seed": seedOf(all()), "rapid.nofailfile": "true"} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, kinds := range map[string][]string{
		"edited":                  {"edit", "edit", "up", "pause"},
		"killed":                  {"edit", "up dies", "up dies", "down one", "up", "pause"},
		"drifting":                {"edit", "drift", "drift", "up", "up loses a reply"},
		"lost":                    {"edit", "up loses a reply", "the state is lost", "down one dies", "drift"},
		"taken down and up again": {"edit", "up", "down", "down dies", "up dies", "down one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wanted := map[string]*wanted{}
			rapid.Check(t, func(rt *rapid.T) {
				acts := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) act { return drawAct(rt, kinds) }), 2, 8).Draw(rt, "acts")
				l := &story{acts: append(acts, act{do: "up"}), wanted: wanted, bill: bill}
				l.prepare(t)
				var err error
				synctest.Test(t, func(t *testing.T) { err = l.live(t) })
				if err != nil {
					rt.Fatalf("%v\n%s", err, l)
				}
			})
		})
	}
}

// seedOf keeps the bounded forms the same from run to run; the long form draws others each time.
func seedOf(long bool) string {
	if long {
		return "0"
	}
	return "1"
}

// act is one step of a life.
type act struct {
	do   string
	what string
	n    int
}

func (a act) String() string { return strings.TrimSpace(fmt.Sprintf("%s %s %d", a.do, a.what, a.n)) }

func drawAct(rt *rapid.T, kinds []string) act {
	a := act{do: rapid.SampledFrom(kinds).Draw(rt, "do"), n: rapid.IntRange(1, 140).Draw(rt, "n")}
	switch a.do {
	case "edit":
		a.what = rapid.SampledFrom(slices.Sorted(maps.Keys(edits()))).Draw(rt, "what")
	case "drift":
		a.what = rapid.SampledFrom(slices.Sorted(maps.Keys(driftsByName()))).Draw(rt, "what")
	case "down one", "down one dies":
		a.what = rapid.SampledFrom(fileAgents).Draw(rt, "agent")
	}
	return a
}

// wanted is what a clean up of a file leaves.
type wanted struct {
	inventory []string
	keys      []engine.Key
	bill      string
}

// story is a life, from nothing to the last act.
type story struct {
	acts   []act
	wanted map[string]*wanted
	bill   func(*agents.Config, *awssim.Sim) error

	b       *stackBench
	file    file
	whole   bool // nothing was touched since the last up ended well
	drifted map[string]bool
	told    []string
}

// String is the sequence, with the file at its end.
func (l *story) String() string { return strings.Join(l.told, "\n") + "\n" + l.file.yaml() }

// newRandomBench is an account with a hosted zone in it.
func newRandomBench(t *testing.T, f file) *stackBench {
	t.Helper()
	b := newStackBench(t, parse(t, f.yaml()))
	if b.cfg.LoadBalancer.Domain == "" {
		if err := b.sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// prepare learns what a clean up of each file of the life leaves.
func (l *story) prepare(t *testing.T) {
	t.Helper()
	f := newFile()
	for _, a := range l.acts {
		f = f.after(a)
		if l.wanted[f.yaml()] != nil {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			b := newRandomBench(t, f)
			if err := b.run(stage{yaml: f.yaml()}); err != nil {
				t.Fatalf("a clean up of\n%s: %v", f.yaml(), err)
			}
			b.settled()
			l.wanted[f.yaml()] = &wanted{inventory: current(b.inventory()), keys: b.keys(), bill: b.bill()}
			if err := l.bill(b.cfg, b.sim); err != nil {
				t.Fatalf("a clean up of\n%s: %v", f.yaml(), err)
			}
		})
	}
}

// current leaves out old revisions, which stay for rollback, and what belongs to
// the account.
func current(inventory []string) []string { return slices.Compact(onlyAccounts(inventory)) }

// keys are what the state has of the stack. A service-linked role is the account's: it
// stays, and stays recorded, when the last agent that needed it is changed.
func (b *stackBench) keys() []engine.Key {
	var out []engine.Key
	for _, e := range b.rec.Entries() {
		if e.Key.Kind() != "slr" {
			out = append(out, e.Key)
		}
	}
	return out
}

// bill is what an hour costs, by noun.
func (b *stackBench) bill() string {
	meter, err := b.sim.Meter()
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for noun, usd := range meter {
		if !usd.IsZero() {
			lines = append(lines, noun+" "+usd.Round(9).String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (l *story) live(t *testing.T) error {
	l.file, l.drifted = newFile(), map[string]bool{}
	l.b = newRandomBench(t, l.file)
	for i, a := range l.acts {
		l.told = append(l.told, fmt.Sprintf("%2d %s", i, a))
		l.file = l.file.after(a)
		if err := l.step(a); err != nil {
			return fmt.Errorf("act %d, %s: %w", i, a, err)
		}
	}
	return nil
}

func (l *story) step(a act) error {
	s := stage{yaml: l.file.yaml(), down: strings.HasPrefix(a.do, "down")}
	if strings.HasPrefix(a.do, "down one") {
		if _, there := l.file.agents[a.what]; !there {
			return nil
		}
		s.agents = []string{a.what}
	}
	defer func() { l.whole = a.do == "up" || a.do == "up loses a reply" || l.whole && a.do == "pause" }()
	switch a.do {
	case "edit":
		return nil
	case "pause":
		time.Sleep(time.Duration(a.n) * 7 * time.Second)
		return nil
	case "drift":
		return l.drift(a.what)
	case "the state is lost": // and the next command is an up, of the same file
		if !l.whole {
			return nil
		}
		l.b.rec = engine.NewMemory(l.b.home.Clock)
		a.do = "up"
	}
	err := l.command(s, a)
	if err != nil || strings.HasSuffix(a.do, "dies") || s.down && len(s.agents) > 0 {
		return err
	}
	clear(l.drifted)
	if s.down {
		return l.gone(s)
	}
	return l.verify()
}

// drift changes something behind our back, at most once between two commands.
func (l *story) drift(name string) error {
	d := driftsByName()[name]
	if l.drifted[name] || !slices.Contains(l.b.keys(), engine.Key(d.key)) || !l.settledIn() {
		return nil
	}
	l.drifted[name] = true
	return l.b.sim.Edit(func(w *awssim.World) { d.edit(w) })
}

// settledIn tells whether the stack is complete, so that there is something to edit.
func (l *story) settledIn() bool { return l.whole || len(l.drifted) > 0 }

// command runs one command, with what is to happen to its n-th mutating call.
func (l *story) command(s stage, a act) error {
	dies := strings.HasSuffix(a.do, "dies")
	l.b.sim.ResetCalls()
	l.b.sim.Inject(func(c awssim.Call) awssim.Fault {
		switch {
		case !c.Mutating || c.N != a.n:
			return awssim.Fault{}
		case dies:
			return awssim.Fault{Kill: true}
		case a.do == "up loses a reply":
			return awssim.Fault{After: awssim.LostConnection()}
		}
		return awssim.Fault{}
	})
	err := l.b.run(s)
	if n := len(l.b.sim.Mutations()); n >= a.n && (dies || a.do == "up loses a reply") {
		l.told[len(l.told)-1] += ": " + l.b.sim.Mutations()[a.n-1].Name()
	}
	if dies && l.b.sim.Dead() {
		err = nil
	}
	l.b.sim.Inject(nil)
	return err
}

// verify compares the account, the state and the bill with those of a clean up.
func (l *story) verify() error {
	want := l.wanted[l.file.yaml()]
	s := l.b.fresh(true)
	w := l.b.walk(false, s.Steps()...)
	w.Orphans, w.Keep = s.Orphans(engine.Known(l.b.rec)), Keep(DownOptions{Images: true, Logs: true, Data: true})
	plan, err := w.Up(context.Background())
	if err == nil {
		err = plan.Err()
	}
	if err != nil {
		return err
	}
	if plan.Changes() {
		return fmt.Errorf("the plan after it is not empty: %s", verbs(plan))
	}
	for _, e := range l.b.rec.Entries() {
		if o, _ := plan.Get(e.Key); o.ID != e.ID {
			return fmt.Errorf("the state has %s as %s, the account as %q", e.Key, e.ID, o.ID)
		}
	}
	if diff := gocmp.Diff(want.keys, l.b.keys()); diff != "" {
		return fmt.Errorf("the state is not as it should be (-want +is):\n%s", diff)
	}
	if stray := l.b.outside(); len(stray) > 0 {
		return fmt.Errorf("ours, and not in the state: %v", stray)
	}
	l.b.settled()
	if diff := gocmp.Diff(want.inventory, current(l.b.inventory())); diff != "" {
		return fmt.Errorf("the account is not as it should be (-want +is):\n%s", diff)
	}
	if diff := gocmp.Diff(want.bill, l.b.bill()); diff != "" {
		return fmt.Errorf("an hour costs something else (-want +is):\n%s", diff)
	}
	return l.bill(l.b.cfg, l.b.sim)
}

// outside are the things that go by a key of ours and are not in the state.
func (b *stackBench) outside() []string {
	in := b.keys()
	return slices.DeleteFunc(b.sim.Inventory(), func(thing string) bool {
		_, name, _ := strings.Cut(thing, " ")
		_, known := kind(engine.Key(name).Kind())
		return !known || slices.Contains(in, engine.Key(name))
	})
}

// gone fails when a down has left something.
func (l *story) gone(s stage) error {
	l.b.settled()
	var left []string
	for _, thing := range onlyAccounts(l.b.inventory()) {
		if !strings.HasPrefix(thing, "secret karmacadabra") && !strings.HasPrefix(thing, "record ") {
			left = append(left, thing)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("down left %v", left)
	}
	kept := Keep(DownOptions{Images: true, Logs: true, Data: true}) // what proves the domain, and what is the account's
	for _, e := range l.b.rec.Entries() {
		if kept(e.Key) == "" {
			return fmt.Errorf("down left %s in the state", e.Key)
		}
	}
	l.b.sim.ResetCalls()
	if err := l.b.run(s); err != nil {
		return err
	}
	if m := l.b.sim.Mutations(); len(m) > 0 {
		return errors.New("a down with nothing to do calls " + m[0].Name())
	}
	return nil
}
