package adopt

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// whatFor says of a kind why a stack has it although the fleet does not, and how it is
// turned off, where it can be. What costs nothing is not said to.
var whatFor = map[string]string{
	"alarm":           "observability.alarms.kinds without its kind makes none; 0.10 dollars a month beyond ten",
	"certificate":     "HTTPS at load_balancer.domain, free; load_balancer.certificate names one that is there",
	"dashboard":       "the agents side by side, free; observability.dashboard: false makes none",
	"endpoint":        "the way to S3 around the NAT gateway, free; network.endpoints without it makes none",
	"listener":        "the load balancer does not listen for this protocol yet",
	"log-group":       "the agent's logs, from its first deploy on; what is used is billed",
	"metric-filter":   "counts error lines; observability.error_metric: false makes none",
	"namespace":       "where agents find each other; free",
	"nat":             "network.nat says so; some 37 dollars a month with its address and 10 GB",
	"record":          "load_balancer.records says so; free",
	"repository":      "where karmactl deploy puts the agent's image; 0.10 dollars a GB a month",
	"role":            "each agent has two of its own; free",
	"rule":            "how requests reach the agent; free",
	"scalable-target": "the bounds of the agent's tasks, as scale has them; free",
	"scaling-policy":  "scale says so, with 0 there is none; its two alarms are 0.10 dollars a month each beyond ten",
	"secret":          "the agent's own values, 0.40 dollars a month; a secret with from is used where it is",
	"task-definition": "the fleet's has a family of another name",
	"topic":           "observability.alarms.emails are told; free",
}

// WhatFor says what a key that the fleet does not have is for, and what it costs; "" is
// that its name says it.
func WhatFor(key engine.Key) string {
	if key.Kind() == "alarm" && strings.HasSuffix(string(key), "/"+provision.ScaleByWake) {
		return "starts the first task when a message waits: scale.queue with min: 0; on two metrics, 0.20 dollars a month beyond ten alarms"
	}
	if key.Kind() == "scaling-policy" && strings.HasSuffix(string(key), "/"+provision.ScaleByWake) {
		return "what that alarm does; free"
	}
	if strings.HasPrefix(string(key), "record/*.") {
		return "hosts below the domain that have no record of their own lead to the load balancer; free"
	}
	return whatFor[key.Kind()]
}
