package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// ward is all that the checks look at, read once. What could not be read is empty
// and noted, and the checks that need it find nothing.
type ward struct {
	Patient
	fleet.Observed
	cluster   *ecstypes.Cluster
	roles     map[string]bool // by ARN: whether it is there
	logGroups map[string]bool // by name; nil is not known
	groups    map[string]elbtypes.TargetGroup
	health    map[string][]elbtypes.TargetHealthDescription
	security  map[string]types.SecurityGroup
	tables    []types.RouteTable
	nats      map[string]types.NatGateway
	endpoints []types.VpcEndpoint
	addresses []types.Address // nil is not known, like vpcs
	vpcs      []types.Vpc
	limits    map[string]float64 // the account's quotas by their codes; without one it is not known
	notes     []error
}

// admit reads. The services come first: everything else is about them.
func admit(ctx context.Context, p Patient) (*ward, error) {
	w := &ward{Patient: p, roles: map[string]bool{}, health: map[string][]elbtypes.TargetHealthDescription{}}
	names := make([]string, len(p.Cfg.Agents))
	for i, a := range p.Cfg.Agents {
		names[i] = a.Name // all: those that are called are looked at too
	}
	var err error
	w.Observed, err = fleet.Observe(ctx, p.Clients.ECS, provision.ClusterName(p.Cfg.Stack()), names)
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return nil, fmt.Errorf("the services cannot be read: %w", err)
	}
	type read struct {
		what string
		read func(context.Context) error
	}
	// What the account has room for is worth knowing before the first up, too.
	reads := []read{{"addresses", w.readAddresses}, {"VPCs", w.readVPCs}, {"quotas", w.readQuotas}}
	if len(w.Services) > 0 {
		reads = append(reads, read{"the cluster", w.readCluster}, read{"roles", w.readRoles}, read{"log groups", w.readLogGroups},
			read{"targets", w.readTargets}, read{"the network", w.readNetwork})
	}
	notes := make([]error, len(reads))
	var g errgroup.Group
	for i, r := range reads {
		g.Go(func() error {
			if err := r.read(ctx); err != nil {
				notes[i] = fmt.Errorf("%s cannot be read: %w", r.what, err)
			}
			return nil
		})
	}
	_ = g.Wait() // what failed is in the notes
	w.notes = slices.DeleteFunc(notes, func(err error) bool { return err == nil })
	return w, ctx.Err()
}

func (w *ward) readCluster(ctx context.Context) error {
	out, err := w.Clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{provision.ClusterName(w.Cfg.Stack())}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldSettings},
	})
	if err == nil && len(out.Clusters) > 0 {
		w.cluster = &out.Clusters[0]
	}
	return err
}

// readRoles asks for the roles that the task definitions name, which may be gone.
func (w *ward) readRoles(ctx context.Context) error {
	for _, s := range w.Services {
		out, err := w.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
		if err != nil {
			return err
		}
		for _, arn := range []*string{out.TaskDefinition.ExecutionRoleArn, out.TaskDefinition.TaskRoleArn} {
			if arn == nil {
				continue
			}
			_, err := w.Clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String((*arn)[strings.LastIndexByte(*arn, '/')+1:])})
			if err != nil && cloud.Classify(err) != engine.NotFound {
				return err
			}
			w.roles[*arn] = err == nil
			if err != nil {
				w.roles[aws.ToString(s.ServiceName)+" "+*arn] = false
			}
		}
	}
	return nil
}

func (w *ward) readLogGroups(ctx context.Context) error {
	found := map[string]bool{}
	prefix := provision.LogGroupName(w.Cfg.Stack(), "")
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(w.Clients.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range out.LogGroups {
			found[aws.ToString(g.LogGroupName)] = true
		}
	}
	w.logGroups = found
	return nil
}

func (w *ward) readTargets(ctx context.Context) error {
	var arns []string
	for _, s := range w.Services {
		for _, lb := range s.LoadBalancers {
			arns = append(arns, aws.ToString(lb.TargetGroupArn))
		}
	}
	if len(arns) == 0 {
		return nil
	}
	out, err := w.Clients.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: arns})
	if err != nil {
		return err
	}
	w.groups = map[string]elbtypes.TargetGroup{}
	for _, g := range out.TargetGroups {
		arn := aws.ToString(g.TargetGroupArn)
		w.groups[arn] = g
		h, err := w.Clients.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
			return err
		}
		w.health[arn] = h.TargetHealthDescriptions
	}
	return nil
}

// readNetwork reads what is in the VPC of the services, whoever made it.
func (w *ward) readNetwork(ctx context.Context) error {
	var vpc string
	for _, s := range w.Services {
		n := networkOf(s)
		if n == nil || len(n.Subnets) == 0 {
			continue
		}
		out, err := w.Clients.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: n.Subnets[:1]})
		if err != nil {
			return err
		}
		if len(out.Subnets) > 0 {
			vpc = aws.ToString(out.Subnets[0].VpcId)
			break
		}
	}
	inVPC := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	tables, err := cloud.Pages(ctx, ec2.NewDescribeRouteTablesPaginator(w.Clients.EC2, &ec2.DescribeRouteTablesInput{Filters: inVPC}),
		func(out *ec2.DescribeRouteTablesOutput) []types.RouteTable { return out.RouteTables })
	if err != nil {
		return err
	}
	nats, err := cloud.Pages(ctx, ec2.NewDescribeNatGatewaysPaginator(w.Clients.EC2, &ec2.DescribeNatGatewaysInput{Filter: inVPC}),
		func(out *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return out.NatGateways })
	if err != nil {
		return err
	}
	ends, err := cloud.Pages(ctx, ec2.NewDescribeVpcEndpointsPaginator(w.Clients.EC2, &ec2.DescribeVpcEndpointsInput{Filters: inVPC}),
		func(out *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return out.VpcEndpoints })
	if err != nil {
		return err
	}
	groups, err := cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(w.Clients.EC2, &ec2.DescribeSecurityGroupsInput{Filters: inVPC}),
		func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups })
	if err != nil {
		return err
	}
	w.tables, w.endpoints = tables, ends
	w.nats, w.security = map[string]types.NatGateway{}, map[string]types.SecurityGroup{}
	for _, n := range nats {
		w.nats[aws.ToString(n.NatGatewayId)] = n
	}
	for _, g := range groups {
		w.security[aws.ToString(g.GroupId)] = g
	}
	return nil
}

func (w *ward) readAddresses(ctx context.Context) error {
	out, err := w.Clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err == nil {
		w.addresses = append([]types.Address{}, out.Addresses...)
	}
	return err
}

func (w *ward) readVPCs(ctx context.Context) error {
	all, err := cloud.Pages(ctx, ec2.NewDescribeVpcsPaginator(w.Clients.EC2, &ec2.DescribeVpcsInput{}), func(out *ec2.DescribeVpcsOutput) []types.Vpc { return out.Vpcs })
	if err == nil {
		w.vpcs = append([]types.Vpc{}, all...)
	}
	return err
}

// readQuotas asks for those that checkQuotas looks at. One that cannot be read
// leaves the others.
func (w *ward) readQuotas(ctx context.Context) error {
	limits := map[string]float64{}
	var failed error
	for _, q := range w.quotas() {
		limit, known, err := stack.QuotaLimit(ctx, w.Clients.Quotas, q.service, q.code)
		if err != nil {
			failed = fmt.Errorf("%q (%s): %w", q.name, q.code, err)
		}
		if known {
			limits[q.code] = limit
		}
	}
	w.limits = limits
	return failed
}

// networkOf is where a service's tasks are put.
func networkOf(s ecstypes.Service) *ecstypes.AwsVpcConfiguration {
	if s.NetworkConfiguration == nil {
		return nil
	}
	return s.NetworkConfiguration.AwsvpcConfiguration
}

// primary is the deployment that is current.
func primary(s ecstypes.Service) *ecstypes.Deployment {
	for i, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" {
			return &s.Deployments[i]
		}
	}
	return nil
}

// lets tells whether a security group lets in what comes from one of the groups,
// or from anywhere by an address, at a port.
func (w *ward) lets(group string, from []string, port int32) bool {
	for _, p := range w.security[group].IpPermissions {
		all := aws.ToString(p.IpProtocol) == "-1"
		if !all && (aws.ToInt32(p.FromPort) > port || aws.ToInt32(p.ToPort) < port) {
			continue
		}
		if len(p.IpRanges) > 0 {
			return true
		}
		for _, g := range p.UserIdGroupPairs {
			if slices.Contains(from, aws.ToString(g.GroupId)) {
				return true
			}
		}
	}
	return false
}

// letsAny is lets for a thing that has several groups: one is enough.
func (w *ward) letsAny(groups, from []string, port int32) bool {
	return slices.ContainsFunc(groups, func(g string) bool { return w.lets(g, from, port) })
}
