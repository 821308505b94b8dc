package main

import (
	"context"
	"errors"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// price works out what the scaling costs. The other agents count as they are scaled now.
func (sc *scaling) price(ctx context.Context) error {
	all, err := fleet.ReadScaled(ctx, sc.env(true), sc.cfg.Names())
	if notUp := new(provision.NotUp); errors.As(err, &notUp) {
		return nil // there is nothing that costs
	}
	if err != nil {
		return err
	}
	sc.before, sc.after = capacityOf(all), capacityOf(all)
	doc, err := sc.doc()
	if err != nil {
		return err
	}
	for _, x := range doc.Agents {
		sc.after.bounds[x.Agent] = agents.Scale{Min: x.Min, Max: x.Max}
		delete(sc.after.schedule, x.Agent)
		if sc.o.schedule != "" && sc.o.schedule != scheduleOff {
			sc.after.schedule[x.Agent] = sc.o.schedule
		}
	}
	sc.money, err = sc.compare(sc.before, sc.after, sc.o.budget)
	sc.money.less = !more(sc.before, sc.after)
	return err
}

// more tells whether an agent gets more tasks, or is no longer bound to a schedule's hours.
func more(before, after capacity) bool {
	for name, a := range after.bounds {
		b := before.bounds[name]
		if a.Min > b.Min || a.Max > b.Max || before.schedule[name] != "" && after.schedule[name] != before.schedule[name] {
			return true
		}
	}
	return false
}

// capacityOf is what agents have now. A schedule counts until a user scales by hand.
func capacityOf(all map[string]fleet.Scaled) capacity {
	c := capacity{bounds: map[string]agents.Scale{}, schedule: map[string]string{}}
	for name, x := range all {
		c.bounds[name] = agents.Scale{Min: x.Min, Max: x.Max}
		if len(x.Schedules) > 0 && !x.Manual {
			c.schedule[name] = x.Schedules[0]
		}
	}
	return c
}

// allowed holds the scaling against the budget and the account's quotas.
func (sc *scaling) allowed(ctx context.Context) error {
	if err := sc.money.guard(sc.o.insist); err != nil {
		return err
	}
	return sc.room(ctx, least(sc.before), least(sc.after))
}

// least is how many tasks agents have at the least.
func least(c capacity) map[string]int {
	out := map[string]int{}
	for name, b := range c.bounds {
		out[name] = b.Min
	}
	return out
}
