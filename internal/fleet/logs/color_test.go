package logs

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestEveryColourIsReadableOnBlackAndOnWhite(t *testing.T) {
	all := palette[:]
	for _, paint := range levelColors {
		if _, number, ok := strings.Cut(strings.TrimSuffix(paint, "m"), "38;5;"); ok {
			n, err := strconv.ParseUint(number, 10, 8)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, uint8(n))
		}
	}
	if len(all) != len(palette)+3 {
		t.Errorf("there are %d colours", len(all))
	}
	for _, n := range all {
		y := 0.0
		for i, weight := range []float64{.2126, .7152, .0722} { // as WCAG 2 reckons it
			v := float64([]int{0, 95, 135, 175, 215, 255}[(int(n)-16)/[]int{36, 6, 1}[i]%6]) / 255
			y += weight * math.Pow((v+.055)/1.055, 2.4)
		}
		if black, white := (y+.05)/.05, 1.05/(y+.05); black < 3 || white < 3 {
			t.Errorf("colour %d is %.1f on black and %.1f on white", n, black, white)
		}
	}
}
