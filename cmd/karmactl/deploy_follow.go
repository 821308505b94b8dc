package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet/rollout"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// say tells a line of a rollout.
type say func(rollout.Line)

// rolloutAgent is an agent as the rollout package knows it.
func (s *session) rolloutAgent(env *provision.Env, name string, say say) *rollout.Agent {
	return &rollout.Agent{
		ECS: env.Clients.ECS, Logs: env.Clients.Logs, Targets: env.Clients.ELB, Images: env.Clients.ECR, Region: env.Account.Region, Repository: env.RepositoryName(name), Clock: s.clock, Name: name, Cluster: env.ClusterName(), Service: env.ServiceName(name),
		Family: env.Family(name), LogGroup: env.LogGroupName(name), Say: say,
	}
}

// say tells a line of a rollout that is on no board.
func (s *session) say(l rollout.Line) { s.sayOn(nil, ui.AgentRow{})(l) }

// sayOn tells lines of rollouts; how far each one is is shown on the board, where there is one, with what is known
// of the agent beside.
func (s *session) sayOn(board *ui.Board, known ui.AgentRow) say {
	return func(l rollout.Line) {
		if l.Err != nil {
			l.Text += ": " + s.explain(l.Err).Error()
		}
		if board != nil && l.Progress != nil {
			board.Show(rowOf(l, known))
			return
		}
		s.app.term.Say(l.At, l.Agent, l.About, l.Text, l.Progress)
	}
}

func rowOf(l rollout.Line, known ui.AgentRow) ui.AgentRow {
	p := l.Progress
	now := p.Revisions[0]
	r := ui.AgentRow{
		Agent: l.Agent, To: now.Revision, Healthy: now.Healthy, Desired: now.Desired, Share: rollout.Share(p), Phase: rollout.Doing(p), Usual: known.Usual, Image: known.Image,
		Trouble: now.Failed > 0 || strings.HasPrefix(now.State, "rollback"), Done: rollout.Ended(p),
	}
	if now.Desired == 0 {
		r.Left = now.Running
	}
	if len(p.Revisions) > 1 {
		r.From = p.Revisions[1].Revision
	}
	for _, t := range p.Tasks {
		r.Tasks = append(r.Tasks, fmt.Sprintf("task %s (rev %d) %s", t.ID, t.Revision, t.Phase))
	}
	return r
}

// following is a deployment to follow.
type following struct {
	// arn is "" when nothing was begun: doc is complete then.
	arn string
	doc *rollout.Deployment
	// now and previous are task definitions, by ARN.
	now, previous string
	// image is the revision's, tag what a person called it; "" is not known.
	image, tag string
	// registered: this run made the revision, and may retire it.
	registered bool
	// usual is how long it takes the agent; 0 is not known.
	usual time.Duration
}

// begun gives the deployment to follow of an agent.
type begun func(ctx context.Context, name string) (following, error)

func (d *deploy) resume(ctx context.Context, name string) (following, error) {
	arn, now, previous, err := d.rolloutAgent(d.env(true), name, d.say).Current(ctx)
	// The run that registered it was stopped before it could retire it.
	return following{arn: arn, now: now, previous: previous, registered: true}, err
}

// follow follows the deployments of several agents at once, without the lock.
func (d *deploy) follow(ctx context.Context, names []string, which begun) ([]*rollout.Deployment, error) {
	docs := make([]*rollout.Deployment, len(names))
	board := d.app.term.Board(d.clock, names)
	defer board.Close()
	var reads *rollout.Reads
	if env := d.env(true); len(names) > 1 {
		reads = rollout.NewReads(env.Clients.ECS, d.clock, env.ClusterName())
	}
	var g errgroup.Group
	for i, name := range names {
		g.Go(func() error {
			x, err := which(ctx, name)
			if err != nil {
				return err
			}
			ag := d.rolloutAgent(d.env(false), name, d.sayOn(board, ui.AgentRow{Usual: x.usual, Image: x.tag}))
			ag.Reads = reads
			doc := x.doc
			switch {
			case x.arn == "":
			case d.o.noWait:
				doc = &rollout.Deployment{Agent: name, Outcome: rollout.Started, Revision: tasks.Revision(x.now), Previous: tasks.Revision(x.previous), Log: []string{}}
			default:
				if doc, err = d.followOne(ctx, ag, x); err != nil {
					return err
				}
			}
			if doc.Image, doc.Tag = x.image, x.tag; doc.Image == "" {
				if err := ag.NameImage(ctx, doc); err != nil {
					return err
				}
			}
			doc.Tag = cmp.Or(d.called[name], doc.Tag)
			docs[i] = doc
			if (doc.Outcome == rollout.RolledBack || doc.Follow != "") && x.registered {
				return d.retire(ctx, ag, []int{doc.Revision})
			}
			return nil
		})
	}
	err := g.Wait()
	if ctx.Err() != nil {
		err = &continues{"the deployment continues", "karmactl deploy " + strings.Join(names, " ") + " --resume"}
	}
	return slices.DeleteFunc(docs, func(x *rollout.Deployment) bool { return x == nil }), err
}

// followOne follows a deployment, and the one on demand that takes its place when Spot has no
// capacity for it.
func (d *deploy) followOne(ctx context.Context, ag *rollout.Agent, x following) (*rollout.Deployment, error) {
	of, _ := d.cfg.Agent(ag.Name)
	for {
		doc, err := ag.Follow(ctx, x.arn, x.now, x.previous, rollout.FollowOptions{Limit: d.o.timeout, FailFast: d.o.failFast, Fallback: of.Spot.Fallback})
		if !errors.Is(err, rollout.ErrDry) {
			return doc, err
		}
		before, err := ag.ReadBaseline(ctx)
		if err != nil {
			return doc, err
		}
		turns, err := d.turnSpot(ctx, "deploy", []agents.Agent{of})
		if err != nil {
			return doc, err
		}
		for _, t := range turns {
			ag.Say(rollout.Line{At: d.clock.Now(), Agent: ag.Name, About: "spot", Text: t.text})
		}
		if len(turns) > 0 {
			x.arn, err = ag.FindNew(ctx, before, x.now)
		} else { // someone else was faster
			x.arn, _, _, err = ag.Current(ctx)
		}
		if err != nil {
			return doc, err
		}
	}
}

// retire keeps the next `up` from bringing back what was rolled back.
func (s *session) retire(ctx context.Context, ag *rollout.Agent, revisions []int) error {
	gone, err := ag.Retire(ctx, revisions)
	for _, n := range gone {
		s.say(rollout.Line{At: s.clock.Now(), Agent: ag.Name, About: "retired", Text: fmt.Sprintf("rev %d: no up brings it back", n)})
	}
	for _, j := range s.cfg.JobsOf(ag.Name) {
		if len(gone) > 0 {
			s.say(rollout.Line{At: s.clock.Now(), Agent: ag.Name, About: "job", Text: j.Name + " still starts with the image that was given up: karmactl up --only " + ag.Name + " gives it the agent's"})
		}
	}
	return err
}

// endDeployments prints the documents and turns the worst of them into the exit code. So many agents behind them were not begun.
func (s *session) endDeployments(docs []*rollout.Deployment, behind int, fine func(*rollout.Deployment) bool) error {
	code := 0
	if err := s.showDeployments(docs, behind); err != nil {
		return err
	}
	for _, doc := range docs {
		switch {
		case fine(doc):
		case doc.Outcome == rollout.TimedOut:
			code = max(code, exitRolling)
		default:
			code = exitDeployment
		}
		if code == exitDeployment {
			fine = func(*rollout.Deployment) bool { return true } // a failure outweighs what is still rolling
		}
	}
	if code != 0 {
		return &exit{code: code}
	}
	return nil
}

// showDeployments prints each document, or for people each ending: what several agents failed of is told of the first.
func (s *session) showDeployments(docs []*rollout.Deployment, behind int) error {
	term := s.app.term
	if term.JSON {
		for _, doc := range docs {
			if err := term.Line(&document.Deployment{Head: document.Of("Deployment"), Deployed: document.Deployed(*doc)}); err != nil {
				return err
			}
		}
		return nil
	}
	window := 0
	if term.Screen {
		window = term.Width()
	}
	titles := rollout.Titles(docs, window)
	for i, doc := range docs {
		if slices.ContainsFunc(docs[:i], doc.AsFailed) {
			continue // told
		}
		term.Ended(titles[i].Lead, titles[i].Text)
		var others []string
		for j, x := range docs[i+1:] {
			if doc.AsFailed(x) {
				term.Ended(titles[i+1+j].Lead, titles[i+1+j].Text)
				others = append(others, x.Agent)
			}
		}
		for _, l := range doc.Lines() {
			term.Detail(l.Lead, l.Text)
		}
		if len(others) > 0 {
			term.Detail("    also     ", "this is "+doc.Agent+"'s, and the same holds for "+strings.Join(others, ", "))
		}
	}
	if len(docs)+behind > 1 {
		term.Printf("\n%s\n", sumOfDeployments(docs, behind))
	}
	return nil
}

// sumOfDeployments is "5 agents: 3 succeeded, 1 rolled back, 1 not deployed".
func sumOfDeployments(docs []*rollout.Deployment, behind int) string {
	count := map[string]int{}
	var order []string
	for _, d := range docs {
		if count[d.Outcome]++; count[d.Outcome] == 1 {
			order = append(order, d.Outcome)
		}
	}
	for i, o := range order {
		order[i] = fmt.Sprintf("%d %s", count[o], strings.ReplaceAll(o, "_", " "))
	}
	if behind > 0 {
		order = append(order, fmt.Sprintf("%d not deployed", behind))
	}
	return cloud.Count(len(docs)+behind, "agent") + ": " + strings.Join(order, ", ")
}

func (d *deploy) end(docs []*rollout.Deployment, err error) error {
	if err != nil {
		return err
	}
	return d.endDeployments(append(d.left, docs...), len(d.behind), (*rollout.Deployment).OK)
}
