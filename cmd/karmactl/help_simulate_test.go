package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/awssim/registry"
)

func TestHelpNamesEveryTagThatMakesARehearsalFail(t *testing.T) {
	o := newOffice(t, oneAgent)
	code, said := o.run("", "help", "simulate")
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, said)
	}
	var told []string
	for _, m := range regexp.MustCompile(`(?m)^  :(\S+) `).FindAllStringSubmatch(said, -1) {
		told = append(told, m[1])
	}
	want := registry.Behaviours()
	slices.Sort(told)
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Errorf("help simulate has the tags %q, and the simulated AWS %q", told, want)
	}
	for l := range strings.Lines(said) {
		if len([]rune(l)) > 80+1 {
			t.Errorf("too wide: %q", l)
		}
	}
}
