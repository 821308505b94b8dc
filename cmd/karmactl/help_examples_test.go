package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// Each command begins its help with examples, and what they type is there: the command,
// its flags, and as many arguments as it takes.
func TestEachCommandHasExamplesThatItTakes(t *testing.T) {
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
				continue
			}
			if sub.Example == "" {
				t.Errorf("%s has no example", sub.CommandPath())
			}
			for line := range strings.Lines(sub.Example) {
				typed(t, sub, line)
			}
			look(sub)
		}
	}
	look(newRootCmd(&app{term: &ui.Terminal{}}))
}

// typed parses an example's line as the shell would hand it over, as far as words go.
func typed(t *testing.T, c *cobra.Command, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, " #")
	line, _, _ = strings.Cut(line, " >")
	if _, after, piped := strings.Cut(line, "| "); piped {
		line = after
	}
	if _, within, ok := strings.Cut(line, "$("); ok {
		line, _, _ = strings.Cut(within, ")")
	}
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "karmactl" {
		t.Errorf("%s: %q does not call karmactl", c.CommandPath(), line)
		return
	}
	root := newRootCmd(&app{term: &ui.Terminal{}})
	found, rest, err := root.Find(words[1:])
	if err != nil || !strings.HasPrefix(found.CommandPath(), c.CommandPath()) {
		t.Errorf("%q is of %v: %v", line, found.CommandPath(), err)
		return
	}
	if err := found.ParseFlags(rest); err != nil {
		t.Errorf("%q: %v", line, err)
	}
	if err := found.ValidateArgs(found.Flags().Args()); err != nil {
		t.Errorf("%q: %v", line, err)
	}
}
