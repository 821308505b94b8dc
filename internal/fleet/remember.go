package fleet

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

// Remember is what of an agent's scaling agents.yaml does not say: bounds set by
// hand, and the actions of its schedule. Hibernating deletes the services, and
// deregistering a target deletes its scheduled actions with it.
func Remember(now map[string]Scaled, order []agents.Agent) []state.Scale {
	var out []state.Scale
	for _, a := range order {
		s, up := now[a.Name]
		if !up || !s.Manual && len(s.actions) == 0 {
			continue
		}
		kept := state.Scale{Agent: a.Name, Manual: s.Manual, Min: s.Min, Max: s.Max}
		for _, x := range s.actions {
			kept.Actions = append(kept.Actions, state.ScaleAction{
				Schedule: x.Schedule, Action: x.Action, Cron: x.Spec.Cron, Timezone: x.Spec.Timezone, Min: x.Spec.Min, Max: x.Spec.Max,
			})
		}
		out = append(out, kept)
	}
	return out
}

// Restore puts back what Remember kept, with the alarms muted as they were. An
// agent that wakes outside the hours of its schedule runs until the schedule's
// next stop: who wakes an agent wants it awake.
func Restore(home *provision.Env, cfg *agents.Config, kept []state.Scale) Change {
	var c Change
	for _, k := range kept {
		if _, there := cfg.Agent(k.Agent); !there {
			continue
		}
		var order []engine.Node
		var schedules []string
		if k.Manual {
			b := &provision.ScaleOverride{Env: home, Agent: k.Agent, ScaleOverrideSpec: provision.ScaleOverrideSpec{Min: k.Min, Max: k.Max, Owner: provision.ScaleManual}}
			order = append(order, b)
			c.want(engine.Manage(b))
		}
		for _, x := range k.Actions {
			a := &provision.ScheduledAction{
				Env: home, Agent: k.Agent, Schedule: x.Schedule, Action: x.Action, Order: slices.Clone(order),
				Spec: provision.ScheduledActionSpec{Cron: x.Cron, Timezone: x.Timezone, Min: x.Min, Max: x.Max},
			}
			order, schedules = append(order, a), append(schedules, x.Schedule)
			c.want(engine.Manage(a))
		}
		if k.Manual && k.Max < cfg.Observability.Alarms.MinHealthy || !c.muteByClock(home, cfg, k.Agent, schedules) {
			c.want(engine.Manage(home.SilenceFewHealthy(k.Agent)))
		}
	}
	return c
}
