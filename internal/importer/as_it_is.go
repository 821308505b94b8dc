package importer

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// asItIs turns off what karmactl makes beside the agents and the fleet does not have: a
// stack that takes a fleet over is to be that fleet, and no more, until its file asks for it.
func (l *running) asItIs() {
	f := &l.x.fleet
	l.x.reasons = map[string]string{}
	off := func(key, why string) *bool {
		l.x.reasons[key] = why
		return truthOf(false)
	}
	f.dashboard = off("observability.dashboard", "the fleet has none of karmactl's")
	f.errorMetric = off("observability.error_metric", "the fleet has none of karmactl's")
	if len(f.endpoints) == 0 && len(l.fleet.VPCs) == 1 {
		f.noEndpoints = true
		l.x.reasons["network.endpoints"] = "the VPC has none; s3 is free, and spares the NAT gateway"
	}
	if f.domain != "" && len(l.fleet.Records) == 0 {
		f.noRecords = true
		l.x.reasons["load_balancer.records"] = "no record of it is taken over"
	}
	kinds := l.alarmKinds()
	switch {
	case len(kinds) == 0:
		f.alarms = off("observability.alarms.enabled", "the fleet has none by the names of karmactl's")
	case len(kinds) < len(agents.AlarmKinds()):
		f.alarmKinds = kinds
		l.x.reasons["observability.alarms.kinds"] = "the fleet has no other; without this line, all four"
	}
}

// alarmKinds are those of karmactl's alarms of which the fleet has one by its name,
// CLUSTER-AGENT-KIND.
func (l *running) alarmKinds() []string {
	return slices.DeleteFunc(agents.AlarmKinds(), func(kind string) bool {
		return !slices.ContainsFunc(l.x.fleet.agents, func(a *agent) bool {
			name := strings.Join([]string{l.cluster, a.name, kind}, "-")
			for _, x := range l.fleet.Alarms {
				if aws.ToString(x.AlarmName) == name {
					return true
				}
			}
			return false
		})
	})
}
