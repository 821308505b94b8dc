// Package doctor finds out what is wrong with a stack that is up: why tasks do
// not start, why agents do not answer or do not reach each other, which of the
// account's quotas are too low, what costs without being asked for, and whether the state is safe. It only reads, and never a secret's value.
//
// A check is data: its name, why it is worth making, and a function over what
// was read once (snapshot.go). Each finding has the cause, the evidence in AWS's own
// words, and the command or the lines of agents.yaml that mend it.
package doctor

import (
	"context"
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Finding is one thing that is wrong; Agent is "" for the whole stack.
type Finding = document.Finding

// Check is one thing to look at.
type Check struct {
	Name string
	// Why says what goes wrong where it fails.
	Why string
	Run func(*snapshot) []Finding
	// Down: it explains why an agent does not run or does not answer.
	Down bool
}

// Checks are all of them. Of the checks that explain why an agent is down, those
// nearest to the root come first: an agent that has no route pulls no image, one
// without an image does not start, one that does not start does not answer.
func Checks() []Check {
	return []Check{
		{"service", "an agent without a service never starts", checkServices, true},
		{"scale", "an agent that is scaled to 0 is woken only by a schedule or a person", checkScale, true},
		{"role", "ECS starts nothing for a service whose roles are missing", checkRoles, true},
		{"public-access", "VPC Block Public Access closes the internet gateways of a region's VPCs", checkPublicAccess, true},
		{"egress", "without a route to the internet, or endpoints, no image and no secret can be fetched", checkEgress, true},
		{"endpoint", "private DNS sends every task to an endpoint, even to one that lets no task in", checkEndpoints, true},
		{"log-group", "a task whose log group is missing does not start", checkLogGroups, true},
		{"security-group", "a port that the load balancer may not reach times out", checkSecurityGroups, true},
		{"quotas", "a new account may run few tasks at once, and has room for few networks", checkQuotas, true},
		{"capacity", "Fargate has no task to give at times, and from Spot ECS does not fall back", checkCapacity, true},
		{"task", "a task that never started has no logs: only ECS says why", checkTasks, true},
		{"target-health", "a target that fails its check gets no requests: 502 and 503", checkTargetHealth, true},
		{"5xx", "answers 5xx are what callers see of a fault", check5xx, true},
		{"usage", "a task without CPU or memory to spare gets slow, or is killed", checkUsage, true},
		{"job", "a job that fails, or that nothing starts, is missed by no one until its result is", checkJobs, false},
		{"spot", "AWS may take Spot tasks back at two minutes' notice", checkSpot, false},
		{"service-connect", "agents reach each other by Service Connect, in one namespace and where the group lets them in", checkServiceConnect, false},
		{"container-insights", "Container Insights bills each of its metrics", checkContainerInsights, false},
		{"state-bucket", "the state says what is karmactl's: who can lose it, or write it, has the stack", checkStateBucket, false},
		{"elastic-ip", "an address costs the same idle as in use", checkElasticIPs, false},
		{"foreign", "what others put into the VPC bills by the hour too", checkForeign, false},
	}
}

// Input is what is examined.
type Input struct {
	Cfg *agents.Config
	// Agents are the ones to look at.
	Agents  []agents.Agent
	Account cloud.Account
	Clients *cloud.Clients // that cannot write
	Book    *cost.Book
	Clock   engine.Clock
	// Bucket is where the state is, below Prefix; nil is a file.
	Bucket *provision.StateBucket
	Prefix string
	// Part says what an up has made, where it did not come to the agents; "" where there is nothing, or that is not known.
	Part string
}

// Report is what was found.
type Report struct {
	Findings []Finding
	// Passed are the names of the checks that found nothing.
	Passed []string
	// Notes are what could not be read: the checks that need it say nothing.
	Notes []error
	// Past is what went wrong within the last hour and is over.
	Past []string
	// Twins are the agents that run in another cluster, too, each as a sentence.
	Twins []string
}

// Examine makes every check. An error means that not even the services can be read.
func Examine(ctx context.Context, in Input) (*Report, error) {
	sn, err := read(ctx, in)
	if err != nil {
		return nil, err
	}
	r := &Report{Findings: []Finding{}, Passed: []string{}, Notes: sn.notes}
	explained := map[string]bool{} // agents whose being down has its cause already
	for _, c := range Checks() {
		found := c.Run(sn)
		if len(found) == 0 {
			r.Passed = append(r.Passed, c.Name)
			continue
		}
		if c.Down {
			found = slices.DeleteFunc(found, func(f Finding) bool { return explained[f.Agent] })
			for _, f := range found {
				explained[f.Agent] = f.Agent != ""
			}
		}
		for _, f := range sn.shareStackWide(found) {
			f.Check = c.Name
			f.Evidence = slices.DeleteFunc(append([]string{}, f.Evidence...), func(s string) bool { return s == "" })
			r.Findings = append(r.Findings, f)
		}
	}
	r.Past, r.Twins = sn.past(explained), sn.twice()
	return r, nil
}

// shareStackWide tells once, for the whole stack, what is the same for all of its agents.
func (sn *snapshot) shareStackWide(all []Finding) []Finding {
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
		if n < 2 || n < len(sn.Agents) {
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
