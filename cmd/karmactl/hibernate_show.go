package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/state"
	"github.com/karmacadabra/karmactl/internal/ui"
)

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
	doc.Warnings = about
	if !doc.Summary.Any() {
		doc.Warnings = []string{}
	}
	return doc, about, nil
}

// saves says what hibernating saves.
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

// saving prices what hibernates.
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

// hibernated tells how hibernating went.
func (p *plan) hibernated(res *engine.Result, about []string, took time.Duration) error {
	r := resultDoc(res)
	r.Waiting = nil
	if err := res.Err(); err != nil {
		return p.finish(r, res, err)
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
	return p.finish(r, res, nil)
}

// scaled lists the agents of remembered scalings.
func scaled(all []state.Scale) string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Agent
	}
	return strings.Join(names, ", ")
}
