package importer

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// copilotTimes are the names that Copilot has for schedules, as a crontab's line.
// https://aws.github.io/copilot-cli/docs/manifest/scheduled-job/#on-schedule
var copilotTimes = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// copilotTimesOf is a manifest's schedule as EventBridge Scheduler takes it. What it cannot be is left as it is.
func copilotTimesOf(said string) string {
	if every, ok := strings.CutPrefix(said, "@every "); ok {
		if d, err := time.ParseDuration(every); err == nil && d >= time.Minute && d%time.Minute == 0 {
			n := int(d.Minutes())
			return fmt.Sprintf("rate(%d minute%s)", n, map[bool]string{false: "s"}[n == 1])
		}
	}
	line := said
	if named := copilotTimes[said]; named != "" {
		line = named
	}
	if cron, ok := agents.OfCrontab(line); ok {
		return cron
	}
	return said
}

// job makes a job of a manifest of the type Scheduled Job.
func (c *copilot) job(name string, m *tree, env string) {
	whole := merged(m, m.get("environments", env))
	said := whole.get("on", "schedule")
	expression, why := expressionOf(copilotTimesOf(said.str()), "")
	text, _ := imageOf(whole)
	switch {
	case said.str() == "none":
		why = "it is switched off, and jobs run: write it under jobs when it is to run"
	case why == "" && text == "" && whole.get("command") == nil:
		why = "it runs its image's own command, and karmactl builds images of agents alone: write an agent with build, and a job with agent and command"
	case why == "" && len(c.fleet.agents) == 0:
		why = "a job, and there is no agent beside it"
	}
	if why != "" {
		m.leave(why)
		return
	}
	j := c.fleet.addJob(name, m.at)
	a := j.agent
	if text == "" {
		a = c.fleet.imageOf(j)
	}
	c.agentOf(a, whole)
	j.takeCommand(whole.get("command"))
	if a == j.agent {
		j.leaveServices(whole.get("image", "healthcheck"), whole.get("image", "port"))
		whole.get("exec").leave("a job ends by itself: karmactl exec opens a shell in agents")
	}
	m.get("name").carry("jobs." + j.name)
	m.get("type").own("a job")
	j.when(expression, said, nil)
	if t := whole.get("timeout"); t != nil {
		if n, ok := seconds(t.str()); ok {
			j.timeout = j.within(t, "timeout", n, 10, 7*24*60*60)
			t.carry(j.key("timeout"))
		}
	}
	if t := whole.get("retries"); t != nil {
		if n, err := strconv.Atoi(t.str()); err == nil {
			j.retries = j.within(t, "retries", n, 0, 10)
			t.carry(j.key("retries"))
		}
	}
	for e, t := range m.get("environments").each() {
		if e != env {
			t.leave(fmt.Sprintf("of another environment: karmactl init --env %s reads it", e))
		}
	}
}
