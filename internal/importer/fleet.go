package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// fleet is what was found, in agents.yaml's words. What is zero was not said.
type fleet struct {
	project, environment, region string
	tags                         []pair
	budget                       string
	emails                       []string

	// boundary is the ARN of the policy that bounds all of its roles.
	boundary string

	cidr        string
	zones       []string
	nat         string
	endpoints   []string
	noEndpoints bool // there are none, which is not the same as that none was named
	namespace   string
	idleTimeout int // seconds
	// strip is whether the path prefix is taken off; nil is not said.
	strip              *bool
	internal           bool
	deletionProtection bool
	accessLogs         string
	domain, zone       string
	noRecords          bool
	certificate        string // the ARN of one that is there already

	retention    int // days
	insights     string
	xray         bool
	dashboard    *bool
	errorMetric  *bool
	alarms       *bool
	alarmKinds   []string // nil is not said
	alarmCPU     int
	alarmMemory  int
	alarmEmails  []string
	store        string
	registries   []pair
	agents       []*agent
	jobs         []*job
	environments []*overlay
}

// pair is a name and a text.
type pair struct{ name, text string }

// overlay is what another environment says of the agents.
type overlay struct {
	name   string
	agents []*agent
}

// agent is one agent. What is zero was not said.
type agent struct {
	name string
	// prefix is where the agent is in the file: "" or "environments.NAME.". In the section
	// "jobs" it is what a job runs; "" is "agents".
	prefix, section string
	at              Place
	// service is the name of the ECS service that it was; "" when it was none.
	service string
	// serviceName is the key service; "" leaves it to the agent's own name.
	serviceName string
	comments    []string
	port        int
	worker      bool // it has no port, whatever its image exposes
	public      *bool
	cpu, memory int
	arch        string
	spot        *spot
	scale       *scale
	health      health
	env         []pair
	secrets     []secret
	command     []string
	container   container
	permissions []permission
	// drain and stickiness are seconds; drain is nil when it was not said.
	drain       *int
	stickiness  int
	image       string
	build       *build
	path        string // where the load balancer leads to it
	hosts       []string
	calls       []string
	callsAll    bool // calls are all others
	meshed      bool // it is in a Service Connect namespace
	exec        *bool
	stopTimeout int // seconds
	// requestTimeout is how long a request may take, in seconds; 0 is not said.
	requestTimeout int
	sidecars       []*sidecar
	inits          []*sidecar
	volumes        []volume
	// volumeOf is the name of a volume by the one that the source has for it; the last one counts.
	volumeOf map[string]string
}

type spot struct {
	enabled              bool
	base, weight, demand int // weights of a mix; all 0 is no mix
}

type scale struct {
	min, max, cpu, memory, requests int
	// none tells that nothing scales: the targets are written as 0.
	none bool
}

// health is the load balancer's check, and the container's own.
type health struct {
	path, codes                                  string
	interval, timeout, grace, healthy, unhealthy int // seconds and counts
	container                                    check
}

// check is the check that ECS runs inside of the container.
type check struct {
	command                           []string
	interval, timeout, retries, start int // seconds, and how many failures
}

type secret struct {
	env, key, from string
	optional       bool
}

type build struct {
	context, dockerfile, target string
	args                        []pair
}

func (f *fleet) agent(name string) *agent {
	for _, a := range f.agents {
		if a.name == name {
			return a
		}
	}
	return nil
}

// addAgent adds an agent under the nearest name that is allowed and free.
func (f *fleet) addAgent(said string, at Place) *agent {
	a := &agent{at: at}
	a.takeName(f, said, "agent")
	f.agents = append(f.agents, a)
	return a
}

// takeName gives an agent or a job the nearest name that is allowed and free.
func (a *agent) takeName(f *fleet, said, what string) {
	name := nearest(said, nearAgent, what)
	a.name = name
	for i := 2; f.agent(a.name) != nil || f.job(a.name) != nil; i++ {
		a.name = nearest(fmt.Sprintf("%s-%d", strings.TrimSuffix(name[:min(len(name), 36)], "-"), i), nearAgent, what)
	}
	if a.name != said {
		a.comments = append(a.comments, fmt.Sprintf("%s is called %q, which is no name for %s: the nearest one that is allowed.", a.at, shorten(said), map[string]string{"agent": "an agent", "job": "a job"}[what]))
	}
}

// services are the ECS services that the agents were.
func (f *fleet) services() map[string]string {
	out := map[string]string{}
	for _, a := range f.agents {
		if a.service != "" {
			out[a.name] = a.service
		}
	}
	return out
}

func (a *agent) key(name string) string {
	return a.prefix + cmp.Or(a.section, "agents") + "." + a.name + "." + name
}

func (a *agent) setEnv(name, text string) {
	for i := range a.env {
		if a.env[i].name == name {
			a.env[i].text = text
			return
		}
	}
	a.env = append(a.env, pair{name, text})
}

func (a *agent) setSecret(s secret) {
	a.env = slices.DeleteFunc(a.env, func(p pair) bool { return p.name == s.env })
	a.secrets = slices.DeleteFunc(a.secrets, func(x secret) bool { return x.env == s.env })
	a.secrets = append(a.secrets, s)
}

// settleCalls takes out the calls that no agent answers, and has every agent of the Service
// Connect namespace call all others in it, as its tasks may.
func (f *fleet) settleCalls() {
	for _, a := range f.agents {
		others, all := 0, true
		for _, to := range f.agents {
			if to == a || to.worker {
				continue
			}
			others++
			all = all && to.meshed
			if a.meshed && to.meshed && !slices.Contains(a.calls, to.name) {
				a.calls = append(a.calls, to.name)
			}
		}
		a.calls = slices.DeleteFunc(a.calls, func(name string) bool {
			to := f.agent(name)
			return to == nil || to == a || to.worker
		})
		a.callsAll = a.meshed && all && others > 0
		if a.meshed {
			slices.Sort(a.calls)
		}
	}
}
