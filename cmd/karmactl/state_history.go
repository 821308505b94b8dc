package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type stateHistoryOptions struct {
	limit  int
	writes bool
}

func (o *stateHistoryOptions) addFlags(f *pflag.FlagSet) {
	f.IntVar(&o.limit, "limit", 20, "how many")
	f.BoolVar(&o.writes, "writes", false, "a line for each write, not for each run of a command")
}

func newStateHistoryCmd(a *app) *cobra.Command {
	var o stateHistoryOptions
	cmd := &cobra.Command{
		Use: "history", Short: "The versions of the state, newest first", Args: cobra.NoArgs,
		Example: "  karmactl state history --limit 50\n  karmactl state history --writes",
		Long: `Lists what wrote the state, newest first: the version that each run of a command left,
which state restore takes, when and by whom, and in how many writes. An up writes after
each resource, so that nothing is lost when it is killed; --writes lists these versions
one by one, and -o json always does.`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runStateHistory(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runStateHistory(ctx context.Context, s *session, o stateHistoryOptions) error {
	backend, err := s.backend()
	if err != nil {
		return err
	}
	if !o.writes && !s.app.term.JSON {
		return showRunsOfState(ctx, s, backend, o)
	}
	vs, err := state.History(ctx, backend, o.limit)
	if err != nil {
		return err
	}
	if s.app.term.JSON {
		d := document.StateHistory{Head: document.Of("StateHistory"), Versions: []document.StateVersion{}}
		for _, v := range vs {
			d.Versions = append(d.Versions, document.StateVersion{ID: v.ID, Time: v.Time, Bytes: v.Size, Serial: v.Serial, Current: v.Current})
		}
		return s.app.term.Document(&d)
	}
	longest := 0
	for _, v := range vs {
		longest = max(longest, len(v.ID))
	}
	for _, v := range vs {
		serial, mark := fmt.Sprintf("  serial %d", v.Serial), ""
		if v.ID == fmt.Sprint(v.Serial) { // a file's versions are called so
			serial = ""
		}
		if v.Current {
			mark = "  current"
		}
		s.app.term.Printf("%-*s  %s%s  %d bytes%s\n", longest, v.ID, v.Time.UTC().Format(time.DateTime), serial, v.Size, mark)
	}
	return nil
}

// showRunsOfState is a row for each run of a command.
func showRunsOfState(ctx context.Context, s *session, backend state.Backend, o stateHistoryOptions) error {
	runs, _, err := state.Runs(ctx, backend, o.limit)
	if err != nil {
		return err
	}
	table := ui.Table{Columns: []string{"version", "when", "who", "command", "writes", ""}}
	for _, r := range runs {
		who, command, mark := cmp.Or(r.Who, "–"), cmp.Or(r.Command, "–"), ""
		if r.Last.Current {
			mark = "current"
		}
		table.Rows = append(table.Rows, []string{r.Last.ID, r.Ended.Local().Format(time.DateTime), who, command, fmt.Sprint(r.Writes), mark})
	}
	s.app.term.Table(table)
	return nil
}
