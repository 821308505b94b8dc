package ui

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/document"
)

func TestColoursAreForcedAndTakenAwayByTheUsualVariables(t *testing.T) {
	for set, want := range map[string]bool{"": false, "FORCE_COLOR=1": true, "FORCE_COLOR=0": false, "CLICOLOR_FORCE=1": true, "FORCE_COLOR=1 NO_COLOR=1": false} {
		var out, errs bytes.Buffer
		term := NewTerminal(strings.NewReader(""), &out, &errs, func(name string) string {
			for _, v := range strings.Fields(set) {
				if n, value, _ := strings.Cut(v, "="); n == name {
					return value
				}
			}
			return ""
		})
		term.Fault(&document.Error{Message: "it failed"})
		term.Status(StatusScreen{Columns: []string{"agent"}, Rows: []StatusRow{{Cells: []string{"validator"}, Sign: Bad}}, Repaint: true})
		if got := strings.Contains(out.String(), "\x1b["); got != want {
			t.Errorf("with %q the table has colours: %t", set, got)
		}
		if got := strings.Contains(errs.String(), "\x1b["); got != want {
			t.Errorf("with %q the error has colours: %t", set, got)
		}
		if strings.Contains(out.String(), "\x1b[2J") {
			t.Errorf("with %q a pipe is cleared like a screen", set)
		}
	}
}

func TestEveryColourIsReadableOnBlackAndOnWhite(t *testing.T) {
	for _, color := range []string{green, red, yellow, blue} {
		n, err := strconv.Atoi(color)
		if err != nil || n < 16 {
			t.Errorf("colour %s is as the terminal likes", color)
			continue
		}
		y := luminance(n)
		black, white := (y+.05)/.05, 1.05/(y+.05)
		t.Logf("colour %s: %.1f on black, %.1f on white", color, black, white)
		if black < 3 || white < 3 { // the least of WCAG 2, 1.4.11
			t.Errorf("colour %s is %.1f on black and %.1f on white", color, black, white)
		}
	}
}

// luminance is that of a colour of the cube of 256, as WCAG 2 reckons it.
func luminance(n int) float64 {
	y := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		at := (n - 16) / []int{36, 6, 1}[i] % 6
		v := float64([]int{0, 95, 135, 175, 215, 255}[at]) / 255
		y += weight * math.Pow((v+.055)/1.055, 2.4)
	}
	return y
}
