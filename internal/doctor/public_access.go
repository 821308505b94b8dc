package doctor

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// checkPublicAccess looks for VPC Block Public Access, which closes the internet
// gateway of a region's VPCs without a change to any of them.
func checkPublicAccess(sn *snapshot) []Finding {
	var closed []string
	var mode types.BlockPublicAccessMode
	vpc := ""
	for _, s := range sn.subnets {
		if m := provision.BlockedBy(s); m != "" && sn.leadsToGateway(aws.ToString(s.SubnetId)) {
			mode, vpc = m, aws.ToString(s.VpcId)
			closed = append(closed, aws.ToString(s.SubnetId)+": "+string(m))
		}
	}
	if len(closed) == 0 {
		return nil
	}
	slices.Sort(closed)
	var out []Finding
	for _, a := range sn.Agents {
		s, up := sn.Services[a.Name]
		n := networkOf(s)
		if !up || n == nil {
			continue
		}
		f := Finding{Agent: a.Name, Cause: "VPC Block Public Access closes the internet gateway of " + vpc, Evidence: closed, Fix: provision.OpenPublicAccess(vpc, sn.Account.Region)}
		switch {
		case mode == types.BlockPublicAccessModeBlockBidirectional || n.AssignPublicIp == ecstypes.AssignPublicIpEnabled:
			f.Problem = "nothing from the internet reaches the stack, and its tasks reach no registry and no API"
		case len(s.LoadBalancers) > 0 && !sn.Cfg.LoadBalancer.Internal:
			f.Problem = "nothing from the internet reaches the load balancer"
		default:
			continue
		}
		out = append(out, f)
	}
	return out
}

// leadsToGateway tells whether a subnet's default route is the internet gateway.
func (sn *snapshot) leadsToGateway(subnet string) bool {
	table := cloud.RouteTableOf(sn.tables, subnet)
	if table == nil {
		return false
	}
	target, _ := cloud.DefaultRoute(*table)
	return strings.HasPrefix(target, "igw-")
}
