package ui

import (
	"bytes"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
)

// A table says the same in every window: what has no room is below.
func TestATableLosesNoCellInANarrowWindow(t *testing.T) {
	x := Table{Columns: []string{"when", "who", "what"}, Rows: [][]string{
		{"2026-11-12 14:35", "operator", "changed task-definition/validator and service/validator"},
		{"2026-11-12 14:21", "", "105 made"},
	}}
	for width, want := range map[int]string{
		100: `
when              who       what
2026-11-12 14:35  operator  changed task-definition/validator and service/validator
2026-11-12 14:21            105 made
`,
		60: `
when              who       what
2026-11-12 14:35  operator  changed
                            task-definition/validator and
                            service/validator
2026-11-12 14:21            105 made
`,
		40: `
when  who  what
2026-11-12 14:35  operator
  changed task-definition/validator and
  service/validator
2026-11-12 14:21  105 made
`,
	} {
		var out bytes.Buffer
		term := NewTerminal(strings.NewReader(""), &out, &out, func(string) string { return "" })
		term.Screen, term.size = true, func() (int, int) { return width, 24 }
		term.Table(x)
		if got := "\n" + out.String(); got != want {
			t.Errorf("in %d columns it is%s", width, got)
		}
		for l := range strings.Lines(out.String()) {
			if w := lipgloss.Width(strings.TrimRight(l, "\n")); w > width {
				t.Errorf("%d columns in a window of %d: %q", w, width, l)
			}
		}
	}
}
