package ui

import (
	"bytes"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
)

func statusOn(width int) []string {
	var out bytes.Buffer
	t := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
	if width > 0 {
		t.Screen, t.size = true, func() (int, int) { return width, 40 }
	}
	row := []string{"skill-extractor", "1/1", "1 spot", "12", "9b1e0c2d4f5a", "1/1", "42%", "▁▂▃▄▅▆▇█▁▂▃▄", "61%", "▁▂▃▄▅▆▇█▁▂▃▄", "0", "2m ago has reached a steady state, and goes on for rather long"}
	t.Status(StatusScreen{
		Head: "karmacadabra-prod", Rows: []StatusRow{{Cells: row}}, Spare: []int{9, 7, 11, 4},
		Columns: []string{"agent", "tasks", "on", "rev", "image", "healthy", "cpu", "", "memory", "", "5xx/h", "last event"},
	})
	return strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
}

func TestNoRowOfStatusIsWiderThanTheScreen(t *testing.T) {
	for width := 72; width <= 200; width++ {
		for _, l := range statusOn(width) {
			if w := lipgloss.Width(l); w > width {
				t.Errorf("%d columns on a screen of %d: %s", w, width, l)
			}
		}
	}
}

func TestANarrowScreenKeepsWhatMattersMost(t *testing.T) {
	for width, want := range map[int]string{
		0:   "  ✔ skill-extractor  1/1    1 spot  12   9b1e0c2d4f5a  1/1      42%  ▁▂▃▄▅▆▇█▁▂▃▄  61%     ▁▂▃▄▅▆▇█▁▂▃▄  0      2m ago has reached a steady state, and goes on for rather long",
		120: "  ✔ skill-extractor  1/1    1 spot  12   9b1e0c2d4f5a  1/1      42%  61%     0      2m ago has reached a steady state,…",
		82:  "  ✔ skill-extractor  1/1    1 spot  12   9b1e0c2d4f5a  1/1      42%  61%     0",
		80:  "  ✔ skill-extractor  1/1    1 spot  12   1/1      42%  61%     0",
	} {
		if got := statusOn(width)[2]; got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}

func TestTheURLsAreWholeOrTheCommandThatPrintsThem(t *testing.T) {
	const url = "http://karmacadabra-prod-1000000028.us-east-1.elb.amazonaws.com/voice-extractor/"
	for width, want := range map[int]string{
		0:   "  validator        " + strings.ReplaceAll(url, "voice-extractor", "validator") + "\n  voice-extractor  " + url + "\n",
		140: "  validator        " + strings.ReplaceAll(url, "voice-extractor", "validator") + "\n  voice-extractor  " + url + "\n",
		80:  "  where the agents answer: karmactl outputs\n",
	} {
		var out bytes.Buffer
		term := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
		term.Screen, term.size = width > 0, func() (int, int) { return width, 40 }
		term.Status(StatusScreen{Head: "karmacadabra-prod", Columns: []string{"agent"}, URLs: []Pair{{"validator", strings.ReplaceAll(url, "voice-extractor", "validator")}, {"voice-extractor", url}}})
		if _, got, _ := strings.Cut(out.String(), "agent\n"); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
	}
}
