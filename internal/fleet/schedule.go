package fleet

import (
	"slices"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

const (
	start = provision.ActionStart
	stop  = provision.ActionStop
)

// ScheduledAgents are the agents that a schedule applies to, in the file's order.
func ScheduledAgents(cfg *agents.Config, s agents.Schedule) []agents.Agent {
	var out []agents.Agent
	for _, a := range cfg.Agents {
		if len(s.Agents) == 0 || slices.Contains(s.Agents, a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// Schedule puts agents on a schedule: their own bounds in the window, 0 to 0
// outside. It takes the place of any other schedule and of a number set by hand.
// The alarm for too few healthy tasks would ring every night, so it is muted while
// there is a schedule. With apply the bounds of the present moment are set at once;
// else they stay until the next action fires.
func Schedule(home *provision.Env, cfg *agents.Config, now map[string]Scaled, s agents.Schedule, at time.Time, apply bool) (Change, error) {
	w, err := s.Window()
	if err != nil {
		return Change{}, err
	}
	var c Change
	for _, a := range ScheduledAgents(cfg, s) {
		if _, up := now[a.Name]; !up {
			continue
		}
		open := provision.ScaleOverrideSpec{Min: a.Scale.Min, Max: a.Scale.Max}
		b := &provision.ScaleOverride{Env: home, Agent: a.Name, ScaleOverrideSpec: provision.ScaleOverrideSpec{KeepCounts: !apply}}
		if w.Open(at) {
			b.Min, b.Max = open.Min, open.Max
		}
		on := &provision.ScheduledAction{
			Env: home, Agent: a.Name, Schedule: s.Name, Action: start, Order: []engine.Node{b},
			Spec: provision.ScheduledActionSpec{Cron: w.StartCron(), Timezone: s.Timezone, Min: open.Min, Max: open.Max},
		}
		off := &provision.ScheduledAction{
			Env: home, Agent: a.Name, Schedule: s.Name, Action: stop, Order: []engine.Node{on},
			Spec: provision.ScheduledActionSpec{Cron: w.StopCron(), Timezone: s.Timezone},
		}
		c.want(engine.Manage(b))
		c.want(engine.Manage(on))
		c.want(engine.Manage(off))
		c.want(engine.Manage(home.SilenceFewHealthy(a.Name)))
		c.dropActions(home, now[a.Name].actions, s.Name)
	}
	return c, nil
}

// Unschedule takes every schedule away, gives the bounds back to agents.yaml and
// arms the alarms again. Agents without a schedule are left as they are.
func Unschedule(home *provision.Env, cfg *agents.Config, now map[string]Scaled) Change {
	var c Change
	for _, a := range cfg.Agents {
		was := now[a.Name]
		if len(was.actions) == 0 {
			continue
		}
		c.want(engine.Manage(&provision.ScaleOverride{Env: home, Agent: a.Name, ScaleOverrideSpec: provision.ScaleOverrideSpec{Min: a.Scale.Min, Max: a.Scale.Max}}))
		c.dropActions(home, was.actions, "")
		if a.Scale.Max >= cfg.Observability.Alarms.MinHealthy {
			c.drop(engine.Manage(home.SilenceFewHealthy(a.Name)))
		}
	}
	return c
}

// dropActions deletes actions of all schedules but one, one after the other: AWS
// refuses concurrent updates of one target.
func (c *Change) dropActions(home *provision.Env, all []*provision.ScheduledAction, but string) {
	var before []engine.Key
	for _, old := range all {
		if old.Schedule == but {
			continue
		}
		gone := &provision.ScheduledAction{Env: home, Agent: old.Agent, Schedule: old.Schedule, Action: old.Action, Spec: old.Spec}
		c.Orphans = append(c.Orphans, engine.Orphan(engine.Manage(gone), before))
		before = []engine.Key{gone.Key()}
	}
}
