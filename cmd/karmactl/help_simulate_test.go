package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/awssim/registry"
	"github.com/karmacadabra/karmactl/internal/ui"
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

func TestHelpFitsItsReadersWindowAndBreaksNoWord(t *testing.T) {
	var look func(c *cobra.Command, path []string)
	look = func(c *cobra.Command, path []string) {
		in := func(width int) string {
			var out locked
			a := &app{term: ui.NewWindow(strings.NewReader(""), &out, &out, width, 24), stop: make(chan struct{}), leaveSignals: func() {}}
			if code := a.run(context.Background(), append(slices.Clone(path), "--help")); code != 0 {
				t.Fatalf("%q: exit %d:\n%s", path, code, out.String())
			}
			return out.String()
		}
		small := in(80)
		for l := range strings.Lines(small) {
			if w := lipgloss.Width(strings.TrimRight(l, "\n")); w > 80 {
				t.Errorf("help of %q has %d columns: %s", path, w, l)
			}
		}
		if wide := in(100); !slices.Equal(strings.Fields(strings.ReplaceAll(small, "\\\n", "")), strings.Fields(strings.ReplaceAll(wide, "\\\n", ""))) {
			t.Errorf("help of %q has other words in another window:\n%s\n%s", path, small, wide)
		}
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				look(sub, append(slices.Clone(path), sub.Name()))
			}
		}
	}
	look(newRootCmd(&app{term: ui.NewTerminal(strings.NewReader(""), io.Discard, io.Discard, os.Getenv)}), nil)
}
