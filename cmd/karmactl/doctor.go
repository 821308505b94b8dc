package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/doctor"
	"github.com/karmacadabra/karmactl/internal/document"
)

type doctorOptions struct{ fix, full bool }

func (o *doctorOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.fix, "fix", false, "first put agents on demand that Spot has no capacity for (spot.fallback), and back")
	f.BoolVar(&o.full, "full", false, "say of each agent what several have in common")
}

func newDoctorCmd(a *app) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use: "doctor [agent...]", Short: "What is wrong, why, and what to do about it", ValidArgsFunction: a.notGiven((*agents.Config).Names),
		Example: `  karmactl doctor
  karmactl doctor --fix
  karmactl doctor validator -o json`,
		Long: `Looks for why tasks do not start, why agents do not answer or do not reach each
other, which quotas of the account are too low for the fleet at its maximum, for what
costs without being asked for, and for what lets others into the state's bucket or loses
what is in it. An agent that runs in another cluster, too, from the same image and with
the same command, is a note, and so is AWS's session-manager-plugin where this machine
lacks it, with the command that installs it. Each finding has its cause, the evidence in
AWS's own words, and what mends it; what several agents have in common is said once, and
--full says it of each. It only reads, and never a secret's value. Exit code 7 when there
is a problem; what is over, such as Spot tasks that were replaced, is a note.

With --fix it first puts agents on demand that have spot.fallback in agents.yaml and
that Spot has had no capacity for as long as it says, and agents whose time on demand
is over back on Spot. Nothing else is changed.`,
		RunE: a.withNames(identified, (*agents.Config).Names, areAgents, func(ctx context.Context, s *session, names []string) error { return runDoctor(ctx, s, names, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runDoctor(ctx context.Context, s *session, names []string, o doctorOptions) error {
	var unread []error
	doc := &document.Doctor{Stack: s.cfg.Stack(), Region: s.account.Region}
	// The state only tells whether the stack is asleep on purpose; one that cannot
	// be read is no reason not to look.
	store, err := s.readState(ctx)
	if err != nil {
		unread = append(unread, fmt.Errorf("whether it hibernates is not known: %w", err))
	} else if asleep := store.Hibernation(); asleep != nil {
		doc.Notes = []string{"it has hibernated since " + atUTC(asleep.Since) + ", so nothing runs: karmactl wake brings it back"}
		return s.app.term.Doctor(doc, o.full)
	}
	var turns []spotTurn
	if o.fix {
		if turns, err = s.turnSpot(ctx, "doctor --fix", chosen(s.cfg, names)); err != nil {
			return err
		}
	}
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return err
	}
	env := s.env(true)
	p := doctor.Input{Cfg: s.cfg, Book: prices, Account: s.account, Clock: s.clock, Clients: env.Clients, Agents: chosen(s.cfg, names)}
	if store != nil {
		p.Part = partMade(store)
	}
	if p.Bucket, p.Prefix, err = s.bucketOf(env); err != nil {
		return err
	}
	r, err := doctor.Examine(ctx, p)
	if err != nil {
		return err
	}
	doc.Findings, doc.Passed, doc.Notes = r.Findings, r.Passed, slices.Concat(s.texts(append(unread, r.Notes...)), r.Past, r.Twins)
	if note := s.withoutPlugin(chosen(s.cfg, names)); note != "" {
		doc.Notes = append(doc.Notes, note)
	}
	for _, t := range turns {
		doc.Notes = append(doc.Notes, t.String())
	}
	return s.showFindings(doc, r, o.full)
}

// showFindings shows what doctor found; that it found anything is an exit code of its own.
func (s *session) showFindings(doc *document.Doctor, r *doctor.Report, full bool) error {
	if err := s.app.term.Doctor(doc, full); err != nil {
		return err
	}
	if len(r.Findings) > 0 {
		return &exit{code: exitDoctor}
	}
	return nil
}
