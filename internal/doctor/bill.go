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
func (w *ward) monthly(item cost.Item, n int) string {
	row, known := w.Book.Prices[item]
	if !known {
		return fmt.Sprintf("a price that is not known in %s", w.Cfg.Region)
	}
	return "$" + cost.USD(row.USD.Mul(decimal.NewFromInt(int64(n*cost.HoursPerMonth)))) + " a month"
}

// checkInsights: somebody, or an account's default, may have turned it on.
func checkInsights(w *ward) []Finding {
	if w.cluster == nil || w.Cfg.Observability.ContainerInsights != agents.InsightsOff {
		return nil
	}
	for _, s := range w.cluster.Settings {
		if s.Name != ecstypes.ClusterSettingNameContainerInsights || aws.ToString(s.Value) == "disabled" || aws.ToString(s.Value) == "" {
			continue
		}
		on := *w.Cfg
		on.Observability.ContainerInsights = agents.InsightsOn
		if aws.ToString(s.Value) == "enhanced" {
			on.Observability.ContainerInsights = agents.InsightsEnhanced
		}
		evidence := []string{"containerInsights is " + aws.ToString(s.Value) + " at the cluster"}
		with, err := cost.OfConfig(&on, w.Book)
		without, err2 := cost.OfConfig(w.Cfg, w.Book)
		if err == nil && err2 == nil && with.Complete() && without.Complete() {
			evidence = append(evidence, "it costs $"+cost.USD(with.Total().Expected.Sub(without.Total().Expected))+" a month")
		}
		return []Finding{{Problem: "Container Insights is on", Cause: w.Cfg.File + " has it off: somebody turned it on behind its back", Evidence: evidence, Fix: "karmactl up turns it off"}}
	}
	return nil
}

// checkAddresses: an address that nothing holds is easily forgotten.
func checkAddresses(w *ward) []Finding {
	var out []Finding
	for _, a := range w.addresses {
		if a.AssociationId != nil {
			continue
		}
		f := Finding{
			Problem: "an address costs " + w.monthly(cost.AddressIdle, 1) + " and nothing uses it", Cause: "it belongs to no stack of karmactl: somebody allocated it and left it",
			Evidence: []string{aws.ToString(a.AllocationId) + " " + aws.ToString(a.PublicIp)}, Fix: "aws ec2 release-address --allocation-id " + aws.ToString(a.AllocationId),
		}
		if stack := ec2Tags(a.Tags)[cloud.TagStack]; stack == w.Cfg.Stack() {
			f.Cause, f.Fix = "its NAT gateway is gone", "karmactl up makes the gateway again, or lets the address go"
		} else if stack != "" {
			f.Cause, f.Fix = "it belongs to the stack "+stack, "karmactl up or down of that stack"
		}
		out = append(out, f)
	}
	return out
}

// checkStrangers: what others made in the VPC of the stack.
func checkStrangers(w *ward) []Finding {
	var out []Finding
	strange := func(tags []types.Tag) bool { return ec2Tags(tags)[cloud.TagStack] != w.Cfg.Stack() }
	for _, e := range w.endpoints {
		if e.VpcEndpointType == types.VpcEndpointTypeInterface && strange(e.Tags) && e.State != "deleted" && e.State != "deleting" {
			out = append(out, Finding{
				Problem: fmt.Sprintf("an interface endpoint costs %s", w.monthly(cost.EndpointHour, len(e.SubnetIds))), Cause: "it is in the stack's VPC and not karmactl's",
				Evidence: []string{aws.ToString(e.VpcEndpointId) + " " + aws.ToString(e.ServiceName)}, Fix: "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids " + aws.ToString(e.VpcEndpointId) + ", if nobody needs it",
			})
		}
	}
	for id, n := range w.nats {
		if strange(n.Tags) && (n.State == types.NatGatewayStateAvailable || n.State == types.NatGatewayStatePending) {
			out = append(out, Finding{
				Problem: "a NAT gateway costs " + w.monthly(cost.NATHour, 1), Cause: "it is in the stack's VPC and not karmactl's",
				Evidence: []string{id}, Fix: "aws ec2 delete-nat-gateway --nat-gateway-id " + id + ", if nobody needs it",
			})
		}
	}
	return out
}

func ec2Tags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
