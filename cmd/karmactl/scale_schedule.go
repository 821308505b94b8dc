package main

import (
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// scheduleOff takes schedules away.
const scheduleOff = "off"

// hours tells when a schedule fires and what it saves.
func (sc *scaling) hours(d *document.Scale, s agents.Schedule) error {
	w, err := s.Window()
	if err != nil {
		return err
	}
	d.Window = &document.ScaleWindow{
		Name: s.Name, Days: s.Days, Start: s.Start, Stop: s.Stop, Timezone: s.Timezone,
		StartCron: w.StartCron(), StopCron: w.StopCron(), Open: w.Open(sc.at),
	}
	change, changes := w.ClockChange(sc.at)
	for _, f := range w.Firings(sc.at) {
		d.Firings = append(d.Firings, document.ScaleFiring{Action: f.Action, Local: f.At, UTC: f.At.UTC(), AfterClockChange: changes && f.At.After(change)})
	}
	prices, err := sc.app.book(sc.cfg)
	if err != nil {
		return err
	}
	c, err := cost.ScheduleSaving(sc.cfg, prices, s)
	if err != nil {
		return err
	}
	d.Cost = &document.ScaleCost{AsOf: prices.AsOf, Missing: itemNames(slices.Concat(c.SavesLacks, c.KeepsLacks))}
	if len(c.SavesLacks) == 0 {
		d.Cost.Saves = cost.USD(c.Saves)
	}
	if len(c.KeepsLacks) == 0 {
		d.Cost.Keeps = cost.USD(c.Keeps)
	}
	return nil
}

// showHours is the schedule: who is on when, when it fires next, what it saves.
func (sc *scaling) showHours(d *document.Scale) {
	t, w := sc.app.term, d.Window
	if w == nil {
		return
	}
	t.Printf("%-15s %s %s–%s %s\n", w.Name, w.Days, w.Start, w.Stop, w.Timezone)
	t.Printf("  %-17s %-10s %s\n", "agent", "in hours", "off hours")
	for _, ag := range fleet.ScheduledAgents(sc.cfg, sc.cfg.Schedules[w.Name]) {
		t.Printf("  %-17s %-10s %s\n", ag.Name, bounds(ag.Scale.Min, ag.Scale.Max), "0")
	}
	t.Printf("  actions           %s · %s\n", w.StartCron, w.StopCron)
	t.Printf("  next\n")
	for _, f := range d.Firings {
		after := ""
		if f.AfterClockChange {
			after = "   after the clocks change"
		}
		t.Printf("    %-6s %s   %s%s\n", f.Action, f.Local.Format("Mon 2006-01-02 15:04 MST"), f.UTC.Format("Mon 15:04 UTC"), after)
	}
	t.Para("  ", sc.saves(d.Cost))
	if !sc.o.now {
		t.Para("  ", "until then the agents stay as they are: --now applies the present hours at once")
	}
}

// saves says what a schedule saves and what not.
func (sc *scaling) saves(c *document.ScaleCost) string {
	if len(c.Missing) > 0 {
		return "what it saves is not known: " + lackNames(sc.cfg.Region, c.Missing) + ". NAT, load balancer and addresses keep billing: karmactl hibernate"
	}
	return fmt.Sprintf("saves %s/mo of fargate. NAT, load balancer and addresses (%s) keep billing: karmactl hibernate", c.Saves, c.Keeps)
}
