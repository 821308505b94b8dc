package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type downOptions struct {
	agents      []string
	dryRun      bool
	keepNetwork bool
	stack.DownOptions
	hookOptions
}

func (o *downOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Images, "images", false, "delete the repositories and their images too")
	f.BoolVar(&o.Logs, "logs", false, "delete the log groups and their logs too")
	f.BoolVar(&o.Data, "data", false, "delete the file system of the agents' volumes and all that is on it too")
	f.BoolVar(&o.keepNetwork, "keep-network", false, "leave what others use (their subnets, cluster, load balancer) and take the rest")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted and stop")
	o.hookOptions.addFlags(f)
}

func newDownCmd(a *app) *cobra.Command {
	var o downOptions
	cmd := &cobra.Command{
		Use: "down [agent...]", Short: "Take it all down, or some agents", ValidArgsFunction: a.notGiven((*agents.Config).Names),
		Example: `  karmactl down --dry-run
  karmactl down --images --logs
  karmactl down validator
  karmactl down --env pr-12 --images --logs`,
		Long: `Deletes what up made, dependents first, and waits until AWS no longer has it.
Before the first deletion it looks for what it did not make inside of what it would
delete (a database in a subnet, a service in the cluster, a listener) and stops there. The user's own secret is never
deleted; images, logs and what the agents keep in volumes stay unless told, and what keeping the volumes costs is said.
The hook before_down of agents.yaml runs first; --no-hooks runs none, which is usual in a rehearsal.`,
		RunE: a.withNames(identified, (*agents.Config).Names, areAgents, func(ctx context.Context, s *session, args []string) error {
			o.agents = args
			if o.Data && len(args) > 0 {
				return &usageError{errors.New("--data goes with the whole stack: its agents share one file system, and the volumes of one alone cannot be deleted from here")}
			}
			return runDown(ctx, s, o)
		}),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runDown(ctx context.Context, s *session, o downOptions) error {
	if o.dryRun {
		return downDryRun(ctx, s, o)
	}
	run := func(ctx context.Context, store *state.Store) error { return downLocked(ctx, s, store, o) }
	err := s.locked(ctx, "down", run)
	if none := (*noBucketError)(nil); !errors.As(err, &none) {
		return err
	}
	// What is there is found by its tags; only then is a place for the lock worth making.
	p, err := s.planDown(ctx, engine.NewMemory(s.clock), o)
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	doc := p.teardownDoc()
	if doc.Summary.Any() {
		return s.lockedInNewBucket(ctx, "down", run)
	}
	if s.app.term.JSON {
		r := resultDoc(p.res)
		r.Outcome, r.Waiting = "succeeded", nil
		return s.finish(ctx, r, p.res, nil)
	}
	return s.app.term.Plan(doc)
}

func downDryRun(ctx context.Context, s *session, o downOptions) error {
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	if err := refuseTakeover(store, "down"); err != nil {
		return err
	}
	p, err := s.planDown(ctx, store, o)
	if err != nil {
		return err
	}
	return errors.Join(s.app.term.Plan(p.teardownDoc()), p.res.Err())
}

// planDown is the plan of a down. One of everything names the roles of ci github, which it leaves.
func (s *session) planDown(ctx context.Context, rec engine.Recorder, o downOptions) (*plan, error) {
	p, err := s.planTeardown(ctx, rec, allOrSome(s, o))
	if err == nil {
		p.only = o.agents
		p.hooks = s.hooksOfPlan(o.none, agents.BeforeDown)
	}
	if err != nil || p.res.Err() != nil || len(o.agents) > 0 {
		return p, err
	}
	roles, err := stack.GitHubRoles(ctx, p.stack.Env)
	if err != nil {
		return nil, err
	}
	if len(roles) > 0 {
		p.warnings = append(p.warnings, document.Warning{Text: fmt.Sprintf("kept: %s (a workflow of GitHub may bring the stack back: karmactl ci github --remove deletes them)", strings.Join(roles, ", "))})
	}
	return p, nil
}

// allOrSome is everything, or what belongs to some agents.
func allOrSome(s *session, o downOptions) teardown {
	o.Proof = s.cfg.Pattern != "" // its domain has the environment's name in it
	// A yes is typed too fast: the name of what goes is asked for.
	name, what := s.cfg.Stack(), "the whole stack"
	also := s.cfg.Project + "/" + s.cfg.Environment // as AWS names its secrets, and people may type it
	if o.Data {
		what = "the whole stack with all that its agents keep in volumes, for good"
	}
	if len(o.agents) > 0 {
		name, also, what = strings.Join(o.agents, " "), "", "these agents"
	}
	return teardown{
		walk: func(st *stack.Stack, rec engine.Recorder) engine.Walk {
			w := s.walk(st, rec)
			w.Keep = stack.Keep(o.DownOptions)
			if len(o.agents) > 0 {
				w.Only = st.OnlyOf(o.agents) // what is theirs and not wanted any more goes with them
				mounted, keep := mountedByOthers(s.cfg, o.agents), w.Keep
				w.Keep = func(k engine.Key) string { return cmp.Or(mounted[k], keep(k)) }
			}
			return w
		},
		images: o.Images, leaveUsed: o.keepNetwork, before: o.beforeDown,
		question: question{command: "down", text: fmt.Sprintf("This deletes %s. Type %s to continue:", what, name), word: name, also: also, declined: "nothing was deleted"},
	}
}

// mountedByOthers are the access points of some agents that an agent or job which stays mounts too,
// each with the reason to keep it.
func mountedByOthers(c *agents.Config, going []string) map[engine.Key]string {
	out := map[engine.Key]string{}
	for _, a := range c.Owners() {
		for _, v := range a.Volumes {
			if v.Of != "" && !slices.Contains(going, a.Name) {
				out[provision.AccessPointOf(nil, v.Of).Key()] = a.Name + " mounts it too"
			}
		}
	}
	return out
}

// beforeDown runs the hook before a down that deletes something.
func (o downOptions) beforeDown(ctx context.Context, p *plan) error {
	if p.teardownDoc().Summary.Delete == 0 {
		return nil
	}
	h := hook{name: agents.BeforeDown, agents: o.agents}
	if len(o.agents) == 0 {
		h.agents = p.cfg.Names()
	}
	return p.hookBefore(ctx, o.none, h)
}

func (p *plan) teardownDoc() *document.Plan {
	doc := p.doc()
	doc.Destroy, doc.Waiting, doc.Warnings = true, []document.Waiting{}, append(document.Warn(p.kept(p.res)...), p.warnings...)
	for _, o := range p.res.Outcomes {
		if o.Key.Kind() == "role" { // what others gave it is taken from it
			doc.Warnings = append(doc.Warnings, document.Warn(o.Notes...)...)
		}
	}
	return doc
}

func downLocked(ctx context.Context, s *session, store *state.Store, o downOptions) error {
	p, err := s.planDown(ctx, store, o)
	if err != nil {
		return err
	}
	if err := p.res.Err(); err != nil {
		return err
	}
	doc := p.teardownDoc()
	if !s.app.term.JSON {
		if err := s.app.term.Plan(doc); err != nil {
			return err
		}
	}
	res, took, err := p.tearDown(ctx, store, doc.Summary.Delete > 0, allOrSome(s, o))
	if err != nil {
		return err
	}
	r := resultDoc(res)
	r.Waiting = nil
	if s.app.term.JSON { // people have read it in the plan
		r.Notes = append(p.kept(res), document.Texts(p.warnings)...)
	}
	if err := res.Err(); err != nil {
		return s.finish(ctx, r, res, err)
	}
	if len(o.agents) == 0 && store.Hibernation() != nil { // nothing is left that could wake
		if err := store.Wake(ctx); err != nil {
			return err
		}
	}
	r.Outcome = "succeeded"
	r.Headline = fmt.Sprintf("Down in %s: %d deleted.", ui.Duration(took), doc.Summary.Delete)
	if doc.Summary.Delete == 0 {
		r.Headline = ""
	}
	return s.finish(ctx, r, res, nil)
}
