//go:build wire

package wire

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// refusal is something that AWS does not do, and the code that it says so with.
// try returns the refusal, or what kept it from getting that far.
type refusal struct {
	name string
	code string
	try  func(r *rig) error
}

// rig makes what a refusal needs.
type rig struct {
	*cloud.Clients
	ctx context.Context //nolint:containedctx // of one test
}

// stop is a step on the way that failed.
type stop struct{ error }

func must[O any](out *O, err error) *O {
	if err != nil {
		panic(stop{err})
	}
	return out
}

// ask tries it in an account and returns the code of the answer.
func (x refusal) ask(ctx context.Context, clients *cloud.Clients) (code string, err error) {
	defer func() {
		if s, ok := recover().(stop); ok {
			err = s.error
		}
		code = cloud.Code(err)
	}()
	return "", x.try(&rig{Clients: clients, ctx: ctx})
}

func (r *rig) vpc() *string {
	return must(r.EC2.CreateVpc(r.ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})).Vpc.VpcId
}

func (r *rig) subnet(vpc *string, cidr, az string) *string {
	return must(r.EC2.CreateSubnet(r.ctx, &ec2.CreateSubnetInput{VpcId: vpc, CidrBlock: &cidr, AvailabilityZone: &az})).Subnet.SubnetId
}

func (r *rig) gateway(vpc *string) *string {
	igw := must(r.EC2.CreateInternetGateway(r.ctx, &ec2.CreateInternetGatewayInput{})).InternetGateway.InternetGatewayId
	must(r.EC2.AttachInternetGateway(r.ctx, &ec2.AttachInternetGatewayInput{VpcId: vpc, InternetGatewayId: igw}))
	return igw
}

func (r *rig) group(vpc *string, name string) *string {
	return must(r.EC2.CreateSecurityGroup(r.ctx, &ec2.CreateSecurityGroupInput{VpcId: vpc, GroupName: &name, Description: aws.String("a group")})).GroupId
}

func (r *rig) allow(group *string, from ec2types.IpPermission) error {
	from.IpProtocol, from.FromPort, from.ToPort = aws.String("tcp"), aws.Int32(80), aws.Int32(80)
	_, err := r.EC2.AuthorizeSecurityGroupIngress(r.ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []ec2types.IpPermission{from}})
	return err
}

// nat is a NAT gateway with its subnet and address.
func (r *rig) nat(vpc *string) (subnet, address *string) {
	r.gateway(vpc)
	subnet = r.subnet(vpc, "10.0.0.0/24", "us-east-1a")
	address = must(r.EC2.AllocateAddress(r.ctx, &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})).AllocationId
	must(r.EC2.CreateNatGateway(r.ctx, &ec2.CreateNatGatewayInput{SubnetId: subnet, AllocationId: address, ConnectivityType: ec2types.ConnectivityTypePublic}))
	return subnet, address
}

// balancer is a load balancer with a target group, a listener and a rule.
func (r *rig) balancer() (lb, target, listener *string) {
	vpc := r.vpc()
	r.gateway(vpc)
	lb = must(r.ELB.CreateLoadBalancer(r.ctx, &elb.CreateLoadBalancerInput{Name: aws.String("wire"), Type: elbtypes.LoadBalancerTypeEnumApplication, IpAddressType: elbtypes.IpAddressTypeIpv4, Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing, Subnets: []string{
		*r.subnet(vpc, "10.0.0.0/24", "us-east-1a"), *r.subnet(vpc, "10.0.1.0/24", "us-east-1b"),
	}, SecurityGroups: []string{*r.group(vpc, "alb")}})).LoadBalancers[0].LoadBalancerArn
	target = must(r.ELB.CreateTargetGroup(r.ctx, targetGroup(vpc, 9001))).TargetGroups[0].TargetGroupArn
	listener = must(r.ELB.CreateListener(r.ctx, httpListener(lb, "404"))).Listeners[0].ListenerArn
	must(r.ELB.CreateRule(r.ctx, listenerRule(listener, target)))
	return lb, target, listener
}

func targetGroup(vpc *string, port int32) *elb.CreateTargetGroupInput {
	return &elb.CreateTargetGroupInput{
		Name: aws.String("wire"), VpcId: vpc, Port: &port, Protocol: elbtypes.ProtocolEnumHttp, TargetType: elbtypes.TargetTypeEnumIp,
	}
}

func httpListener(lb *string, status string) *elb.CreateListenerInput {
	return &elb.CreateListenerInput{LoadBalancerArn: lb, Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: []elbtypes.Action{{
		Type:                elbtypes.ActionTypeEnumFixedResponse,
		FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: &status, ContentType: aws.String("text/plain"), MessageBody: aws.String("no")},
	}}}
}

func listenerRule(listener, target *string) *elb.CreateRuleInput {
	return &elb.CreateRuleInput{
		ListenerArn: listener, Priority: aws.Int32(10),
		Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &elbtypes.PathPatternConditionConfig{Values: []string{"/a/*"}}}},
		Actions:    []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: target}},
	}
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (r *rig) role() *string {
	return must(r.IAM.CreateRole(r.ctx, &iam.CreateRoleInput{RoleName: aws.String("wire"), AssumeRolePolicyDocument: aws.String(trust)})).Role.RoleName
}

func taskDefinition(cpu, memory string) *ecs.RegisterTaskDefinitionInput {
	return &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("wire"), Cpu: &cpu, Memory: &memory, NetworkMode: ecstypes.NetworkModeAwsvpc, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityFargate},
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("wire"), Image: aws.String("public.ecr.aws/docker/library/python:3.13-slim"), Essential: aws.Bool(true)}},
	}
}

// service is a service in a cluster of its own.
func (r *rig) service() *ecs.CreateServiceInput {
	must(r.ECS.CreateCluster(r.ctx, &ecs.CreateClusterInput{ClusterName: aws.String("wire"), CapacityProviders: []string{"FARGATE", "FARGATE_SPOT"}}))
	must(r.ECS.RegisterTaskDefinition(r.ctx, taskDefinition("256", "512")))
	vpc := r.vpc()
	in := &ecs.CreateServiceInput{
		Cluster: aws.String("wire"), ServiceName: aws.String("wire"), TaskDefinition: aws.String("wire"), DesiredCount: aws.Int32(0),
		CapacityProviderStrategy: []ecstypes.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE"), Weight: 1}},
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: []string{*r.subnet(vpc, "10.0.0.0/24", "us-east-1a")}, SecurityGroups: []string{*r.group(vpc, "agents")}, AssignPublicIp: ecstypes.AssignPublicIpEnabled,
		}},
	}
	must(r.ECS.CreateService(r.ctx, in))
	return in
}

func (r *rig) scalable() {
	r.service()
	must(r.AutoScaling.RegisterScalableTarget(r.ctx, &scaling.RegisterScalableTargetInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ResourceId: aws.String("service/wire/wire"), ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		MinCapacity: aws.Int32(1), MaxCapacity: aws.Int32(3),
	}))
}

func (r *rig) schedule(expression, zone string) error {
	_, err := r.AutoScaling.PutScheduledAction(r.ctx, &scaling.PutScheduledActionInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ResourceId: aws.String("service/wire/wire"), ScalableDimension: scalingtypes.ScalableDimensionECSServiceDesiredCount,
		ScheduledActionName: aws.String("nights"), Schedule: &expression, Timezone: &zone,
		ScalableTargetAction: &scalingtypes.ScalableTargetAction{MinCapacity: aws.Int32(0), MaxCapacity: aws.Int32(0)},
	})
	return err
}
