//go:build wire

package wire

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

var update = flag.Bool("update", false, "rewrite testdata/unanswered.txt; new lines want a reason")

// called are the operations that the same scenarios call on the simulated AWS:
// all that karmactl asks of AWS from up to down.
func called(t *testing.T) []string {
	t.Helper()
	var ops []string
	for _, sc := range scenarios() {
		synctest.Test(t, func(t *testing.T) {
			sim, err := awssim.New(awssim.Options{Clock: engine.RealClock{}, Visible: time.Second, Latency: 20 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			cfg := cloud.WithOptions(sim.Config(), cloud.LostReplies)
			a := &account{emulator: emulator{name: "the simulated AWS"}, clock: engine.RealClock{}, wire: &recorder{}, cfg: cfg, plain: cfg}
			if a.Account, err = cloud.Whoami(t.Context(), cfg, cloud.Account{}); err != nil {
				t.Fatal(err)
			}
			stack := sc.config(t)
			if err := sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
				t.Fatal(err)
			}
			a.newLife(t, stack).run(t, sc.changed) // its account has the nested secret already
			for _, c := range sim.Calls() {
				ops = append(ops, c.Name())
			}
		})
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

// unanswered compares the operations that no emulator has answered with the list
// of the known ones, each with its reason.
func unanswered(t *testing.T, answered map[string]bool) {
	t.Helper()
	const file = "testdata/unanswered.txt"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if op, why, _ := strings.Cut(strings.TrimSpace(line), ": "); op != "" && !strings.HasPrefix(op, "#") {
			reasons[op] = why
		}
	}
	ops := called(t)
	var lines []string
	for _, op := range ops {
		why, known := reasons[op]
		switch {
		case answered[op] && known:
			t.Errorf("%s is answered now, take it off %s", op, file)
		case answered[op]:
		case !known || why == "":
			t.Errorf("no emulator has answered %s: put it into %s with the reason", op, file)
		}
		if !answered[op] {
			lines = append(lines, op+": "+why+"\n")
		}
		delete(reasons, op)
	}
	for op := range reasons {
		t.Errorf("%s is in %s, and the stack does not call it", op, file)
	}
	t.Logf("%d operations, %d of them unanswered", len(ops), len(lines))
	if *update {
		head := "# Operations of the whole stack that neither emulator answers, with the reason.\n"
		if err := os.WriteFile(file, []byte(head+strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
