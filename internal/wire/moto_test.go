//go:build wire

package wire

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// moto is https://github.com/getmoto/moto in server mode.
func moto() emulator {
	return emulator{name: "moto", variable: "WIRE_MOTO", reset: "/moto-api/reset", gaps: motoGaps, accepts: motoAccepts(), without: []lack{{
		kinds: []string{"alarm", "dashboard"},
		why:   "CloudWatch is 404 over CBOR, the only protocol that the SDK for Go speaks with it",
		probe: func(ctx context.Context, a *account) error {
			_, err := cloud.NewClients(a.plain).CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
			return err
		},
	}}}
}

func motoGaps() []*gap {
	var transforms notes[[]elbtypes.RuleTransform]
	return []*gap{
		newGap("a gateway endpoint is said to have private DNS; AWS says that of interfaces only",
			amend("EC2.DescribeVpcEndpoints", func(_ *ec2.DescribeVpcEndpointsInput, out *ec2.DescribeVpcEndpointsOutput) (met bool) {
				for i, e := range out.VpcEndpoints {
					if e.VpcEndpointType == types.VpcEndpointTypeGateway && aws.ToBool(e.PrivateDnsEnabled) {
						out.VpcEndpoints[i].PrivateDnsEnabled, met = aws.Bool(false), true
					}
				}
				return met
			})),
		newGap("a listener without TLS has a TLS policy; AWS's has none",
			amend("Elastic Load Balancing v2.DescribeListeners", func(_ *elb.DescribeListenersInput, out *elb.DescribeListenersOutput) (met bool) {
				for i, l := range out.Listeners {
					if l.Protocol == elbtypes.ProtocolEnumHttp && l.SslPolicy != nil {
						out.Listeners[i].SslPolicy, met = nil, true
					}
				}
				return met
			})),
		newGap("a rule's transforms are dropped",
			heed("Elastic Load Balancing v2.CreateRule", func(in *elb.CreateRuleInput, out *elb.CreateRuleOutput) {
				transforms.put(aws.ToString(out.Rules[0].RuleArn), in.Transforms)
			}),
			amend("Elastic Load Balancing v2.DescribeRules", func(_ *elb.DescribeRulesInput, out *elb.DescribeRulesOutput) (met bool) {
				for i, r := range out.Rules {
					if made, ok := transforms.get(aws.ToString(r.RuleArn)); ok && len(r.Transforms) != len(made) {
						out.Rules[i].Transforms, met = made, true
					}
				}
				return met
			})),
		serviceLinkedNames(),
		connectLost(),
	}
}

// motoAccepts are the refusals of AWS that moto does not share.
func motoAccepts() map[string]string {
	return map[string]string{
		"deleting a group that another lets in": "accepts it",
		"deleting a VPC with a gateway":         "accepts it",
		"deleting a VPC with a group":           "accepts it",
		"deleting a subnet under a NAT gateway": "accepts it",
		"a role whose trust is no policy":       "accepts it",
		"keeping logs for 8 days":               "accepts it",
		"another listener of the same port":     "accepts it",
		"a task of a size that Fargate has not": "accepts it",
		"a service of the same name":            "accepts it",
		"deleting a cluster with a service":     "accepts it",
		"a schedule that is no cron":            "accepts it",
		"a schedule in no timezone":             "accepts it",
		"a schedule without a target":           "accepts it",
	}
}
