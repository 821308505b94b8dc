package doctor

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
)

// monthly is what n of something cost a month; it says so where the price is not known.
func (sn *snapshot) monthly(item cost.Item, n int) string {
	row, known := sn.Book.Prices[item]
	if !known {
		return fmt.Sprintf("a price that is not known in %s", sn.Cfg.Region)
	}
	return "$" + cost.USD(row.USD.Mul(decimal.NewFromInt(int64(n*cost.HoursPerMonth)))) + " a month"
}

// checkContainerInsights: a user, or an account's default, may have turned it on.
func checkContainerInsights(sn *snapshot) []Finding {
	if sn.cluster == nil || sn.Cfg.Observability.ContainerInsights != agents.InsightsOff {
		return nil
	}
	for _, s := range sn.cluster.Settings {
		if s.Name != ecstypes.ClusterSettingNameContainerInsights || aws.ToString(s.Value) == "disabled" || aws.ToString(s.Value) == "" {
			continue
		}
		on := *sn.Cfg
		on.Observability.ContainerInsights = agents.InsightsOn
		if aws.ToString(s.Value) == "enhanced" {
			on.Observability.ContainerInsights = agents.InsightsEnhanced
		}
		evidence := []string{"containerInsights is " + aws.ToString(s.Value) + " at the cluster"}
		with, err := cost.EstimateConfig(&on, sn.Book)
		without, err2 := cost.EstimateConfig(sn.Cfg, sn.Book)
		if err == nil && err2 == nil && with.Complete() && without.Complete() {
			evidence = append(evidence, "it costs $"+cost.USD(with.Total().Expected.Sub(without.Total().Expected))+" a month")
		}
		return []Finding{{Problem: "Container Insights is on", Cause: sn.Cfg.File + " has it off: it was turned on by other means", Evidence: evidence, Fix: "karmactl up turns it off"}}
	}
	return nil
}

// checkElasticIPs: an address that nothing holds is easily forgotten.
func checkElasticIPs(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.addresses {
		if a.AssociationId != nil {
			continue
		}
		f := Finding{
			Problem: "an address costs " + sn.monthly(cost.AddressIdle, 1) + " and nothing uses it", Cause: "it belongs to no stack of karmactl, and was allocated by hand or by another tool",
			Evidence: []string{aws.ToString(a.AllocationId) + " " + aws.ToString(a.PublicIp)}, Fix: "aws ec2 release-address --allocation-id " + aws.ToString(a.AllocationId),
		}
		if stack := cloud.FromEC2Tags(a.Tags)[cloud.TagStack]; stack == sn.Cfg.Stack() {
			f.Cause, f.Fix = "its NAT gateway is gone", "karmactl up makes the gateway again, or allows the address go"
		} else if stack != "" {
			f.Cause, f.Fix = "it belongs to the stack "+stack, "karmactl up or down of that stack"
		}
		out = append(out, f)
	}
	return out
}

// checkForeign: what others made in the VPC of the stack. All of a VPC that was there
// before is its owner's.
func checkForeign(sn *snapshot) []Finding {
	if sn.Cfg.Network.VPC != "" {
		return nil
	}
	var out []Finding
	foreign := func(tags []types.Tag) bool { return cloud.FromEC2Tags(tags)[cloud.TagStack] != sn.Cfg.Stack() }
	for _, e := range sn.endpoints {
		if e.VpcEndpointType == types.VpcEndpointTypeInterface && foreign(e.Tags) && e.State != "deleted" && e.State != "deleting" {
			out = append(out, Finding{
				Problem: fmt.Sprintf("an interface endpoint costs %s", sn.monthly(cost.EndpointHour, len(e.SubnetIds))), Cause: "it is in the stack's VPC and not karmactl's",
				Evidence: []string{aws.ToString(e.VpcEndpointId) + " " + aws.ToString(e.ServiceName)}, Fix: "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids " + aws.ToString(e.VpcEndpointId) + ", if it is not needed",
			})
		}
	}
	for id, n := range sn.nats {
		if foreign(n.Tags) && (n.State == types.NatGatewayStateAvailable || n.State == types.NatGatewayStatePending) {
			out = append(out, Finding{
				Problem: "a NAT gateway costs " + sn.monthly(cost.NATHour, 1), Cause: "it is in the stack's VPC and not karmactl's",
				Evidence: []string{id}, Fix: "aws ec2 delete-nat-gateway --nat-gateway-id " + id + ", if it is not needed",
			})
		}
	}
	return out
}
