package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/live"
)

// others are the services, the alarms and the roles that no agent has as its own.
func (j *judge) others() {
	for _, s := range j.Services {
		id, why := aws.ToString(s.ServiceArn), "agents.yaml has no agent of it: it stays in the cluster, and karmactl leaves it alone"
		for key, left := range j.Skip {
			if left == id {
				why = skipped(key)
			}
		}
		if !slices.Contains(j.mine, id) {
			j.rest("service", id, aws.ToString(s.ServiceName), why)
		}
	}
	j.alarms()
	shared := map[string]int{}
	for _, s := range j.Services {
		for _, role := range []*string{s.Definition.ExecutionRoleArn, s.Definition.TaskRoleArn} {
			if role != nil {
				shared[*role]++
			}
		}
	}
	var roles []string
	for arn := range shared {
		roles = append(roles, arn)
	}
	slices.Sort(roles)
	for _, arn := range roles {
		why := "each agent of karmactl's has two roles of its own, from its first deploy on"
		if n := shared[arn]; n > 1 {
			why = fmt.Sprintf("%d services share it: ", n) + why
		}
		j.rest("role", arn, lastOf(arn), why+j.rights(arn))
	}
	for _, b := range j.LoadBalancers {
		for _, l := range b.Listeners {
			for _, r := range l.Rules {
				if id := aws.ToString(r.RuleArn); !slices.Contains(j.mine, id) && len(live.Forwards(r.Actions)) == 0 {
					j.rest("listener rule", id, fmt.Sprintf("%d/%s", aws.ToInt32(l.Port), aws.ToString(r.Priority)), "it leads to no agent")
				}
			}
		}
	}
}

// alarms gives the alarms that have the name of one of karmactl's their keys.
func (j *judge) alarms() {
	own := map[string]engine.Key{}
	for key := range j.wanted {
		if key.Kind() == "alarm" {
			own[j.Config.Stack()+"-"+strings.ReplaceAll(key.Name(), "/", "-")] = key
		}
	}
	for key, name := range j.Skip {
		if key.Kind() == "alarm" {
			own[name] = key
		}
	}
	for _, a := range j.Alarms {
		name, id := aws.ToString(a.AlarmName), aws.ToString(a.AlarmArn)
		key, ok := own[name]
		if !ok {
			j.rest("alarm", id, name, "karmactl's alarms have names and measures of their own")
			continue
		}
		watches := ""
		for _, d := range a.Dimensions {
			if aws.ToString(d.Name) == "ServiceName" {
				watches = aws.ToString(d.Value)
			}
		}
		agent, _, _ := strings.Cut(key.Name(), "/")
		j.take(key, "alarm", name, "", nil, differ("watches the service", watches, agent))
	}
}

// secrets are the references that lead to nothing: a task that starts again would fail.
func (j *judge) secrets() {
	for _, name := range j.MissingSecrets {
		j.obstacle("secret "+name, "a service refers to it, and it is not there", "put it back: a task that stops could not be replaced")
	}
}

// foreign is what others run inside of the fleet's network and cluster.
func (j *judge) foreign() {
	for _, t := range j.Tasks {
		if g := aws.ToString(t.Group); !strings.HasPrefix(g, "service:") {
			j.rest("task", aws.ToString(t.TaskArn), lastOf(aws.ToString(t.TaskArn)), "no service runs it ("+g+"): karmactl leaves it alone")
		}
	}
	for _, n := range j.Interfaces {
		if !j.ofFleet(n) {
			j.rest("network interface", aws.ToString(n.NetworkInterfaceId), aws.ToString(n.Description), "another program uses the fleet's network: it would have to be asked before that network goes")
		}
	}
}

// ofFleet tells whether a network interface belongs to the fleet: to a task, the load
// balancer, a NAT gateway or an endpoint.
func (j *judge) ofFleet(n ec2types.NetworkInterface) bool {
	about := aws.ToString(n.Description)
	switch {
	case n.InterfaceType == "nat_gateway", n.InterfaceType == ec2types.NetworkInterfaceTypeVpcEndpoint:
		return true
	case strings.Contains(about, "NAT Gateway"), strings.Contains(about, "VPC Endpoint"):
		return true
	}
	for _, b := range j.LoadBalancers {
		if _, path, ok := strings.Cut(aws.ToString(b.LoadBalancerArn), ":loadbalancer/"); ok && about == "ELB "+path {
			return true
		}
	}
	for _, t := range j.Tasks {
		for _, a := range t.Attachments {
			for _, d := range a.Details {
				if aws.ToString(d.Name) == "networkInterfaceId" && aws.ToString(d.Value) == aws.ToString(n.NetworkInterfaceId) {
					return true
				}
			}
		}
	}
	return false
}
