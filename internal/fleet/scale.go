// Package fleet is what is done with agents that run: how many there are and
// when, the secrets they have, their logs. What it changes in AWS goes through
// the resources of internal/provision, by the same road as up.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Target is what one agent is to be scaled to.
type Target struct {
	Agent string
	// Min and Max are the bounds; a fixed number is both.
	Min, Max int
	// Auto gives the bounds back to agents.yaml.
	Auto bool
}

// maxTasks is ECS's quota of tasks in a service.
const maxTasks = 5000

// ParseTarget reads validator=3, validator=1-5 and validator=auto.
func ParseTarget(arg string) (Target, error) {
	name, to, ok := strings.Cut(arg, "=")
	t := Target{Agent: name}
	if !ok || name == "" || to == "" {
		return t, fmt.Errorf("%q is not a scaling: AGENT=3, AGENT=1-5 or AGENT=auto", arg)
	}
	if to == "auto" {
		t.Auto = true
		return t, nil
	}
	low, high, ranged := strings.Cut(to, "-")
	if !ranged {
		high = low
	}
	var errLow, errHigh error
	t.Min, errLow = strconv.Atoi(low)
	t.Max, errHigh = strconv.Atoi(high)
	if errLow != nil || errHigh != nil || t.Min < 0 || t.Max < t.Min || t.Max > maxTasks {
		return t, fmt.Errorf("%q is not a scaling: AGENT=3, AGENT=1-5 or AGENT=auto, from 0 to %d tasks", arg, maxTasks)
	}
	return t, nil
}

// Scaled is how an agent is scaled now.
type Scaled struct {
	Agent    string
	Min, Max int
	// Manual: set by karmactl scale, so that agents.yaml does not rule.
	Manual bool
	// Schedules are the names of the schedules that it has, in order.
	Schedules []string

	actions []*provision.ScheduledAction
}

// ReadScaled reads how agents are scaled. Agents that are not up are left out; when
// none is, that is the error.
func ReadScaled(ctx context.Context, home *provision.Env, names []string) (map[string]Scaled, error) {
	out := map[string]Scaled{}
	var missing error
	for _, name := range names {
		b, err := home.ReadScaleOverride(ctx, name)
		if notUp := new(provision.NotUp); errors.As(err, &notUp) {
			missing = cmp.Or(missing, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		s := Scaled{Agent: name, Min: b.Min, Max: b.Max, Manual: b.Owner == provision.ScaleManual}
		if s.actions, err = home.ScheduledActions(ctx, name); err != nil {
			return nil, err
		}
		for _, a := range s.actions {
			s.Schedules = append(s.Schedules, a.Schedule)
		}
		slices.Sort(s.Schedules)
		s.Schedules = slices.Compact(s.Schedules)
		out[name] = s
	}
	if len(out) == 0 && missing != nil {
		return nil, missing
	}
	return out, nil
}

// Change is what is to be made true, and what is to go.
type Change struct {
	Steps   []engine.Step
	Orphans []engine.Step
}

func (c *Change) want(s engine.Step) { c.Steps = append(c.Steps, s) }

func (c *Change) drop(s engine.Step) { c.Orphans = append(c.Orphans, engine.Orphan(s, nil)) }

// Scale sets the bounds of agents by hand. An agent without tasks would ring its
// alarm for too few healthy ones: that is muted, and armed again when tasks come
// back: a schedule mutes it by the clock.
func Scale(home *provision.Env, cfg *agents.Config, now map[string]Scaled, targets []Target) Change {
	var c Change
	for _, t := range targets {
		a, _ := cfg.Agent(t.Agent)
		b := &provision.ScaleOverride{Env: home, Agent: t.Agent, ScaleOverrideSpec: provision.ScaleOverrideSpec{Min: t.Min, Max: t.Max, Owner: provision.ScaleManual}}
		if t.Auto {
			b.ScaleOverrideSpec = provision.ScaleOverrideSpec{Min: a.Scale.Min, Max: a.Scale.Max}
		}
		c.want(engine.Manage(b))
		least, was := cfg.Observability.Alarms.MinHealthy, now[t.Agent]
		mute := engine.Manage(home.SilenceFewHealthy(t.Agent))
		switch {
		case b.Max < least:
			c.want(mute)
		case was.Max < least && c.muteByClock(home, cfg, t.Agent, was.Schedules):
			c.drop(mute)
		}
	}
	return c
}
