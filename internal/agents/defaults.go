package agents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OfficeHours is the schedule that every file has.
const OfficeHours = "office-hours"

// defaultConfig is what a file that says nothing means. What depends on what
// the file says is filled in by fillIn.
func defaultConfig() Config {
	return Config{
		Project:     "karmacadabra",
		Environment: "prod",
		Region:      "us-east-1",
		Network: Network{
			CIDR: "10.0.0.0/16", AZs: 2, NAT: NATSingle, InstanceType: "t4g.nano",
			Endpoints: []string{"s3"}, EndpointAZs: "all",
		},
		LoadBalancer: LoadBalancer{IdleTimeout: time.Minute, StripPrefix: true, Records: true},
		Observability: Observability{
			LogRetentionDays: 7, ContainerInsights: InsightsOff, Dashboard: true, ErrorMetric: true,
			Alarms: Alarms{Enabled: true, Kinds: AlarmKinds(), CPUPercent: 85, MemoryPercent: 85, MinHealthy: 1},
		},
		Secrets: Secrets{Entry: "{agent}-agent", Store: StoreSecretsManager},
		// A quiet fleet: LCU 0.05 is some 30 cents a month of load balancer traffic.
		Usage: Usage{NATGB: 10, LogsGB: 5, ImagesGB: 3, EFSGB: 1, LCU: 0.05, JobMinutes: 10, FreeTier: true},
		Hooks: Hooks{Timeout: 10 * time.Minute},
		Schedules: map[string]Schedule{OfficeHours: {
			Name: OfficeHours, Days: "MON-FRI", Start: "09:00", Stop: "18:00", Timezone: "America/New_York",
		}},
	}
}

// defaultAgent is an agent that says nothing. Memory, StopTimeout and
// RequestTimeout are filled in by fillIn.
func defaultAgent() Agent {
	return Agent{
		Public: true,
		CPU:    256,
		Arch:   ArchX86,
		Spot:   Spot{Enabled: true, SpotWeight: 1},
		Scale: Scale{
			Min: 1, Max: 3, CPUPercent: 75, MemoryPercent: 80,
		},
		Health: Health{
			Path: "/health", Interval: 10 * time.Second, Timeout: 5 * time.Second,
			Healthy: 2, Unhealthy: 3, Grace: time.Minute, Codes: "200-299",
		},
		Exec:      true,
		Drain:     30 * time.Second,
		Container: Container{Init: true},
	}
}

// fillIn completes what follows from other values.
func fillIn(r *reader, c *Config) {
	if c.Network.Namespace == "" {
		c.Network.Namespace = c.Project + ".local"
		if c.Environment != "prod" {
			c.Network.Namespace = c.Stack() + ".local"
		}
	}
	fillInNetwork(&c.Network)
	if !r.stated("secrets", "nested") {
		c.Secrets.Nested = c.Project
	}
	for name, s := range c.Schedules {
		s.Name = name
		if s.Days == "" {
			s.Days = "MON-FRI"
		}
		c.Schedules[name] = s
	}
	for i := range c.Agents {
		fillInAgent(&c.Agents[i])
		fillInScale(r, &c.Agents[i])
		if c.Agents[i].RequestTimeout == 0 {
			c.Agents[i].RequestTimeout = c.LoadBalancer.IdleTimeout
		}
		fillInExec(r, &c.Agents[i])
		fillInRoute(r, c, &c.Agents[i])
	}
	fillInJobs(r, c)
	fillInShared(c)
	places := c.places()
	for i := range c.Agents {
		fillInCallsAll(c, &c.Agents[i])
		fillInCalls(c, &c.Agents[i], places)
		if c.Observability.XRay {
			fillInTracing(&c.Agents[i], c.Stack())
		}
	}
}

// preset gives an agent a variable that its file neither sets nor has as a secret.
func (a *Agent) preset(variable, value string) {
	_, stated := a.Env[variable]
	secret := slices.ContainsFunc(a.Secrets, func(s Secret) bool { return s.Env == variable })
	if !stated && !secret {
		a.Env[variable] = value
	}
}

// fillInCalls tells an agent where the agents that it calls answer, as VALIDATOR_URL.
// Service Connect knows them by the agent's name and port and by no longer name.
func fillInCalls(c *Config, a *Agent, places map[string]int) {
	for _, name := range a.Calls {
		if i, ok := places[name]; ok {
			a.preset(CalleeURL(name), fmt.Sprintf("http://%s:%d", name, c.Agents[i].Port))
		}
	}
}

// CalleeURL is the environment variable that holds the address of an agent in
// the agents that call it: VALIDATOR_URL.
func CalleeURL(agent string) string {
	return strings.ToUpper(strings.ReplaceAll(agent, "-", "_")) + "_URL"
}

func fillInAgent(a *Agent) {
	if sizes := FargateMemory(a.CPU); a.Memory == 0 && len(sizes) > 0 {
		a.Memory = sizes[0]
	}
	if a.StopTimeout == 0 {
		// Spot takes a task away with two minutes' notice; ECS's own default would use a quarter of it.
		a.StopTimeout = 30 * time.Second
		if a.Spot.Enabled {
			a.StopTimeout = 120 * time.Second
		}
	}
	a.Health.fillInContainer()
	name := func(s string) string { return strings.ReplaceAll(s, "{agent}", a.Name) }
	a.Image = name(a.Image)
	fillInSidecars(a, name)
	for _, p := range a.Permissions {
		for i := range p.On {
			p.On[i] = name(p.On[i])
		}
	}
	if b := a.Build; b != nil {
		b.Context, b.Dockerfile, b.Target = name(b.Context), name(b.Dockerfile), name(b.Target)
		for k, v := range b.Args {
			b.Args[k] = name(v)
		}
	}
	env := map[string]string{"AGENT_NAME": a.Name}
	if a.Port > 0 {
		env["PORT"] = strconv.Itoa(a.Port)
	}
	a.Public = a.Public && a.Port > 0
	for _, s := range a.Secrets {
		delete(env, s.Env)
	}
	for k, v := range a.Env {
		env[k] = v
	}
	a.Env = env
}

// ECS takes shorter times for a container's check than ELB does for a target's.
const (
	maxContainerTimeout = 60 * time.Second
	maxContainerStart   = 300 * time.Second
)

// fillInContainer gives the container's check the load balancer's times, within
// ECS's limits. The service's own grace period covers the rest of a long start.
func (h *Health) fillInContainer() {
	c := &h.Container
	if len(c.Command) == 0 {
		return
	}
	if c.Interval == 0 {
		c.Interval = h.Interval
	}
	if c.Timeout == 0 {
		c.Timeout = min(h.Timeout, maxContainerTimeout)
	}
	if c.Retries == 0 {
		c.Retries = h.Unhealthy
	}
	if c.Start == 0 {
		c.Start = min(h.Grace, maxContainerStart)
	}
}
