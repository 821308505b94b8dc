// Package doctor finds out what is wrong with a stack that is up: why tasks do
// not start, why agents do not answer or do not reach each other, which of the
// account's quotas are too low, and what costs without being asked for. It only reads, and never a secret's value.
//
// A check is data: its name, why it is worth making, and a function over what
// was read once (ward.go). Each finding has the cause, the evidence in AWS's own
// words, and the command or the lines of agents.yaml that mend it.
package doctor

import (
	"context"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
)

// Finding is one thing that is wrong.
type Finding struct {
	// Agent is whose it is; "" for the whole stack.
	Agent    string   `json:"agent"`
	Check    string   `json:"check"`
	Problem  string   `json:"problem"`
	Cause    string   `json:"cause"`
	Evidence []string `json:"evidence"`
	Fix      string   `json:"fix"`
}

// Check is one thing to look at.
type Check struct {
	Name string
	// Why says what goes wrong where it fails.
	Why string
	Run func(*ward) []Finding
}

// Checks are all of them, in the order in which one looks.
func Checks() []Check {
	return []Check{
		{"service", "an agent without a service never starts", checkServices},
		{"role", "ECS starts nothing for a service whose roles are missing", checkRoles},
		{"capacity", "Fargate Spot has no task to give at times, and ECS does not fall back", checkCapacity},
		{"quotas", "a new account may run few tasks at once, and has room for few networks", checkQuotas},
		{"start", "a task that never started has no logs: only ECS says why", checkStarts},
		{"log-group", "a task whose log group is missing does not start", checkLogGroups},
		{"way-out", "without a way out no image and no secret can be fetched", checkWayOut},
		{"endpoint", "private DNS sends every task to an endpoint, even to one that lets nobody in", checkEndpoints},
		{"health", "a target that fails its check gets no requests: 502 and 503", checkHealth},
		{"port", "a port that the load balancer may not reach times out", checkPorts},
		{"calls", "agents reach each other by Service Connect, in one namespace and where the group lets them in", checkCalls},
		{"insights", "Container Insights bills each of its metrics", checkInsights},
		{"address", "an address costs the same idle as in use", checkAddresses},
		{"strangers", "what others put into the VPC bills by the hour too", checkStrangers},
	}
}

// Patient is what is examined.
type Patient struct {
	Cfg *agents.Config
	// Agents are the ones to look at.
	Agents  []agents.Agent
	Clients *cloud.Clients // that cannot write
	Book    *cost.Book
}

// shared tells once, for the whole stack, what is the same for all of its agents.
func (w *ward) shared(all []Finding) []Finding {
	same := func(a, b Finding) bool {
		return a.Problem == b.Problem && a.Cause == b.Cause && a.Fix == b.Fix && slices.Equal(a.Evidence, b.Evidence)
	}
	var out []Finding
	for i, f := range all {
		n := 0
		for _, o := range all {
			if same(f, o) {
				n++
			}
		}
		if n < 2 || n < len(w.Agents) {
			out = append(out, f)
			continue
		}
		if !slices.ContainsFunc(all[:i], func(o Finding) bool { return same(f, o) }) {
			f.Agent = ""
			out = append(out, f)
		}
	}
	return out
}

// Report is what was found.
type Report struct {
	Findings []Finding
	// Passed are the names of the checks that found nothing.
	Passed []string
	// Notes are what could not be read: the checks that need it say nothing.
	Notes []error
}

// Examine makes every check. An error means that not even the services can be read.
func Examine(ctx context.Context, p Patient) (*Report, error) {
	w, err := admit(ctx, p)
	if err != nil {
		return nil, err
	}
	r := &Report{Findings: []Finding{}, Passed: []string{}, Notes: w.notes}
	for _, c := range Checks() {
		found := w.shared(c.Run(w))
		for i := range found {
			found[i].Check = c.Name
			found[i].Evidence = slices.DeleteFunc(append([]string{}, found[i].Evidence...), func(s string) bool { return s == "" })
		}
		if len(found) == 0 {
			r.Passed = append(r.Passed, c.Name)
		}
		r.Findings = append(r.Findings, found...)
	}
	return r, nil
}
