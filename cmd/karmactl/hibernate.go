package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
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

func (o *hibernateOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.keepALB, "keep-alb", false, "leave the load balancer, and with it its DNS name")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be deleted and saved, and stop")
}

func newHibernateCmd(a *app) *cobra.Command {
	var o hibernateOptions
	cmd := &cobra.Command{
		Use: "hibernate", Short: "Take away what bills by the hour, until wake", Args: cobra.NoArgs,
		Example: `  karmactl hibernate --dry-run
  karmactl hibernate --yes`,
		Long: `Deletes the agents' services, the NAT gateway and its address, the load balancer,
interface endpoints, and what refers to them, alarms among it. The rest stays:
network, roles, images, logs, secrets, certificate. Until karmactl wake the agents
do not answer, and plan and up leave it so. What karmactl scale has set, by hand or
by the clock, goes with the services: the state remembers it and wake puts it back.`,
		RunE: a.withSession(func(cfg *agents.Config, _ []string) error { return o.check(cfg) },
			func(ctx context.Context, s *session, _ []string) error { return runHibernate(ctx, s, o) }),
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *hibernateOptions) check(cfg *agents.Config) error {
	if cfg.LoadBalancer.DeletionProtection && len(cfg.Public()) > 0 && !o.keepALB {
		return usage("karmactl hibernate --keep-alb", "the load balancer is protected from deletion (load_balancer.deletion_protection)")
	}
	return nil
}

func runHibernate(ctx context.Context, s *session, o hibernateOptions) error {
	if !o.dryRun {
		return s.locked(ctx, "hibernate", func(ctx context.Context, store *state.Store) error { return hibernateLocked(ctx, s, store, o) })
	}
	store, err := s.readState(ctx)
	if err != nil {
		return err
	}
	if err := refuseTakeover(store, "hibernate"); err != nil {
		return err
	}
	p, err := planHibernation(ctx, s, store, o)
	if err != nil {
		return err
	}
	doc, _, err := p.hibernationPlan(o)
	if err != nil {
		return err
	}
	return s.app.term.Plan(doc)
}

// hibernation is what bills by the hour, of agents that the file has no more too.
// note is done before the first deletion.
func hibernation(s *session, o hibernateOptions, note func(context.Context, []state.Scale) error) teardown {
	return teardown{
		walk: func(st *stack.Stack, rec engine.Recorder) engine.Walk {
			w := s.walk(st, rec)
			w.Only = stack.Asleep(append(slices.Clone(w.Steps), w.Orphans...), o.keepALB)
			return w
		},
		leaveUsed: true,
		question:  question{command: "hibernate", text: "The agents will not answer until karmactl wake. Only yes is yes:", declined: "nothing was deleted"},
		before:    func(ctx context.Context, p *plan) error { return note(ctx, p.scales) },
	}
}

// planHibernation plans what goes, and reads what wake is to put back.
func planHibernation(ctx context.Context, s *session, store *state.Store, o hibernateOptions) (*plan, error) {
	t := hibernation(s, o, nil)
	p, err := s.planTeardown(ctx, store, t)
	if err != nil {
		return nil, err
	}
	p.asleep, p.sleeps = store.Hibernation(), t.walk(p.stack, store).Only
	drop(p.res, func(o engine.Outcome) bool { return !p.sleeps(o.Key) })
	if err := p.res.Err(); err != nil {
		return nil, err
	}
	p.scales, err = setByScale(ctx, s)
	return p, err
}

// setByScale is what karmactl scale has set and agents.yaml does not say.
func setByScale(ctx context.Context, s *session) ([]state.Scale, error) {
	now, err := fleet.ReadScaled(ctx, s.env(true), s.cfg.Names())
	if notUp := new(provision.NotUp); errors.As(err, &notUp) {
		return nil, nil // asleep already
	}
	if err != nil {
		return nil, err
	}
	return fleet.Remember(now, s.cfg.Agents), nil
}

func hibernateLocked(ctx context.Context, s *session, store *state.Store, o hibernateOptions) error {
	if asleep := store.Hibernation(); asleep != nil && !asleep.KeepALB {
		o.keepALB = false // there is none to keep
	}
	p, err := planHibernation(ctx, s, store, o)
	if err != nil {
		return err
	}
	doc, about, err := p.hibernationPlan(o)
	if err != nil {
		return err
	}
	if !s.app.term.JSON {
		if err := s.app.term.Plan(doc); err != nil {
			return err
		}
	}
	if !doc.Summary.Any() {
		return s.finish(ctx, &document.Result{Outcome: "succeeded", Hibernation: doc.Hibernation}, p.res, nil)
	}
	t := hibernation(s, o, func(ctx context.Context, scales []state.Scale) error {
		// Noted before the first deletion: what is missing from here on is missing on purpose.
		return store.Hibernate(ctx, o.keepALB, scales)
	})
	res, took, err := p.tearDown(ctx, store, true, t)
	if err != nil {
		return err
	}
	drop(res, func(o engine.Outcome) bool { return !p.sleeps(o.Key) })
	p.asleep = store.Hibernation()
	return p.hibernated(ctx, res, about, took)
}

// hibernationPlan says what would go and what that saves; the notes are for the
// user's decision.
func (p *plan) hibernationPlan(o hibernateOptions) (*document.Plan, []string, error) {
	saving, err := p.saving()
	if err != nil {
		return nil, nil, err
	}
	about := append([]string{p.saves(saving), "karmactl wake takes " + cost.WakeTakes(p.cfg)}, p.renewed(o.keepALB)...)
	if names := scaled(p.scales); names != "" {
		about = append(about, "wake puts back how karmactl scale has set "+names)
	}
	about = append(about, p.kept(p.res)...) // what others use
	doc := p.doc()
	doc.Destroy, doc.Waiting, doc.Hibernation = true, []document.Waiting{}, hibernationDoc(p.asleep, saving)
	doc.Warnings = document.Warn(about...)
	if !doc.Summary.Any() {
		doc.Warnings = []document.Warning{}
	}
	return doc, about, nil
}

func (p *plan) saves(saving cost.Rest) string {
	if len(saving.Lacks) > 0 {
		return fmt.Sprintf("what it saves is not known: %s", lack(p.cfg.Region, saving.Lacks))
	}
	out := fmt.Sprintf("saves $%s an hour, $%s a month", saving.Hourly.StringFixed(4), cost.USD(saving.Monthly))
	if saving.Office != "" {
		out += fmt.Sprintf("; $%s a month when it is awake %s only", cost.USD(saving.Nights), saving.Office)
	}
	return out
}

// renewed says what will not be the same after waking.
func (p *plan) renewed(keepALB bool) []string {
	var out []string
	domain := p.cfg.LoadBalancer.Domain
	switch {
	case keepALB, len(p.cfg.Public()) == 0:
	case !p.cfg.LoadBalancer.Records:
		out = append(out, "the load balancer that wake makes has a new DNS name: load_balancer.records is false, so what leads to it has to be changed by hand")
	case domain != "":
		out = append(out, "the load balancer that wake makes has a new DNS name, and wake sets the aliases of "+domain+" to it")
	default:
		out = append(out, "the load balancer that wake makes has a new DNS name: the agents' URLs change (load_balancer.domain gives them names that stay)")
	}
	if p.cfg.Network.NAT != agents.NATNone {
		out = append(out, "the agents' address towards the internet changes too")
	}
	return out
}

func (p *plan) saving() (cost.Rest, error) {
	prices, err := p.app.book(p.cfg)
	if err != nil {
		return cost.Rest{}, err
	}
	return cost.Hibernated(p.cfg, p.stack.Resources(), p.sleeps, prices)
}

// hibernationDoc is the state's word on it, with the saving.
func hibernationDoc(asleep *state.Hibernation, saving cost.Rest) *document.Hibernation {
	h := &document.Hibernation{}
	if len(saving.Lacks) == 0 { // what is not known is left empty, never 0
		h.Hourly, h.Monthly = saving.Hourly.StringFixed(4), cost.USD(saving.Monthly)
	}
	if asleep != nil {
		h.Since, h.KeepALB = stamp(asleep.Since), asleep.KeepALB
	}
	return h
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// atUTC is a time for people, who may be anywhere.
func atUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func (p *plan) hibernated(ctx context.Context, res *engine.Result, about []string, took time.Duration) error {
	r := resultDoc(res)
	r.Waiting = nil
	if err := res.Err(); err != nil {
		return p.finish(ctx, r, res, err)
	}
	saving, err := p.saving()
	if err != nil {
		return err
	}
	r.Outcome, r.Hibernation = "succeeded", hibernationDoc(p.asleep, saving)
	if p.app.term.JSON {
		r.Notes = about
	}
	saves := "saves $" + r.Hibernation.Hourly + " an hour"
	if len(saving.Lacks) > 0 {
		saves = p.saves(saving)
	}
	r.Headline = fmt.Sprintf("Hibernated in %s: %s.", ui.Duration(took), saves)
	r.Next = []string{"karmactl wake brings it back"}
	return p.finish(ctx, r, res, nil)
}

// scaled lists the agents of remembered scalings.
func scaled(all []state.Scale) string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Agent
	}
	return strings.Join(names, ", ")
}
