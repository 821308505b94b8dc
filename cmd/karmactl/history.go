package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type historyOptions struct{ limit int }

func (o *historyOptions) addFlags(f *pflag.FlagSet) {
	f.IntVarP(&o.limit, "limit", "n", 10, "how many")
}

func newHistoryCmd(a *app) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use: "history", Short: "Who changed the stack, when and with which command", Args: cobra.NoArgs,
		Long: `Lists the commands that changed the stack, newest first: who ran them, when, and what
was made, changed and deleted. It is read from the versions of the state, which are
kept for 90 days. What changes nothing in the state, such as scale or a restart, is
not in it.`,
		Example: `  karmactl history
  karmactl history -n 50 -o json`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runHistory(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runHistory(ctx context.Context, s *session, o historyOptions) error {
	if o.limit < 1 {
		return &usageError{fmt.Errorf("--limit %d: allowed are 1 and above", o.limit)}
	}
	backend, err := s.backend()
	if err != nil {
		return err
	}
	runs, complete, err := state.Runs(ctx, backend, o.limit)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		d := document.History{Head: document.Of("History"), Stack: s.cfg.Stack(), Region: s.account.Region, Complete: complete, Runs: []document.Run{}}
		for _, r := range runs {
			d.Runs = append(d.Runs, document.Run{
				Who: r.Who, Command: r.Command, Began: r.Began.UTC(), Ended: r.Ended.UTC(), Made: keyTexts(r.Made), Changed: keyTexts(r.Changed), Deleted: keyTexts(r.Deleted),
			})
		}
		return s.app.term.Document(&d)
	}
	if len(runs) == 0 {
		s.app.term.Printf("Nothing has changed the stack yet.\n")
		return nil
	}
	table := ui.Table{Columns: []string{"when", "who", "command", "what"}}
	for _, r := range runs {
		who, command := cmp.Or(r.Who, "–"), cmp.Or(r.Command, "–")
		table.Rows = append(table.Rows, []string{r.Ended.Local().Format("2006-01-02 15:04"), who, command, changesOf(r)})
	}
	s.app.term.Table(table)
	return nil
}

func keyTexts(keys []engine.Key) []string {
	out := []string{}
	for _, k := range keys {
		out = append(out, string(k))
	}
	return out
}

// changesOf names what a run did: the keys where they are few, else how many.
func changesOf(r state.Run) string {
	const few = 3
	var parts []string
	for _, p := range []struct {
		verb string
		keys []engine.Key
	}{{"made", r.Made}, {"changed", r.Changed}, {"deleted", r.Deleted}} {
		switch {
		case len(p.keys) > few:
			parts = append(parts, fmt.Sprintf("%d %s", len(p.keys), p.verb))
		case len(p.keys) > 0:
			parts = append(parts, p.verb+" "+strings.Join(keyTexts(p.keys), " "))
		}
	}
	if len(parts) == 0 {
		return "nothing made or deleted"
	}
	return strings.Join(parts, ", ")
}
