//go:build wire

package wire

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ministack is the Python package of that name.
func ministack() emulator {
	return emulator{name: "ministack", variable: "WIRE_MINISTACK", reset: "/_ministack/reset", gaps: ministackGaps, accepts: ministackAccepts(), without: []lack{{
		kinds: []string{"scalable-target", "scaling-policy"},
		why:   "there is no Application Auto Scaling",
		probe: func(ctx context.Context, a *account) error {
			_, err := cloud.NewClients(a.plain).AutoScaling.DescribeScalableTargets(ctx, &scaling.DescribeScalableTargetsInput{ServiceNamespace: scalingtypes.ServiceNamespaceEcs})
			return err
		},
	}, noSampling()}}
}

func ministackGaps() []*gap {
	var addresses notes[string]
	var endpoints notes[*ec2.CreateVpcEndpointInput]
	var rebalancing notes[ecstypes.AvailabilityZoneRebalancing]
	return []*gap{
		newGap("a NAT gateway has no addresses; AWS tells the allocation that it was made with",
			heed("EC2.CreateNatGateway", func(in *ec2.CreateNatGatewayInput, out *ec2.CreateNatGatewayOutput) {
				addresses.put(aws.ToString(out.NatGateway.NatGatewayId), aws.ToString(in.AllocationId))
			}),
			amend("EC2.DescribeNatGateways", func(_ *ec2.DescribeNatGatewaysInput, out *ec2.DescribeNatGatewaysOutput) (met bool) {
				for i, n := range out.NatGateways {
					if a, ok := addresses.get(aws.ToString(n.NatGatewayId)); ok && len(n.NatGatewayAddresses) == 0 {
						out.NatGateways[i].NatGatewayAddresses = []types.NatGatewayAddress{{AllocationId: &a}}
						met = true
					}
				}
				return met
			})),
		newGap("an interface endpoint loses its groups and private DNS",
			heed("EC2.CreateVpcEndpoint", func(in *ec2.CreateVpcEndpointInput, out *ec2.CreateVpcEndpointOutput) {
				endpoints.put(aws.ToString(out.VpcEndpoint.VpcEndpointId), in)
			}),
			amend("EC2.DescribeVpcEndpoints", func(_ *ec2.DescribeVpcEndpointsInput, out *ec2.DescribeVpcEndpointsOutput) (met bool) {
				for i, e := range out.VpcEndpoints {
					made, ok := endpoints.get(aws.ToString(e.VpcEndpointId))
					if !ok || e.VpcEndpointType != types.VpcEndpointTypeInterface || len(e.Groups) > 0 {
						continue
					}
					for _, g := range made.SecurityGroupIds {
						out.VpcEndpoints[i].Groups = append(out.VpcEndpoints[i].Groups, types.SecurityGroupIdentifier{GroupId: &g})
					}
					out.VpcEndpoints[i].PrivateDnsEnabled, met = made.PrivateDnsEnabled, true
				}
				return met
			})),
		serviceLinkedNames(),
		connectLost(),
		newGap("a service does not tell its rebalancing between zones",
			heed("ECS.CreateService", func(in *ecs.CreateServiceInput, out *ecs.CreateServiceOutput) {
				rebalancing.put(aws.ToString(out.Service.ServiceArn), in.AvailabilityZoneRebalancing)
			}),
			amend("ECS.DescribeServices", func(_ *ecs.DescribeServicesInput, out *ecs.DescribeServicesOutput) (met bool) {
				for i, s := range out.Services {
					if made, ok := rebalancing.get(aws.ToString(s.ServiceArn)); ok && s.AvailabilityZoneRebalancing == "" {
						out.Services[i].AvailabilityZoneRebalancing, met = made, true
					}
				}
				return met
			})),
		newGap("the role of ecs.application-autoscaling is taken for that of ecs; AWS makes one for each service",
			at("IAM.CreateServiceLinkedRole", func(in *iam.CreateServiceLinkedRoleInput, _ *iam.CreateServiceLinkedRoleOutput, err error) (bool, error) {
				return cloud.Is(err, "EntityAlreadyExists") && aws.ToString(in.AWSServiceName) == scalingPrincipal, nil
			}),
			amend("IAM.GetAccountAuthorizationDetails", func(_ *iam.GetAccountAuthorizationDetailsInput, out *iam.GetAccountAuthorizationDetailsOutput) bool {
				out.RoleDetailList = append(out.RoleDetailList, iamtypes.RoleDetail{
					RoleName: aws.String(serviceLinkedRoles[scalingPrincipal]), Path: aws.String("/aws-service-role/" + scalingPrincipal + "/"),
				})
				return true
			})),
	}
}

// ministackAccepts are the refusals of AWS that ministack does not share.
func ministackAccepts() map[string]string {
	return map[string]string{
		"a subnet over another":                 "accepts it",
		"a subnet outside its VPC":              "accepts it",
		"a VPC larger than /16":                 "accepts it",
		"the same rule twice":                   "accepts it",
		"deleting a group that another lets in": "accepts it",
		"a second default route":                "accepts it",
		"deleting a subnet under a NAT gateway": "accepts it",
		"a role whose trust is no policy":       "accepts it",
		"a rule of a taken priority":            "accepts it",
		"deleting a target group in use":        "accepts it",
		"another listener of the same port":     "accepts it",
		"a task of a size that Fargate has not": "accepts it",
		"a service in no cluster":               "accepts it",
		"deleting a cluster with a service":     "accepts it",
		"a service of the same name":            "answers ClientException",
		"a schedule that is no cron":            "has no Application Auto Scaling",
		"a schedule in no timezone":             "has no Application Auto Scaling",
		"a schedule without a target":           "has no Application Auto Scaling",
	}
}
