package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
)

// still is a clock that always shows the same time.
type still time.Time

func (s still) Now() time.Time                            { return time.Time(s) }
func (s still) Wait(context.Context, time.Duration) error { return nil }

var noon = time.Date(2026, 9, 12, 12, 0, 0, 0, time.UTC)

// fleetRows are so many agents in the middle of a deployment; bad is one whose first task failed.
func fleetRows(n int, bad bool) []*AgentRow {
	names := []string{"validator", "karma-hello", "abracadabra", "skill-extractor", "voice-extractor"}
	var rows []*AgentRow
	for i := range n {
		name := fmt.Sprintf("worker-%d", i+1)
		if i < len(names) {
			name = names[i]
		}
		r := &AgentRow{Agent: name, From: 2, To: 3, Image: "v1.4.2", Desired: 1, Usual: 90 * time.Second, Began: noon.Add(-52 * time.Second)}
		switch {
		case bad && i == n/2:
			r.Trouble, r.Share, r.Phase = true, 1.0/3, "pulls its image"
			r.Tasks = []string{"task 589fb216 (rev 3) pulls its image", "task ecee6563 (rev 2) is healthy"}
		case i%3 == 1:
			r.Done, r.Healthy, r.Share, r.Phase = true, 1, 1, "successful"
		case i%3 == 2:
			r.Healthy, r.Share, r.Phase = 1, 5.0/6, "old tasks leave"
		default:
			r.Share, r.Phase = 2.0/3, "checking health"
		}
		rows = append(rows, r)
	}
	return rows
}

func TestADeploymentHasOneLineAnAgent(t *testing.T) {
	for _, size := range []struct{ width, height int }{{80, 24}, {100, 30}, {140, 40}} {
		var b strings.Builder
		for _, n := range []int{1, 5, 14} {
			for _, bad := range []bool{false, true} {
				lines := agentLines(fleetRows(n, bad), paint(false), size.width, size.height-1, 0, still(noon))
				fmt.Fprintf(&b, "%d agents, one of them in trouble: %t\n%s\n\n", n, bad, strings.Join(lines, "\n"))
				if len(lines) > size.height-1 {
					t.Errorf("%d agents need %d lines of %d", n, len(lines), size.height)
				}
				for _, l := range lines {
					if lipgloss.Width(l) >= size.width {
						t.Errorf("%d columns are too few for %q", size.width, l)
					}
				}
			}
		}
		golden(t, fmt.Sprintf("board.%dx%d", size.width, size.height), b.String())
	}
}

func TestWhatDoesNotFitIsCountedAndTroubleIsKept(t *testing.T) {
	rows := fleetRows(14, true)
	got := strings.Join(agentLines(rows, paint(false), 100, 9, 0, still(noon)), "\n")
	for _, want := range []string{"! worker-8", "task 589fb216 (rev 3) pulls its image", "under way"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for _, r := range rows {
		r.Trouble, r.Done = false, true
	}
	if got := agentLines(rows, paint(false), 100, 11, 0, still(noon)); !strings.HasSuffix(got[len(got)-1], "… 4 more, all well") || len(got) != 11 {
		t.Errorf("of 14 agents that are well, 11 lines show\n%s", strings.Join(got, "\n"))
	}
	rows[12].Trouble = true
	if got := agentLines(rows, paint(false), 60, 11, 0, still(noon)); !strings.Contains(got[0], "✘ worker-13") {
		t.Errorf("the one in trouble is not first:\n%s", strings.Join(got, "\n"))
	}
}
