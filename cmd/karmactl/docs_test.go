package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/ui"
)

//go:generate go test -run ^TestTheCommandDocsAreWhatTheHelpSays$ -count=1 . -update-docs

var updateDocs = flag.Bool("update-docs", false, "write docs/commands.md")

// TestTheCommandDocsAreWhatTheHelpSays makes docs/commands.md from the commands
// themselves, so that it cannot say anything else than --help.
func TestTheCommandDocsAreWhatTheHelpSays(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "commands.md")
	want := commandDocs(newRootCmd(&app{term: &ui.Terminal{}}))
	if *updateDocs {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/commands.md is not what the commands say: make gen")
	}
}

func commandDocs(root *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nMade from `karmactl help` by `make gen`; not edited by hand.\n\n%s.\n\n## Global flags\n\nEach has a variable: `--state` is `KARMACTL_STATE`.\n\n", root.Short)
	flagTable(&b, root.PersistentFlags())
	fmt.Fprintf(&b, "\n## Exit codes\n\n```\n%s\n```\n", strings.TrimPrefix(exitCodes, "Exit codes:\n"))
	for _, g := range root.Groups() {
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				commandDoc(&b, c)
			}
		}
	}
	return b.String()
}

func commandDoc(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n```\n%s\n```\n", strings.TrimPrefix(c.CommandPath(), "karmactl "), c.Short, c.UseLine())
	if long := strings.TrimSpace(c.Long); long != "" {
		fmt.Fprintf(b, "\n%s\n", strings.ReplaceAll(long, "<", "&lt;"))
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.ReplaceAll(c.Example, "\n  ", "\n")[2:])
	}
	if c.LocalFlags().HasAvailableFlags() {
		b.WriteString("\n")
		flagTable(b, c.LocalFlags())
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			commandDoc(b, sub)
		}
	}
}

func flagTable(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | what it does |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		switch f.DefValue {
		case "", "false", "0", "0s", "[]":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
	})
}
