package agents

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// queueRule is the name of an SQS queue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
var queueRule = textRule{
	pattern: lazyregexp.New(`^[A-Za-z0-9_-]+(\.fifo)?$`), most: 80, allowed: "the name of an SQS queue, such as acme-jobs or acme-jobs.fifo",
	rewrite: func(s string) string {
		if name := s[strings.LastIndexAny(s, "/:")+1:]; name != s && name != "" {
			return fmt.Sprintf("the name alone, %s: CloudWatch counts the queues of this account and region by name", name)
		}
		return ""
	},
}

// defaultPerTask is how many messages a task has unless the file says it.
const defaultPerTask = 10

// fillInScale: where a queue decides, use of CPU and memory decides only when the agent
// says so, and a fixed number of tasks leaves nothing to decide: a policy would only cost
// its two alarms.
func fillInScale(r *reader, a *Agent) {
	s := &a.Scale
	if s.Min == s.Max {
		s.CPUPercent, s.MemoryPercent = 0, 0
	}
	if s.Queue.Name == "" {
		return
	}
	path := join("agents", a.Name)
	if s.Queue.PerTask == 0 {
		s.Queue.PerTask = defaultPerTask
	}
	if r.own(path, "scale", "cpu") == nil {
		s.CPUPercent = 0
	}
	if r.own(path, "scale", "memory") == nil {
		s.MemoryPercent = 0
	}
}

// checkScale looks at the range and at what moves an agent in it.
func checkScale(r *reader, path string, a *Agent) {
	s := a.Scale
	sound := func(keys ...string) bool {
		for _, k := range keys {
			if !r.sound(join(path, "scale", k)) {
				return false
			}
		}
		return true
	}
	if sound("min", "max") && s.Min > s.Max {
		where, allowed := r.at(path, "scale", "max"), "min at most max"
		if !r.stated(path, "scale", "max") {
			where, allowed = r.at(path, "scale", "min"), "min at most max, which is 3 unless stated"
		}
		r.problem(where, fmt.Sprintf("scale min %d is more than max %d", s.Min, s.Max), allowed)
	}
	if n := r.own(path, "scale", "requests"); n != nil && s.Requests > 0 && !a.Public && sound("requests") && r.sound(join(path, "port"), join(path, "public")) {
		r.problem(n, "scale requests needs a public agent", "the load balancer counts requests; an agent that it does not lead to follows cpu, memory or a queue")
	}
	if s.Queue.Name == "" || s.Min > 0 || !sound("min", "queue") {
		return
	}
	for _, k := range []string{"cpu", "memory"} {
		if n := r.own(path, "scale", k); n != nil && n.Value != "0" && sound(k) {
			r.problem(n, fmt.Sprintf("scale %s keeps the last task of an agent that a queue scales to 0", k), fmt.Sprintf("%s: 0, or min: 1; a task that runs uses some, so that policy never comes to 0", k))
		}
	}
}
