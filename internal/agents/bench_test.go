package agents

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func fleetOf(n int) []byte {
	var b strings.Builder
	b.WriteString("project: big\ndefaults: {cpu: 256, memory: 512, env: {LEVEL: info}, secrets: {KEY: key}, health: {path: /health}}\nagents:\n")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%d:\n    port: %d\n    scale: {min: 1, max: 4}\n    env: {NUMBER: %d}\n", i, 9000+i, i)
		if i > 0 {
			fmt.Fprintf(&b, "    calls: [agent-%d]\n", i-1)
		}
	}
	return []byte(b.String())
}

func TestFiveHundredAgentsAreCheckedAndTheQuotaIsTheOnlyProblem(t *testing.T) {
	src := fleetOf(500)
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, err := Parse("agents.yaml", src, "")
		best = min(best, time.Since(start))
		var problems *Problems
		if !errors.As(err, &problems) || len(problems.List) != 1 || !strings.Contains(err.Error(), "there are 500 public agents: at most 100") {
			t.Fatalf("got %v", err)
		}
	}
	// 100 ms is the promise; a shared or instrumented machine gets some room.
	if best > instrumented*400*time.Millisecond {
		t.Errorf("500 agents took %s", best)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{5, 95, 500} {
		src := fleetOf(n)
		b.Run(fmt.Sprintf("%d-agents", n), func(b *testing.B) {
			for b.Loop() {
				_, err := Parse("agents.yaml", src, "")
				if (err == nil) != (n <= 100) {
					b.Fatal(err)
				}
			}
		})
	}
}
