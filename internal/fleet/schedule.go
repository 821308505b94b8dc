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
// The alarm for too few healthy tasks would ring every night, so it is muted outside
// the window. With apply the bounds of the present moment are set at once;
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
		c.muteOutside(home, a.Name, w, s.Timezone)
		c.silence(home, cfg, a.Name, open.Max, now[a.Name])
		c.dropActions(home, now[a.Name].actions, s.Name)
	}
	return c, nil
}

// settlesIn is how long after a start an alarm stays muted: the action fires within a minute
// or two, the tasks start and answer, and the alarm needs a minute to see them.
const settlesIn = 15 * time.Minute

// muteOutside mutes the alarm for too few healthy tasks outside a window: the rules that
// the window does not need go.
func (c *Change) muteOutside(home *provision.Env, agent string, w agents.Window, zone string) {
	closed := w.Closed(settlesIn)
	for i := range agents.MostClosed {
		m := &provision.AlarmMuteRule{Env: home, Agent: agent, N: i + 1}
		if i >= len(closed) {
			c.drop(engine.Manage(m))
			continue
		}
		m.Spec = provision.AlarmMuteRuleSpec{Cron: closed[i].Cron(), Timezone: zone, Duration: closed[i].For}
		c.want(engine.Manage(m))
	}
}

// muteByClock is muteOutside for an agent that has schedules. It is false when agents.yaml
// has none of them any more: which hours those are is not known.
func (c *Change) muteByClock(home *provision.Env, cfg *agents.Config, agent string, schedules []string) bool {
	for _, name := range schedules {
		if s, ok := cfg.Schedules[name]; ok {
			if w, err := s.Window(); err == nil {
				c.muteOutside(home, agent, w, s.Timezone)
				return true
			}
		}
	}
	return len(schedules) == 0
}

// silence turns that alarm off where an agent has too few tasks at any time, and on again
// where it was off for its tasks or for a schedule: until now a schedule turned it off.
func (c *Change) silence(home *provision.Env, cfg *agents.Config, agent string, most int, was Scaled) {
	least := cfg.Observability.Alarms.MinHealthy
	switch {
	case most < least:
		c.want(engine.Manage(home.SilenceFewHealthy(agent)))
	case was.Max < least || len(was.actions) > 0:
		c.drop(engine.Manage(home.SilenceFewHealthy(agent)))
	}
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
		for i := range agents.MostClosed {
			c.drop(engine.Manage(&provision.AlarmMuteRule{Env: home, Agent: a.Name, N: i + 1}))
		}
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
