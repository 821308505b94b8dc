package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/state"
)

type stateHistoryOptions struct{ limit int }

func (o *stateHistoryOptions) addFlags(f *pflag.FlagSet) {
	f.IntVar(&o.limit, "limit", 20, "how many")
}

func newStateHistoryCmd(a *app) *cobra.Command {
	var o stateHistoryOptions
	cmd := &cobra.Command{
		Use: "history", Short: "The versions of the state, newest first", Args: cobra.NoArgs,
		Example: `  karmactl state history --limit 50`,
		RunE:    a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runStateHistory(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runStateHistory(ctx context.Context, s *session, o stateHistoryOptions) error {
	backend, err := s.backend()
	if err != nil {
		return err
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
