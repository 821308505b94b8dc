package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	dns "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func TestNamesAreMovedAndPutBackFiftyTimesWithoutARequestUnanswered(t *testing.T) {
	turns := 50
	if testing.Short() {
		turns = 2
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		before := b.zoneText()
		rounds, failed := b.under(func() {
			for turn := range turns {
				code, said := b.run("", "cutover", "--yes")
				if code != 0 || !strings.Contains(said, "Moved: the names lead to shop-next-") || !strings.Contains(said, b.old+": no more requests") {
					t.Fatalf("turn %d: cutover exits %d:\n%s", turn, code, said)
				}
				code, said = b.run("", "cutover", "--back", "--yes")
				if code != 0 || !strings.Contains(said, "Put back") || !strings.Contains(said, ": no more requests") {
					t.Fatalf("turn %d: back exits %d:\n%s", turn, code, said)
				}
				if after := b.zoneText(); after != before {
					t.Fatalf("turn %d: the records (-before +after):\n%s", turn, cmp.Diff(before, after))
				}
			}
		})
		if len(failed) > 0 || rounds < 100*turns {
			t.Errorf("%d of %d rounds were not answered, such as %v", len(failed), rounds, failed[:min(1, len(failed))])
		}
		if code, said := b.run("", "cutover", "--back", "--yes"); code != exitError || !strings.Contains(said, "nothing to put back") {
			t.Errorf("back without a cutover exits %d:\n%s", code, said)
		}
		if code, said := b.run("", "plan"); code != 0 || strings.Contains(said, "record/agents.example.com") {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
	})
}

func TestAfterACutoverThePlanIsEmptyAndTakesTheRecordsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		code, said := b.run("", "cutover", "--dry-run")
		golden(t, "cutover_dry_run.txt", b.plain(said))
		if code != 0 || len(b.sim.Mutations()) > 0 {
			t.Errorf("dry run exits %d after %v", code, b.sim.Mutations())
		}
		code, said = b.run("", "cutover", "--yes")
		golden(t, "cutover.txt", b.plain(said))
		if code != 0 {
			t.Errorf("exits %d", code)
		}
		if code, said := b.run("", "plan"); code != 0 || !strings.Contains(said, "take records: false out") {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
		b.sim.ResetCalls()
		if code, said := b.run("", "cutover", "--yes"); code != 0 || !strings.Contains(said, "lead to shop-next-") || !strings.Contains(said, "already") {
			t.Errorf("again exits %d:\n%s", code, said)
		}
		b.rewrite("  records: false\n", "")
		if code, said := b.run("", "plan", "--detailed-exitcode"); code != 0 {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
		b.must("", "up", "--yes")
		for _, c := range b.sim.Mutations() {
			if c.Service != "S3" {
				t.Errorf("taking the records over calls %s", c.Name())
			}
		}
		if code, said := b.run("", "state", "list"); code != 0 || !strings.Contains(said, "record/agents.example.com") {
			t.Errorf("state list exits %d:\n%s", code, said)
		}
		code, said = b.run("", "cutover", "--back", "--yes")
		golden(t, "cutover_back.txt", b.plain(said))
		if code != 0 {
			t.Errorf("back exits %d", code)
		}
		if code, said := b.run("", "state", "list"); code != 0 || strings.Contains(said, "record/agents.example.com") {
			t.Errorf("state list exits %d:\n%s", code, said)
		}
		b.rewrite("agents.example.com\n", "agents.example.com\n  records: false\n")
		if code, said := b.run("", "plan", "--detailed-exitcode"); code != 0 {
			t.Errorf("plan exits %d:\n%s", code, said)
		}
	})
}

// Every call of a cutover and of its way back may be the last of its process, or may lose its
// reply: the same command again ends it, and no request is lost.
func TestACutoverThatDiesAtAnyCallIsGoneOnWith(t *testing.T) {
	t.Chdir(t.TempDir()) // a state that cannot be written is left here
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		before := b.zoneText()
		aside := b.keep()
		b.must("", "cutover", "--yes", "--watch", "0")
		moved := b.zoneText()
		over := b.keep()
		for _, way := range []struct {
			what, zone string
			from       func()
			args       []string
		}{
			{"cutover", moved, aside, []string{"cutover", "--yes", "--watch", "0"}},
			{"back", before, over, []string{"cutover", "--back", "--yes", "--watch", "0"}},
		} {
			way.from()
			b.sim.ResetCalls()
			b.must("", way.args...)
			n := len(b.sim.Mutations())
			if n < 5 {
				t.Fatalf("%s: only %d calls write", way.what, n)
			}
			for at := 1; at <= n; at++ {
				for _, fault := range []awssim.Fault{{Kill: true}, {After: awssim.LostConnection()}} {
					if testing.Short() && (at+n)%8 != 0 {
						continue
					}
					way.from()
					what := fmt.Sprintf("%s, call %d of %d, killed %v", way.what, at, n, fault.Kill)
					_, failed := b.under(func() { b.diesAtCall(what, at, fault, way.args) })
					if got := b.zoneText(); got != way.zone {
						t.Errorf("%s: the records (-want +got):\n%s", what, cmp.Diff(way.zone, got))
					}
					if len(failed) > 0 {
						t.Errorf("%s: %d rounds unanswered, such as %v", what, len(failed), failed[0])
					}
				}
			}
		}
	})
}

func (b *besides) diesAtCall(what string, at int, fault awssim.Fault, args []string) {
	n := 0
	b.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Mutating {
			if n++; n == at {
				return fault
			}
		}
		return awssim.Fault{}
	})
	code, said := b.run("", args...)
	died := b.sim.Dead()
	b.sim.Inject(nil)
	if !died && code != 0 {
		b.t.Errorf("%s: exits %d:\n%s", what, code, said)
	}
	if died {
		time.Sleep(30 * time.Minute) // the lock of what died ends
	}
	if code, said := b.run("", args...); code != 0 && !strings.Contains(said, "nothing to put back") {
		b.t.Errorf("%s: again exits %d:\n%s", what, code, said)
	}
}

func TestACutoverRefusesWhatWouldLoseRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		back := b.keep()
		refusals := []struct {
			what, says string
			args       string
			prepare    func()
		}{
			{"an agent at 0", "chat is scaled to 0", "cutover --yes", func() { b.must("", "scale", "chat=0", "--yes") }},
			{"weighted records", "seller.agents.example.com A is one of several that share the name (weighted, blue has 10)", "cutover --yes", func() {
				s := b.set("seller.agents.example.com", "A")
				w := *s
				w.SetIdentifier, w.Weight = aws.String("blue"), aws.Int64(10)
				b.change(dns.Change{Action: dns.ChangeActionDelete, ResourceRecordSet: s}, dns.Change{Action: dns.ChangeActionCreate, ResourceRecordSet: &w})
			}},
			{"no answer", "there is no terminal to ask on", "cutover", func() {}},
			{"a name that is delegated", "agents.example.com is delegated to other name servers", "cutover --dry-run", func() {
				b.change(values("agents.example.com", dns.RRTypeNs, 300, "ns.example.net."))
			}},
		}
		for _, r := range refusals {
			back()
			r.prepare()
			if r.what == "an agent at 0" {
				time.Sleep(5 * time.Minute)
			}
			b.sim.ResetCalls()
			code, said := b.run("", strings.Fields(r.args)...)
			if code == 0 || !strings.Contains(said, r.says) {
				t.Errorf("%s exits %d:\n%s", r.what, code, said)
			}
			if slices.ContainsFunc(b.sim.Mutations(), func(c awssim.Call) bool { return c.Service == "Route 53" }) {
				t.Errorf("%s: records are changed", r.what)
			}
		}
		back()
		b.must("", "cutover", "--yes", "--watch", "0")
		if err := b.sim.Edit(func(w *awssim.World) {
			for _, g := range w.TargetGroups {
				if strings.Contains(g.Name, "2025061108300000000000") { // Terraform's
					clear(g.Targets)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		if code, said := b.run("", "cutover", "--back", "--yes"); code != exitError || !strings.Contains(said, "has no healthy target: nothing is led back to it") {
			t.Errorf("back exits %d:\n%s", code, said)
		}
	})
}

func TestWhateverPermissionACutoverMissesIsNamed(t *testing.T) {
	every := 8
	if !testing.Short() {
		every = 1
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		aside := b.keep()
		b.denyEach(aside, every, strings.Fields("cutover --dry-run"))
		b.denyEach(aside, every, strings.Fields("cutover --yes"))
		b.must("", "cutover", "--yes", "--watch", "0")
		over := b.keep()
		b.denyEach(over, every, strings.Fields("cutover --back --yes"))
	})
}

func TestAnAgentThatFailsAfterTheMoveIsToldWithTheWayBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBesides(t)
		go func() {
			time.Sleep(8 * time.Minute) // the names are moved by then
			_ = b.sim.Edit(func(w *awssim.World) {
				for _, g := range w.TargetGroups {
					if strings.Contains(g.Name, "chat") && !strings.Contains(g.Name, "20250611") {
						clear(g.Targets)
					}
				}
			})
		}()
		code, said := b.run("", "cutover", "--yes")
		if code != exitError || !strings.Contains(said, "the names are moved, and agents are not healthy: chat has no healthy target") || !strings.Contains(said, "karmactl cutover --back") {
			t.Errorf("exits %d:\n%s", code, said)
		}
		b.must("", "cutover", "--back", "--yes", "--watch", "0")
	})
}
