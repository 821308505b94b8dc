package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/tasks"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type rollbackOptions struct {
	to      int
	timeout time.Duration
	dryRun  bool
	list    bool
}

func (o *rollbackOptions) addFlags(f *pflag.FlagSet) {
	f.IntVar(&o.to, "to", 0, "the `REVISION` to go back to (default the last that completed)")
	f.DurationVar(&o.timeout, "timeout", rollout.DefaultLimit, "stop watching after this long (exit 4); the rollback continues")
	f.BoolVar(&o.dryRun, "dry-run", false, "say where it would go and stop")
	f.BoolVar(&o.list, "list", false, "list the revisions there are, with their images, and stop")
}

func newRollbackCmd(a *app) *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use: "rollback <agent>", Short: "Go back to the last revision that completed", Args: agentArgument(1, 1, "karmactl rollback AGENT"), ValidArgsFunction: a.completeOneAgent(),
		Example: `  karmactl rollback validator
  karmactl rollback validator --list
  karmactl rollback validator --to 7`,
		Long: `Sets the agent's service to the last revision that completed before the one that
runs, or to the one named, and follows that. A deployment that is under way is
stopped instead. After AWS's own rollback the last completed revision runs
already, and there is nothing to do. Later revisions are retired, so that the next
up does not bring them back.`,
		RunE: a.withSession(areAgents, func(ctx context.Context, s *session, args []string) error {
			if o.list {
				return listRevisions(ctx, s, args[0])
			}
			return runRollback(ctx, s, args[0], o)
		}),
	}
	o.addFlags(cmd.Flags())
	for _, other := range []string{"to", "dry-run", "timeout"} {
		cmd.MarkFlagsMutuallyExclusive("list", other)
	}
	completeFlag(cmd, "to", a.completeRevisions())
	return cmd
}

func runRollback(ctx context.Context, s *session, name string, o rollbackOptions) error {
	ag := s.rolloutAgent(s.env(o.dryRun), name, s.say)
	if o.dryRun {
		b, err := ag.Target(ctx, o.to)
		if err != nil {
			return err
		}
		if s.app.term.JSON {
			s.say(rollout.Line{At: s.clock.Now(), Agent: name, About: "rollback", Text: describeBack(name, b)})
			return nil
		}
		s.app.term.Para("", describeBack(name, b))
		return nil
	}
	var back rollout.RollbackPlan
	arn := ""
	var there []int // the revisions there were when it began
	err := s.locked(ctx, "rollback", func(ctx context.Context, store *state.Store) error {
		err := refuseWhileAsleep(store, "roll back")
		if err != nil {
			return err
		}
		if back, err = ag.Target(ctx, o.to); err != nil {
			return err
		}
		s.say(rollout.Line{At: s.clock.Now(), Agent: name, About: "rollback", Text: describeBack(name, back)})
		if there, err = ag.RevisionsAfter(ctx, 0); err != nil {
			return err
		}
		arn, err = ag.Begin(ctx, back)
		return err
	})
	if err != nil {
		return err
	}
	return followBack(ctx, s, ag, back, arn, there, o)
}

// followBack follows a rollback to its end and retires what it left behind: of the
// revisions there were, not what was registered meanwhile.
func followBack(ctx context.Context, s *session, ag *rollout.Agent, back rollout.RollbackPlan, arn string, there []int, o rollbackOptions) error {
	var doc *rollout.Deployment
	var err error
	if arn == "" {
		doc, err = ag.CurrentDeployment(ctx)
	} else {
		board := s.app.term.Board(s.clock, nil)
		ag.Say = s.sayOn(board, ui.AgentRow{})
		doc, err = ag.Follow(ctx, arn, cmp.Or(back.To, back.From), back.From, rollout.FollowOptions{Limit: o.timeout})
		board.Close()
	}
	if ctx.Err() != nil {
		return &continues{"the rollback continues", "karmactl deploy " + ag.Name + " --resume"}
	}
	if err != nil {
		return err
	}
	if back.Nothing != "" && doc.Reason == "" {
		doc.Reason = back.Nothing
	}
	wanted := doc.OK() || doc.Outcome == rollout.RolledBack
	if wanted {
		if now, err := ag.CurrentDeployment(ctx); err == nil {
			doc.Previous, doc.Revision = doc.Revision, now.Revision
			if back.To != "" {
				doc.Previous = tasks.Revision(back.From)
			}
		}
		if err := s.retire(ctx, ag, there); err != nil {
			return err
		}
	}
	if err := ag.NameImage(ctx, doc); err != nil {
		return err
	}
	return s.endDeployments([]*rollout.Deployment{doc}, 0, func(d *rollout.Deployment) bool { return d.OK() || d.Outcome == rollout.RolledBack })
}

func describeBack(name string, b rollout.RollbackPlan) string {
	switch {
	case b.Nothing != "":
		return fmt.Sprintf("%s: nothing to do: %s", name, b.Nothing)
	case b.Stop != "":
		return fmt.Sprintf("%s: the deployment in progress is stopped and rolled back", name)
	}
	return fmt.Sprintf("%s: rev %d → %d", name, tasks.Revision(b.From), tasks.Revision(b.To))
}

// revisionsListed is how many revisions are listed; each is a call of its own.
const revisionsListed = 30

// listRevisions lists what a rollback of the agent can go to, and what runs.
func listRevisions(ctx context.Context, s *session, name string) error {
	note := func(l rollout.Line) { s.app.term.Notef("%s: %v", l.Text, s.explain(l.Err)) }
	all, err := s.rolloutAgent(s.env(true), name, note).Revisions(ctx, revisionsListed)
	if err != nil {
		return err
	}
	doc := document.Revisions{Head: document.Of("Revisions"), Agent: name, Revisions: []document.Revision{}}
	for _, r := range all {
		doc.Revisions = append(doc.Revisions, document.Revision{Number: r.Number, Image: r.Image, Tags: append([]string{}, r.Tags...), Registered: r.Registered, Runs: r.Runs})
	}
	if s.app.term.JSON {
		return s.app.term.Document(&doc)
	}
	if len(all) == 0 {
		none := orAsleep(ctx, s, rollout.NoService(name))
		s.app.term.Para("", fmt.Sprintf("%v: %s", none, engine.AdviceOf(none)))
		return nil
	}
	for _, r := range all {
		s.app.term.Printf("%s\n", revisionLine(r, ago(s.clock.Now().Sub(r.Registered))))
	}
	return nil
}

// revisionLine is a revision with its image, and before that what a person or a build called it.
func revisionLine(r rollout.Revision, since string) string {
	image, called := ui.Short(r.Image), strings.Join(r.Tags, " ")
	if called != "" {
		image = called + "  " + image
	}
	mark := ""
	if r.Runs {
		mark = "  runs"
	}
	return fmt.Sprintf("%4d  %-8s  %s%s", r.Number, since, image, mark)
}
