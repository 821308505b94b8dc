package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// private are the endpoints with which a task starts without a way out.
var private = []string{"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}

// checkEgress follows the default route of every subnet that tasks are put into.
func checkEgress(sn *snapshot) []Finding {
	if sn.tables == nil || !slices.ContainsFunc(private, func(s string) bool { return !sn.hasEndpoint(s) }) {
		return nil
	}
	var out []Finding
	for _, a := range sn.Agents {
		s, up := sn.Services[a.Name]
		n := networkOf(s)
		if !up || n == nil {
			continue
		}
		var evidence []string
		for _, subnet := range n.Subnets {
			if why := sn.noEgress(subnet, n.AssignPublicIp == ecstypes.AssignPublicIpEnabled); why != "" {
				evidence = append(evidence, subnet+": "+why)
			}
		}
		if len(evidence) > 0 {
			out = append(out, Finding{
				Agent: a.Name, Problem: "tasks have no way out: no image, no secret, no API can be reached", Cause: "the default route of their subnet leads nowhere",
				Evidence: evidence, Fix: "karmactl plan shows what is missing, karmactl up makes it again",
			})
		}
	}
	return out
}

// noEgress says why a subnet has no way out; "" when it has.
func (sn *snapshot) noEgress(subnet string, public bool) string {
	table := cloud.RouteTableOf(sn.tables, subnet)
	if table == nil {
		return "it has no route table"
	}
	for _, r := range table.Routes {
		if aws.ToString(r.DestinationCidrBlock) != cloud.Anywhere {
			continue
		}
		nat, gateway, eni := aws.ToString(r.NatGatewayId), aws.ToString(r.GatewayId), aws.ToString(r.NetworkInterfaceId)
		switch {
		case r.State == types.RouteStateBlackhole && eni != "":
			return fmt.Sprintf("the default route leads to the network interface %s, which no NAT instance has at the moment: its Auto Scaling group starts one within minutes", eni)
		case r.State == types.RouteStateBlackhole:
			return fmt.Sprintf("the default route leads to %s, which is gone", nat+gateway)
		case nat != "":
			if g, there := sn.nats[nat]; !there || g.State != types.NatGatewayStateAvailable {
				return fmt.Sprintf("the NAT gateway %s is not available", nat)
			}
			return ""
		case strings.HasPrefix(gateway, "igw-") && !public:
			return "the default route leads to the internet gateway, and the tasks have no public address"
		default:
			return ""
		}
	}
	return "its route table " + aws.ToString(table.RouteTableId) + " has no default route"
}

func (sn *snapshot) hasEndpoint(service string) bool {
	return slices.ContainsFunc(sn.endpoints, func(e types.VpcEndpoint) bool {
		return strings.HasSuffix(aws.ToString(e.ServiceName), "."+service) && e.State == "available"
	})
}

// checkEndpoints: with private DNS an endpoint takes over the service's name in
// the whole VPC, so that an endpoint that lets no task in closes a working NAT path too.
func checkEndpoints(sn *snapshot) []Finding {
	var out []Finding
	for _, e := range sn.endpoints {
		if e.VpcEndpointType != types.VpcEndpointTypeInterface || !aws.ToBool(e.PrivateDnsEnabled) {
			continue
		}
		var groups []string
		for _, g := range e.Groups {
			groups = append(groups, aws.ToString(g.GroupId))
		}
		for _, a := range sn.Agents {
			n := networkOf(sn.Services[a.Name])
			if n == nil || sn.allowsAny(groups, n.SecurityGroups, 443) {
				continue
			}
			service := aws.ToString(e.ServiceName)
			out = append(out, Finding{
				Agent: a.Name, Problem: "tasks cannot reach " + service, Cause: "private DNS leads them to an interface endpoint whose security group does not let them in at port 443",
				Evidence: append([]string{aws.ToString(e.VpcEndpointId)}, groups...), Fix: "karmactl up opens the stack's own endpoints; for another's endpoint, let port 443 in from the tasks' group",
			})
		}
	}
	return out
}

// checkSecurityGroups: what is registered at the load balancer must be reachable for it.
func checkSecurityGroups(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		s := sn.Services[a.Name]
		n := networkOf(s)
		if n == nil || sn.security == nil {
			continue
		}
		for _, lb := range s.LoadBalancers {
			port := aws.ToInt32(lb.ContainerPort)
			if int(port) != a.Port {
				out = append(out, Finding{
					Agent: a.Name, Problem: "the load balancer asks at another port", Cause: fmt.Sprintf("the service says %d and %s says %d", port, sn.Cfg.File, a.Port), Fix: "karmactl up --only " + a.Name,
				})
			}
			var others []string
			for id := range sn.security {
				if !slices.Contains(n.SecurityGroups, id) {
					others = append(others, id)
				}
			}
			if !sn.allowsAny(n.SecurityGroups, others, port) {
				out = append(out, Finding{
					Agent: a.Name, Problem: "the load balancer cannot reach it: requests time out", Cause: fmt.Sprintf("the tasks' security group lets only the tasks in at port %d", port),
					Evidence: n.SecurityGroups, Fix: "karmactl up puts the rule back",
				})
			}
		}
	}
	return out
}

// checkServiceConnect compares what each agent calls with what its deployment can reach.
func checkServiceConnect(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		from, up := sn.Services[a.Name]
		if !up {
			continue
		}
		var apart, shut, unknown []string
		for _, callee := range a.Calls {
			b, known := sn.Cfg.Agent(callee)
			to, there := sn.Services[callee]
			if !known || !there {
				continue
			}
			switch mine, its := networkOf(from), networkOf(to); {
			case namespaceOf(from) == "" || namespaceOf(from) != namespaceOf(to):
				apart = append(apart, callee)
			case sn.security != nil && mine != nil && its != nil && !sn.allowsAny(its.SecurityGroups, mine.SecurityGroups, int32(b.Port)): //nolint:gosec // a port
				shut = append(shut, callee)
			case madeLater(to, from):
				unknown = append(unknown, callee)
			}
		}
		out = append(out, sn.apart(a.Name, apart), sn.shut(a.Name, shut), unknownTo(a.Name, unknown))
	}
	return slices.DeleteFunc(out, func(f Finding) bool { return f.Problem == "" })
}

// madeLater tells whether a service came after the deployment of another one began, whose
// tasks then do not know its name.
func madeLater(to, from ecstypes.Service) bool {
	began := tasks.Primary(from)
	return began != nil && began.CreatedAt != nil && to.CreatedAt != nil && !to.CreatedAt.Before(*began.CreatedAt)
}

// apart, shut and unknownTo are one finding for all callees that an agent cannot call for
// the same reason; without any there is none.
func (sn *snapshot) apart(agent string, callees []string) Finding {
	if len(callees) == 0 {
		return Finding{}
	}
	f := Finding{
		Agent: agent, Problem: "it cannot call " + strings.Join(callees, ", "), Cause: "it is not in one Service Connect namespace with " + themselves(callees),
		Fix: "karmactl up --only " + strings.Join(append([]string{agent}, callees...), ","),
	}
	for _, name := range append([]string{agent}, callees...) {
		f.Evidence = append(f.Evidence, name+": "+none(namespaceOf(sn.Services[name])))
	}
	return f
}

func (sn *snapshot) shut(agent string, callees []string) Finding {
	if len(callees) == 0 {
		return Finding{}
	}
	f := Finding{
		Agent: agent, Problem: "it cannot call " + strings.Join(callees, ", "), Cause: "the security group of " + themselves(callees) + " does not let tasks in",
		Fix: "karmactl up puts the rule back",
	}
	for _, name := range callees {
		b, _ := sn.Cfg.Agent(name)
		f.Evidence = append(f.Evidence, fmt.Sprintf("%s: %s at port %d", name, strings.Join(networkOf(sn.Services[name]).SecurityGroups, " "), b.Port))
	}
	return f
}

func unknownTo(agent string, callees []string) Finding {
	if len(callees) == 0 {
		return Finding{}
	}
	was := " was"
	if len(callees) > 1 {
		was = " were"
	}
	return Finding{
		Agent: agent, Problem: "it cannot call " + strings.Join(callees, ", "),
		Cause: "its tasks are from before " + themselves(callees) + was + " there, and a task knows only the names that were there when it was deployed",
		Fix:   "karmactl deploy " + agent + " --restart",
	}
}

// themselves is the name of one, and "these agents" for more, who are named already.
func themselves(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "these agents"
}

func namespaceOf(s ecstypes.Service) string {
	if d := tasks.Primary(s); d != nil && d.ServiceConnectConfiguration != nil && d.ServiceConnectConfiguration.Enabled {
		return aws.ToString(d.ServiceConnectConfiguration.Namespace)
	}
	return ""
}

func none(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
