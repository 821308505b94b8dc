package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
)

// scope is what a walk is about.
type scope struct {
	// only are the agents that it is limited to, with what they share; none is all.
	only []string
	// asleep is what the state says of hibernation; nil is awake.
	asleep *state.Hibernation
	// images are what up --build ships; nil without it.
	images *images
	// budget is --budget, in dollars a month; "" is the file's own.
	budget string
	// refresh is --refresh: AWS is asked for what the state knows, too.
	refresh bool
	// looks is a walk that only tells what is there: a deployment that fails meanwhile is a note.
	looks bool
	// around is what was looked up while the state was read; nil is nothing yet.
	around *surroundings
	// hooks are the commands that the plan tells of.
	hooks []document.Hook
}

// surroundings are what has to be known of the account before a stack can be walked, and
// the clients and listings with which that was read.
type surroundings struct {
	env   *provision.Env
	facts stack.Lookup
	since time.Time
}

// lookAround reads them with clients that cannot write.
func (s *session) lookAround(ctx context.Context) (*surroundings, error) {
	a := &surroundings{env: s.env(true), since: s.clock.Now()}
	var err error
	a.facts, err = stack.ReadLookup(ctx, s.cfg, a.env)
	return a, err
}

// plan is what a walk without Apply said.
type plan struct {
	*session
	scope
	stack *stack.Stack
	res   *engine.Result
	// bucket is the outcome of the state's own bucket; nil when the state is a file.
	bucket *engine.Outcome
	// sleeps chooses what hibernates; nil is nothing.
	sleeps func(engine.Key) bool
	// spared are roles that no one needs yet.
	spared map[engine.Key]bool
	// scales is what hibernating takes from karmactl scale, for wake to put back.
	scales []state.Scale
	// used is what of the stack others use, and who they are.
	used map[engine.Key][]string
	// narrowed is that a role may do less since its agent was taken over.
	narrowed error
	// warnings are of the account: quotas that a rollout would exceed.
	warnings []document.Warning
}

// planUp walks the stack with clients that cannot write.
func (s *session) planUp(ctx context.Context, rec engine.Recorder, o scope) (*plan, error) {
	if begun := adopted(rec, engine.AdoptionBegun); len(begun) > 0 {
		return nil, &engine.Adopted{Key: begun[0].Key, ID: begun[0].ID, Verb: engine.None}
	}
	around := o.around
	if around == nil {
		var err error
		if around, err = s.lookAround(ctx); err != nil {
			return nil, err
		}
	}
	p := &plan{session: s, scope: o, stack: stack.New(s.cfg, around.env, around.facts)}
	o.images.wantedBy(p.stack)
	if o.looks {
		p.stack.Look()
	}
	w := s.walk(p.stack, rec)
	w.Keep, w.Since, w.Refresh = stack.Keep(stack.DownOptions{}), around.since, o.refresh
	p.sleeps = o.limit(&w, p.stack)
	weak := ""
	err := sideBySide(ctx, func(ctx context.Context) (err error) {
		p.bucket, weak, err = s.stateBucket(ctx, around.env, false)
		return err
	}, func(ctx context.Context) (err error) {
		p.res, err = w.Up(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if weak != "" {
		p.warnings = append(p.warnings, document.Warning{Text: weak})
	}
	drop(p.res, sleepsWell(p.sleeps))
	if p.res.Err() != nil {
		return p, nil
	}
	staying := p.staying(rec)
	p.spare(staying)
	var changed []string
	changed, p.narrowed = s.roleChanges(ctx, rec, getsRole(p.res))
	p.warnings = append(p.warnings, document.Warn(changed...)...)
	short, unknown, err := p.stack.Quotas(ctx, p.res, nil)
	for _, q := range short {
		p.warnings = append(p.warnings, document.Warning{Text: q.Error(), Command: q.Ask()})
	}
	p.warnings = slices.Concat(p.warnings, document.Warn(s.texts(unknown)...), document.Warn(s.takenOver(rec, staying)...))
	return p, err
}

// takenOver warns of what a takeover has left to do.
func (s *session) takenOver(rec engine.Recorder, staying []string) []string {
	var out []string
	if n := len(adopted(rec, engine.AdoptionShared)); n > 0 {
		out = append(out, fmt.Sprintf("%s taken over from a program that has not let go: what it does next may undo this plan; karmactl adopt --release once it has", wereOf(n)))
	}
	out = append(out, notYetOurs(staying)...)
	if note := noteOfCutover(rec); note != nil && !note.Moved.IsZero() && !s.cfg.LoadBalancer.Records {
		out = append(out, "karmactl cutover has led the names to this stack: take records: false out of agents.yaml"+lineOfRecords(s.cfg.File)+", and the records are taken over as they are")
	}
	return out
}

// sideBySide does both at the same time, and gives up the second when the first fails.
func sideBySide(ctx context.Context, first, second func(context.Context) error) error {
	ctx2, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- second(ctx2) }()
	err := first(ctx)
	if err != nil {
		cancel()
	}
	return cmp.Or(err, <-done)
}

// limit holds a walk up to the chosen agents and what they share, and keeps it from
// making what hibernates. The result chooses what that is.
func (o scope) limit(w *engine.Walk, st *stack.Stack) func(engine.Key) bool {
	if len(o.only) > 0 {
		w.Only, w.Orphans = st.Only(o.only), nil
	}
	if o.asleep == nil {
		return func(engine.Key) bool { return false }
	}
	sleeps := stack.Asleep(w.Steps, o.asleep.KeepALB)
	wanted := w.Only
	w.Only = func(k engine.Key) bool { return !sleeps(k) && (wanted == nil || wanted(k)) }
	return sleeps
}

// drop takes outcomes out of a result that are not what the command is about.
func drop(res *engine.Result, these func(engine.Outcome) bool) {
	res.Outcomes = slices.DeleteFunc(res.Outcomes, these)
}

// sleepsWell are the outcomes of what hibernates, the failed ones left out: what could
// not be read may be there, and bill.
func sleepsWell(sleeps func(engine.Key) bool) func(engine.Outcome) bool {
	return func(o engine.Outcome) bool { return sleeps(o.Key) && o.Status != engine.Failed }
}

// apply walks the stack over fresh reads, held to what the plan showed.
func (p *plan) apply(ctx context.Context, store *state.Store) (*engine.Result, *stack.Stack, error) {
	env := p.env(false)
	if _, _, err := p.stateBucket(ctx, env, true); err != nil {
		return nil, nil, err
	}
	st := stack.New(p.cfg, env, p.stack.Lookup)
	p.images.wantedBy(st)
	w := p.walk(st, store)
	w.Apply, w.Shown, w.Keep, w.Refresh = true, p.res, stack.Keep(stack.DownOptions{}), p.refresh
	sleeps := p.limit(&w, st)
	p.without(&w)
	progress := p.up(ctx, st, w)
	w.Report = progress
	res, err := w.Up(ctx)
	progress.Close()
	if err != nil {
		return nil, nil, err
	}
	drop(res, sleepsWell(sleeps))
	drop(res, p.isSpared)
	return res, st, nil
}

// stateBucket makes sure of the bucket that the state is in, or says what would
// be done, and then what one of the user's own lacks. It is not part of the state that it holds.
func (s *session) stateBucket(ctx context.Context, env *provision.Env, apply bool) (*engine.Outcome, string, error) {
	bucket, _, err := s.bucketOf(env)
	if bucket == nil {
		return nil, "", err
	}
	w := s.walkAlone(engine.Manage(bucket))
	w.Apply = apply
	res, err := w.Up(ctx)
	if err != nil {
		return nil, "", err
	}
	if err := res.Err(); err != nil || apply {
		return &res.Outcomes[0], "", err
	}
	weak, err := bucket.Weak(ctx)
	return &res.Outcomes[0], weak, err
}

// bucketOf is the bucket that the state is in, and below which prefix; nil is a file.
func (s *session) bucketOf(env *provision.Env) (*provision.StateBucket, string, error) {
	backend, err := s.backend()
	in, is := backend.(*state.S3)
	if !is {
		return nil, "", err
	}
	return &provision.StateBucket{Env: env, Bucket: in.Bucket, Region: s.account.Region}, in.Prefix, nil
}

// staying are the agents that were taken over and stay at the other program's revision.
func (p *plan) staying(rec engine.Recorder) []string {
	var out []string
	for _, e := range adopted(rec, engine.AdoptionShared, engine.AdoptionWhole) {
		if o, ok := p.res.Get(e.Key); ok && e.Key.Kind() == "task-definition" && o.Verb == engine.None {
			out = append(out, e.Key.Name())
		}
	}
	return out
}

// spare takes the roles of agents that stay at the other program's revision out of the plan:
// it has roles of its own, and nothing else that the plan makes needs these. A deploy makes them.
func (p *plan) spare(staying []string) {
	p.spared = map[engine.Key]bool{}
	for _, n := range p.stack.Resources() {
		if r, ok := n.(*provision.Role); ok && slices.Contains(staying, r.Agent) {
			if o, _ := p.res.Get(r.Key()); o.Verb == engine.Create && o.Err == nil && !p.needed(r) {
				p.spared[r.Key()] = true
			}
		}
	}
	drop(p.res, p.isSpared)
}

func (p *plan) isSpared(o engine.Outcome) bool { return p.spared[o.Key] }

// needed tells whether the plan changes something that refers to the role.
func (p *plan) needed(role engine.Node) bool {
	return slices.ContainsFunc(p.stack.Resources(), func(n engine.Node) bool {
		o, _ := p.res.Get(n.Key())
		return o.Verb != engine.None && slices.ContainsFunc(n.Needs(), func(need engine.Node) bool { return need.Key() == role.Key() })
	})
}

// without keeps a walk from the keys that are spared.
func (p *plan) without(w *engine.Walk) {
	if len(p.spared) == 0 {
		return
	}
	wanted := w.Only
	w.Only = func(k engine.Key) bool { return !p.spared[k] && (wanted == nil || wanted(k)) }
}

// notYetOurs names these agents.
func notYetOurs(staying []string) []string {
	if len(staying) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: still the revision of the program that made it; karmactl deploy AGENT makes karmactl's own, up once agents.yaml says something else of the agent", strings.Join(staying, ", "))}
}
