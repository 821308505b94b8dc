package cost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// levers are all changes that could save, whether or not they do for this
// configuration: the estimate decides.
func levers(cfg *agents.Config) ([]lever, error) {
	sleep, err := sleepLevers(cfg)
	return slices.Concat(computeLevers(), networkLevers(cfg), platformLevers(), sleep), err
}

func everyAgent(f func(*agents.Agent)) func(*agents.Config) {
	return func(c *agents.Config) {
		for i := range c.Agents {
			f(&c.Agents[i])
		}
	}
}

func computeLevers() []lever {
	return []lever{
		{
			name: "spot", change: "run every agent on Fargate Spot",
			tradeoff: "AWS may stop a task at two minutes' notice, and starts no new one while there is no capacity",
			risk:     "AWS may take a task away at two minutes' notice",
			how:      "defaults: {spot: true}",
			do:       everyAgent(func(a *agents.Agent) { a.Spot = agents.Spot{Enabled: true, SpotWeight: 1} }),
		},
		{
			name: "arm64", change: "run every agent on ARM64",
			tradeoff: "every image has to be built for linux/arm64",
			risk:     "every image has to be built for linux/arm64",
			how:      "defaults: {arch: arm64}, then karmactl deploy --all --build",
			do:       everyAgent(func(a *agents.Agent) { a.Arch = agents.ArchARM }),
		},
		{
			name: "smallest-size", change: "run every agent at 0.25 vCPU and 0.5 GB",
			tradeoff: "only where karmactl status shows CPU and memory well below half; the Service Connect proxy needs some of it",
			risk:     "only where CPU and memory are well below half",
			how:      "defaults: {cpu: 256, memory: 512}",
			do:       everyAgent(func(a *agents.Agent) { a.CPU, a.Memory = 256, 512 }),
		},
		{
			name: "one-task", change: "keep one task of each agent when it is quiet",
			tradeoff: "no second task while the only one is replaced or taken by Spot",
			risk:     "no second task while the only one is replaced",
			how:      "defaults: {scale: {min: 1}}",
			do: everyAgent(func(a *agents.Agent) {
				a.Scale.Min, a.Spot.Base = min(a.Scale.Min, 1), min(a.Spot.Base, 1)
			}),
		},
	}
}

func networkLevers(cfg *agents.Config) []lever {
	letIn := "nothing is let in but from the load balancer"
	if len(cfg.Public()) == 0 {
		letIn = "nothing is let in"
	}
	noNAT := "network: {nat: none}"
	if cfg.Network.IPv6 {
		noNAT = "network: {nat: none, ipv6: false}"
	}
	return []lever{
		{
			name: "nat-instance", change: "send what leaves the private subnets through one small instance instead of NAT gateways",
			tradeoff: "when it dies or its image is renewed no agent reaches the internet for two or three minutes, and it passes on less than a gateway; it is replaced by itself, and patched by karmactl up",
			risk:     "minutes without the internet while it is replaced",
			how:      "network: {nat: instance}", excludes: []string{"no-nat", "one-nat"},
			do: func(c *agents.Config) {
				if c.Network.NAT != agents.NATNone {
					c.Network.NAT = agents.NATInstance
				}
			},
		},
		{
			name: "no-nat", change: "run tasks in public subnets with an address each, without NAT",
			tradeoff: letIn + ", yet there is no private network around the tasks, and outgoing addresses change; dearer than one NAT gateway from ten tasks on",
			risk:     "tasks get public addresses, and outgoing ones change",
			how:      noNAT, excludes: []string{"nat-instance", "one-nat"},
			do: func(c *agents.Config) { c.Network.NAT, c.Network.IPv6 = agents.NATNone, false },
		},
		{
			name: "one-nat", change: "share one NAT gateway between the zones",
			tradeoff: "when its zone fails no agent reaches the internet, and traffic from other zones costs $0.01 a GB more",
			risk:     "when its zone fails no agent reaches the internet",
			how:      "network: {nat: single}", excludes: []string{"no-nat", "nat-instance"},
			do: func(c *agents.Config) {
				if c.Network.NAT == agents.NATPerAZ {
					c.Network.NAT = agents.NATSingle
				}
			},
		},
		{
			name: "no-endpoints", change: "drop the interface endpoints",
			tradeoff: "traffic to AWS's own services leaves the VPC as all other does, encrypted as before; images come over the free S3 endpoint",
			risk:     "traffic to AWS's services leaves the VPC as all other does",
			how:      "network: {endpoints: [s3]}", excludes: []string{"endpoints-in-one-zone"},
			do: func(c *agents.Config) { c.Network.Endpoints = []string{"s3"} },
		},
		{
			name: "endpoints-in-one-zone", change: "put the interface endpoints into one zone",
			tradeoff: "when that zone fails no task starts anywhere; calls from other zones cost $0.01 a GB",
			risk:     "when that zone fails no task starts anywhere",
			how:      "network: {endpoint_azs: one}", excludes: []string{"no-endpoints"},
			do: func(c *agents.Config) { c.Network.EndpointAZs = "one" },
		},
		{
			name: "two-zones", change: "use two zones",
			tradeoff: "one zone fewer to fail over to; the network is made again",
			risk:     "one zone fewer to fail over to; the network is made again",
			how:      "network: {azs: 2}, after karmactl down",
			do: func(c *agents.Config) {
				c.Network.AZs, c.Network.Zones = min(c.Network.AZs, 2), c.Network.Zones[:min(len(c.Network.Zones), 2)]
			},
		},
	}
}

func platformLevers() []lever {
	return []lever{
		{
			name: "no-insights", change: "turn Container Insights off",
			tradeoff: "no metrics per task; CPU and memory per agent, requests and healthy targets stay, for nothing",
			risk:     "no metrics per task",
			how:      "observability: {container_insights: off}",
			do:       func(c *agents.Config) { c.Observability.ContainerInsights = agents.InsightsOff },
		},
		{
			name: "parameters", change: "keep the agents' keys in the Parameter Store",
			tradeoff: "no rotation by AWS and no versions by stage; encrypted all the same",
			risk:     "no rotation by AWS",
			how:      "secrets: {store: ssm}",
			do:       func(c *agents.Config) { c.Secrets.Store = agents.StoreSSM },
		},
		{
			name: "no-nested-secret", change: "delete your nested secret once each agent has its own",
			tradeoff: "new agents get their keys with karmactl secrets set",
			risk:     "new agents get their keys with karmactl secrets set",
			how:      `secrets: {nested: ""}, after karmactl secrets sync; then delete the secret yourself`,
			do:       func(c *agents.Config) { c.Secrets.Nested = "" },
		},
		{
			name: "no-alarms", change: "make no alarms",
			tradeoff: "no mail comes when an agent is down",
			risk:     "no mail comes when an agent is down",
			how:      "observability: {alarms: {enabled: false}}",
			do:       func(c *agents.Config) { c.Observability.Alarms.Enabled = false },
		},
		{
			name: "scale-by-cpu", change: "scale by CPU alone, which halves the alarms that AWS makes for it",
			tradeoff: "an agent that runs out of memory is restarted, not scaled",
			risk:     "an agent that runs out of memory is restarted, not scaled",
			how:      "defaults: {scale: {memory: 0}}",
			do: everyAgent(func(a *agents.Agent) {
				if a.Scale.CPUPercent > 0 {
					a.Scale.MemoryPercent = 0
				}
			}),
		},
		{
			name: "no-dashboard", change: "do without the dashboard",
			tradeoff: "karmactl status shows the same figures in the terminal",
			risk:     "status has the same figures in the terminal",
			how:      "observability: {dashboard: false}",
			do:       func(c *agents.Config) { c.Observability.Dashboard = false },
		},
		{
			name: "no-traces", change: "stop tracing",
			tradeoff: "no X-Ray traces",
			risk:     "no X-Ray traces",
			how:      "observability: {xray: false}",
			do:       func(c *agents.Config) { c.Observability.XRay = false },
		},
	}
}

// sleepLevers change the hours, by the office-hours schedule of the file.
func sleepLevers(cfg *agents.Config) ([]lever, error) {
	s, ok := cfg.Schedules[agents.OfficeHours]
	if !ok {
		return nil, nil
	}
	week, err := weekly(s)
	if err != nil {
		return nil, err
	}
	up := decimal.Min(hours, week.Mul(weeksPerMonth))
	base, still := standing(cfg), ""
	if n := len(base); n > 0 {
		still = "; " + strings.Join(base[:n-1], ", ") + " and " + base[n-1] + " still cost"
	}
	waking := "waking takes " + WakeTakes(cfg) + ", and a person or a scheduler has to call it"
	if len(cfg.Public()) > 0 {
		waking = "waking takes " + WakeTakes(cfg) + ", a person or a scheduler has to call it, and the load balancer gets a new DNS name"
	}
	return []lever{
		{
			name: "office-hours", change: fmt.Sprintf("run agents %s only, %s hours a week", when(s), week.Round(1)),
			tradeoff: "agents do not answer at other times" + still,
			how:      "karmactl scale --schedule office-hours", excludes: []string{"hibernate"},
			up: func(r running) running { r.tasks, r.only = up, s.Agents; return r },
		},
		{
			name: "hibernate", change: fmt.Sprintf("take away what bills by the hour (%s) outside %s", strings.Join(slices.Concat([]string{"tasks"}, base, []string{"alarms"}), ", "), when(s)),
			tradeoff: waking,
			how:      "karmactl hibernate in the evening, karmactl wake in the morning", excludes: []string{"office-hours"},
			up: func(r running) running { r.awake = up; return r },
		},
	}, nil
}

// standing is what costs beside tasks whether or not they run.
func standing(cfg *agents.Config) []string {
	var out []string
	switch cfg.Network.NAT {
	case agents.NATSingle, agents.NATPerAZ:
		out = append(out, "NAT gateway")
	case agents.NATInstance:
		out = append(out, "NAT instance")
	}
	if len(cfg.Public()) > 0 {
		out = append(out, "load balancer")
	}
	if len(out) > 0 {
		out = append(out, "addresses")
	}
	return out
}

// WakeTakes is how long a stack that hibernates takes to wake: a load balancer and a NAT
// gateway take some minutes, tasks alone one or two.
func WakeTakes(cfg *agents.Config) string {
	if len(standing(cfg)) == 0 {
		return "one to two minutes"
	}
	return "three to four minutes"
}
