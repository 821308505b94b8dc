package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type hibernateOptions struct {
	keepALB bool
	dryRun  bool
}

func newHibernateCmd(a *app) *cobra.Command {
	var o hibernateOptions
	cmd := &cobra.Command{
		Use: "hibernate", Short: "Take away what bills by the hour, until wake", Args: cobra.NoArgs,
		Long: `Deletes the agents' services, the NAT gateway and its address, the load balancer,
interface endpoints, and what refers to them, alarms among it. The rest stays:
network, roles, images, logs, secrets, certificate. Until karmactl wake the agents
do not answer, and plan and up leave it so. What karmactl scale has set, by hand or
by the clock, goes with the services: the state remembers it and wake puts it back.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.hibernate(ctx, o)
		},
	}
	cmd.Flags().BoolVar(&o.keepALB, "keep-alb", false, "leave the load balancer, and with it its DNS name")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted and saved, and stop")
	return cmd
}

func (a *app) hibernate(ctx context.Context, o hibernateOptions) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // all that matters is written by then
	if s.cfg.LoadBalancer.DeletionProtection && !o.keepALB {
		return &usageError{errors.New("the load balancer is protected from deletion (load_balancer.deletion_protection): karmactl hibernate --keep-alb leaves it")}
	}
	if !o.dryRun {
		return s.locked(ctx, "hibernate", func(ctx context.Context, store *state.Store) error { return s.hibernate(ctx, store, o) })
	}
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close(ctx) }()
	p, err := s.planSleep(ctx, store, o)
	if err != nil {
		return err
	}
	doc, _, err := s.sleepDoc(p, o)
	if err != nil {
		return err
	}
	return a.term.Plan(doc)
}

// sleepRemoval is what bills by the hour, of agents that the file has no more too.
func (s *session) sleepRemoval(o hibernateOptions, note func(context.Context, []state.Scale) error) removal {
	return removal{
		walk: func(st *stack.Stack, rec engine.Recorder) engine.Walk {
			w := s.walk(st, rec)
			w.Only = stack.Asleep(append(slices.Clone(w.Steps), w.Orphans...), o.keepALB)
			return w
		},
		leaveUsed: true,
		question:  "The agents will not answer until karmactl wake. Only yes is yes:", word: "yes",
		before: func(ctx context.Context, p *planned) error { return note(ctx, p.scales) },
	}
}

// planSleep plans what goes, and reads what wake is to put back.
func (s *session) planSleep(ctx context.Context, rec engine.Recorder, o hibernateOptions) (*planned, error) {
	r := s.sleepRemoval(o, nil)
	p, err := s.planRemoval(ctx, rec, r)
	if err != nil {
		return nil, err
	}
	p.asleep = r.walk(p.stack, rec).Only
	forget(p.res, func(k engine.Key) bool { return !p.asleep(k) })
	if err := p.res.Err(); err != nil {
		return nil, err
	}
	p.scales, err = s.scales(ctx)
	return p, err
}

// scales is what karmactl scale has set and agents.yaml does not say.
func (s *session) scales(ctx context.Context) ([]state.Scale, error) {
	names := make([]string, len(s.cfg.Agents))
	for i, a := range s.cfg.Agents {
		names[i] = a.Name
	}
	now, err := fleet.ReadScaled(ctx, s.home(true), names)
	if notUp := new(provision.NotUp); errors.As(err, &notUp) {
		return nil, nil // asleep already
	}
	if err != nil {
		return nil, err
	}
	return fleet.Remember(now, s.cfg.Agents), nil
}

// sleepDoc says what would go and what that saves; the notes are for the user's
// decision.
func (s *session) sleepDoc(p *planned, o hibernateOptions) (*ui.Plan, []string, error) {
	rest, err := s.rest(p.stack, p.asleep)
	if err != nil {
		return nil, nil, err
	}
	about := append([]string{s.saves(rest), "karmactl wake takes three to four minutes"}, s.renewed(o.keepALB)...)
	if names := scaled(p.scales); names != "" {
		about = append(about, "wake puts back how karmactl scale has set "+names)
	}
	about = append(about, kept(p.res)...) // what others use
	doc := s.planDoc(p)
	doc.Destroy, doc.Waiting, doc.Hibernation = true, []ui.Waiting{}, s.hibernation(rest)
	doc.Warnings = about
	if !doc.Summary.Any() {
		doc.Warnings = []string{}
	}
	return doc, about, nil
}

func (s *session) saves(rest cost.Rest) string {
	if len(rest.Lacks) > 0 {
		return fmt.Sprintf("what it saves is not known: %s", s.lack(rest.Lacks))
	}
	out := fmt.Sprintf("saves $%s an hour, $%s a month", rest.Hourly.StringFixed(4), cost.USD(rest.Monthly))
	if rest.Office != "" {
		out += fmt.Sprintf("; $%s a month when it is awake %s only", cost.USD(rest.Nights), rest.Office)
	}
	return out
}

// renewed says what will not be the same after waking.
func (s *session) renewed(keepALB bool) []string {
	var out []string
	domain := s.cfg.LoadBalancer.Domain
	switch {
	case keepALB:
	case domain != "":
		out = append(out, "the load balancer that wake makes has a new DNS name, and wake sets the aliases of "+domain+" to it")
	default:
		out = append(out, "the load balancer that wake makes has a new DNS name: the agents' URLs change (load_balancer.domain gives them names that stay)")
	}
	if s.cfg.Network.NAT != agents.NATNone {
		out = append(out, "the agents' address towards the internet changes too")
	}
	return out
}

// rest prices the hibernation of a stack.
func (s *session) rest(st *stack.Stack, asleep func(engine.Key) bool) (cost.Rest, error) {
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return cost.Rest{}, err
	}
	return cost.Hibernated(s.cfg, st.Resources(), asleep, prices)
}

// hibernation is the state's word on it, with the saving.
func (s *session) hibernation(r cost.Rest) *ui.Hibernation {
	h := &ui.Hibernation{}
	if len(r.Lacks) == 0 { // what is not known is left empty, never 0
		h.Hourly, h.Monthly = r.Hourly.StringFixed(4), cost.USD(r.Monthly)
	}
	if s.sleep != nil {
		h.Since, h.KeepALB = stamp(s.sleep.Since), s.sleep.KeepALB
	}
	return h
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// limit holds a walk up to some agents and what they share (none: all), and keeps
// it from making what hibernates. The result chooses what that is.
func (s *session) limit(w *engine.Walk, st *stack.Stack, only []string) func(engine.Key) bool {
	asleep := func(engine.Key) bool { return false }
	if len(only) > 0 {
		w.Only, w.Orphans = st.Only(only), nil
	}
	if s.sleep == nil {
		return asleep
	}
	asleep = stack.Asleep(w.Steps, s.sleep.KeepALB)
	wanted := w.Only
	w.Only = func(k engine.Key) bool { return !asleep(k) && (wanted == nil || wanted(k)) }
	return asleep
}

// forget takes outcomes out of a result that are not what the command is about.
func forget(res *engine.Result, chosen func(engine.Key) bool) {
	res.Outcomes = slices.DeleteFunc(res.Outcomes, func(o engine.Outcome) bool { return chosen(o.Key) })
}

func (s *session) hibernate(ctx context.Context, store *state.Store, o hibernateOptions) error {
	if s.sleep != nil && !s.sleep.KeepALB {
		o.keepALB = false // there is none to keep
	}
	p, err := s.planSleep(ctx, store, o)
	if err != nil {
		return err
	}
	doc, about, err := s.sleepDoc(p, o)
	if err != nil {
		return err
	}
	if !s.app.term.JSON {
		if err := s.app.term.Plan(doc); err != nil {
			return err
		}
	}
	if !doc.Summary.Any() {
		return s.finish(&ui.Result{Outcome: "succeeded", Hibernation: doc.Hibernation}, p.res, nil)
	}
	r := s.sleepRemoval(o, func(ctx context.Context, scales []state.Scale) error {
		// Noted before the first deletion: what is missing from here on is missing on purpose.
		if err := store.Hibernate(ctx, o.keepALB, scales); err != nil {
			return err
		}
		s.sleep = store.Hibernation()
		return nil
	})
	res, st, took, err := s.remove(ctx, store, p, true, r)
	if err != nil {
		return err
	}
	forget(res, func(k engine.Key) bool { return !p.asleep(k) })
	return s.slept(st, res, p, about, took)
}

// slept tells how hibernating went.
func (s *session) slept(st *stack.Stack, res *engine.Result, p *planned, about []string, took time.Duration) error {
	r := s.result(st, res)
	r.Waiting = nil
	if err := res.Err(); err != nil {
		return s.finish(r, res, err)
	}
	rest, err := s.rest(st, p.asleep)
	if err != nil {
		return err
	}
	r.Outcome, r.Hibernation = "succeeded", s.hibernation(rest)
	if s.app.term.JSON {
		r.Notes = about
	}
	saves := "saves $" + r.Hibernation.Hourly + " an hour"
	if len(rest.Lacks) > 0 {
		saves = s.saves(rest)
	}
	r.Headline = fmt.Sprintf("Hibernated in %s: %s.", ui.Duration(took), saves)
	r.Next = []string{"karmactl wake brings it back"}
	return s.finish(r, res, nil)
}

// scaled lists the agents of remembered scalings.
func scaled(all []state.Scale) string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Agent
	}
	return strings.Join(names, ", ")
}

// runs refuses the commands for running agents while the stack hibernates: they
// would make a service that has no way out.
func (s *session) runs(command string) error {
	switch command {
	case "deploy", "rollback", "scale":
		if s.sleep != nil {
			return &advice{fmt.Errorf("the stack hibernates since %s: there is nothing to %s", stamp(s.sleep.Since), command), "karmactl wake"}
		}
	}
	return nil
}
