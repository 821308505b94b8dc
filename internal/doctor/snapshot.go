package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// snapshot is all that the checks look at, read once. What could not be read is empty
// and noted, and the checks that need it find nothing.
type snapshot struct {
	Input
	fleet.Observed
	cluster   *ecstypes.Cluster
	status    []fleet.AgentStatus
	jobs      []fleet.JobStatus
	attention map[string][]fleet.Attention // by agent, what status says
	waiting   map[string]fleet.Waiting     // by agent without a service
	// missingRoles are ARNs by agent.
	missingRoles map[string][]string
	logGroups    map[string]bool // by name; nil is not known
	groups       map[string]elbtypes.TargetGroup
	health       map[string][]elbtypes.TargetHealthDescription
	security     map[string]types.SecurityGroup
	subnets      []types.Subnet
	tables       []types.RouteTable
	nats         map[string]types.NatGateway
	endpoints    []types.VpcEndpoint
	addresses    []types.Address // nil is not known, like vpcs
	vpcs         []types.Vpc
	limits       map[string]float64 // the account's quotas by their codes; without one it is not known
	twins        []tasks.Twin
	bucket       []provision.BucketFault
	notes        []error
	unread       []error // what status could not read
}

// read reads. The services come first: everything else is about them.
func read(ctx context.Context, p Input) (*snapshot, error) {
	sn := &snapshot{Input: p, missingRoles: map[string][]string{}, attention: map[string][]fleet.Attention{}, health: map[string][]elbtypes.TargetHealthDescription{}}
	names := make([]string, len(p.Cfg.Agents))
	for i, a := range p.Cfg.Agents {
		names[i] = a.Name // all: the agents that a chosen one calls are looked at too
	}
	var err error
	sn.Observed, err = fleet.Observe(ctx, p.Clients.ECS, provision.ClusterName(p.Cfg.Stack()), names, p.Cfg.ServiceNames())
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return nil, fmt.Errorf("the services cannot be read: %w", err)
	}
	there := err == nil
	type read struct {
		what string
		read func(context.Context) error
	}
	// What the account has room for is worth knowing before the first up, too.
	reads := []read{{"addresses", sn.readAddresses}, {"VPCs", sn.readVPCs}, {"quotas", sn.readQuotas}}
	if sn.Bucket != nil {
		reads = append(reads, read{"all of the state's bucket", sn.readBucket})
	}
	if there { // the cluster; without it nothing was ever brought up
		reads = append(reads, read{"what agents without a service wait for", sn.readWaiting})
	}
	if len(sn.Services) > 0 {
		reads = append(reads, read{"the cluster", sn.readCluster}, read{"roles", sn.readRoles}, read{"log groups", sn.readLogGroups},
			read{"targets", sn.readTargets}, read{"the network", sn.readNetwork}, read{"metrics and schedules", sn.readStatus},
			read{"what runs in other clusters", sn.readTwins})
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
	sn.notes = slices.DeleteFunc(append(notes, sn.unread...), func(err error) bool { return err == nil })
	return sn, ctx.Err()
}

// readWaiting asks what the agents without a service, and jobs with an image, wait for.
func (sn *snapshot) readWaiting(ctx context.Context) (err error) {
	without := slices.DeleteFunc(slices.Clone(sn.Agents), func(a agents.Agent) bool { _, there := sn.Services[a.Name]; return there })
	home := &provision.Env{Stack: sn.Cfg.Stack(), Project: sn.Cfg.Project, Clients: sn.Clients, Services: sn.Cfg.ServiceNames()}
	sn.waiting, err = fleet.Waits(ctx, home, sn.Cfg, append(without, sn.ownJobs()...))
	return err
}

// ownJobs are the jobs with an image of their own, unless doctor is asked of some agents alone.
func (sn *snapshot) ownJobs() []agents.Agent {
	if len(sn.Agents) < len(sn.Cfg.Agents) {
		return nil
	}
	return sn.Cfg.Owners()[len(sn.Cfg.Agents):]
}

func (sn *snapshot) readCluster(ctx context.Context) error {
	out, err := sn.Clients.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: []string{provision.ClusterName(sn.Cfg.Stack())}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldSettings},
	})
	if err == nil && len(out.Clusters) > 0 {
		sn.cluster = &out.Clusters[0]
	}
	return err
}

// readRoles asks for the roles that the task definitions name, which may be gone.
func (sn *snapshot) readRoles(ctx context.Context) error {
	for _, s := range sn.Services {
		out, err := sn.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
		if err != nil {
			return err
		}
		for _, arn := range []*string{out.TaskDefinition.ExecutionRoleArn, out.TaskDefinition.TaskRoleArn} {
			if arn == nil {
				continue
			}
			_, err := sn.Clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(tasks.ID(*arn))})
			if err != nil && cloud.Classify(err) != engine.NotFound {
				return err
			}
			if err != nil {
				agent := aws.ToString(s.ServiceName)
				sn.missingRoles[agent] = append(sn.missingRoles[agent], *arn)
			}
		}
	}
	return nil
}

func (sn *snapshot) readLogGroups(ctx context.Context) error {
	prefix := provision.LogGroupName(sn.Cfg.Stack(), "")
	all, err := cloud.Pages(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(sn.Clients.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix}),
		func(out *cloudwatchlogs.DescribeLogGroupsOutput) []logtypes.LogGroup { return out.LogGroups })
	if err != nil {
		return err
	}
	sn.logGroups = map[string]bool{}
	for _, g := range all {
		sn.logGroups[aws.ToString(g.LogGroupName)] = true
	}
	return nil
}

// targetGroupsDescribed is how many target groups one call takes:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html
const targetGroupsDescribed = 20

func (sn *snapshot) readTargets(ctx context.Context) error {
	var arns []string
	for _, s := range sn.Services {
		for _, lb := range s.LoadBalancers {
			arns = append(arns, aws.ToString(lb.TargetGroupArn))
		}
	}
	if len(arns) == 0 {
		return nil
	}
	groups := map[string]elbtypes.TargetGroup{}
	for part := range slices.Chunk(arns, targetGroupsDescribed) {
		out, err := sn.Clients.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: part})
		if err != nil {
			return err
		}
		for _, g := range out.TargetGroups {
			groups[aws.ToString(g.TargetGroupArn)] = g
		}
	}
	sn.groups = groups
	for _, g := range groups {
		arn := aws.ToString(g.TargetGroupArn)
		h, err := sn.Clients.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
			return err
		}
		sn.health[arn] = h.TargetHealthDescriptions
	}
	return nil
}

// servicesVPC is where the services run; "" when none does.
func (sn *snapshot) servicesVPC(ctx context.Context) (string, error) {
	for _, s := range sn.Services {
		n := networkOf(s)
		if n == nil || len(n.Subnets) == 0 {
			continue
		}
		out, err := sn.Clients.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: n.Subnets[:1]})
		if err != nil {
			return "", err
		}
		if len(out.Subnets) > 0 {
			return aws.ToString(out.Subnets[0].VpcId), nil
		}
	}
	return "", nil
}

// readNetwork reads what is in the VPC of the services, karmactl's or not.
func (sn *snapshot) readNetwork(ctx context.Context) error {
	vpc, err := sn.servicesVPC(ctx)
	if err != nil {
		return err
	}
	inVPC := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	tables, err := cloud.Pages(ctx, ec2.NewDescribeRouteTablesPaginator(sn.Clients.EC2, &ec2.DescribeRouteTablesInput{Filters: inVPC}),
		func(out *ec2.DescribeRouteTablesOutput) []types.RouteTable { return out.RouteTables })
	if err != nil {
		return err
	}
	nats, err := cloud.Pages(ctx, ec2.NewDescribeNatGatewaysPaginator(sn.Clients.EC2, &ec2.DescribeNatGatewaysInput{Filter: inVPC}),
		func(out *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return out.NatGateways })
	if err != nil {
		return err
	}
	ends, err := cloud.Pages(ctx, ec2.NewDescribeVpcEndpointsPaginator(sn.Clients.EC2, &ec2.DescribeVpcEndpointsInput{Filters: inVPC}),
		func(out *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return out.VpcEndpoints })
	if err != nil {
		return err
	}
	groups, err := cloud.Pages(ctx, ec2.NewDescribeSecurityGroupsPaginator(sn.Clients.EC2, &ec2.DescribeSecurityGroupsInput{Filters: inVPC}),
		func(out *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return out.SecurityGroups })
	if err != nil {
		return err
	}
	subnets, err := cloud.Pages(ctx, ec2.NewDescribeSubnetsPaginator(sn.Clients.EC2, &ec2.DescribeSubnetsInput{Filters: inVPC}),
		func(out *ec2.DescribeSubnetsOutput) []types.Subnet { return out.Subnets })
	if err != nil {
		return err
	}
	sn.tables, sn.endpoints, sn.subnets = tables, ends, subnets
	sn.nats, sn.security = map[string]types.NatGateway{}, map[string]types.SecurityGroup{}
	for _, n := range nats {
		sn.nats[aws.ToString(n.NatGatewayId)] = n
	}
	for _, g := range groups {
		sn.security[aws.ToString(g.GroupId)] = g
	}
	return nil
}

func (sn *snapshot) readAddresses(ctx context.Context) error {
	out, err := sn.Clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err == nil {
		sn.addresses = append([]types.Address{}, out.Addresses...)
	}
	return err
}

func (sn *snapshot) readVPCs(ctx context.Context) error {
	all, err := cloud.Pages(ctx, ec2.NewDescribeVpcsPaginator(sn.Clients.EC2, &ec2.DescribeVpcsInput{}), func(out *ec2.DescribeVpcsOutput) []types.Vpc { return out.Vpcs })
	if err == nil {
		sn.vpcs = append([]types.Vpc{}, all...)
	}
	return err
}

// readQuotas asks for the quotas that checkQuotas looks at. A quota that cannot be
// read leaves the others.
func (sn *snapshot) readQuotas(ctx context.Context) error {
	limits := map[string]float64{}
	var failed error
	for _, q := range sn.quotas() {
		limit, known, err := stack.QuotaLimit(ctx, sn.Clients.Quotas, q.service, q.code)
		if err != nil {
			failed = fmt.Errorf("%q (%s): %w", q.name, q.code, err)
		}
		if known {
			limits[q.code] = limit
		}
	}
	sn.limits = limits
	return failed
}

// readStatus reads what `status` shows, so that the two say the same.
func (sn *snapshot) readStatus(ctx context.Context) error {
	w := fleet.Watcher{
		ECS: sn.Clients.ECS, Targets: sn.Clients.ELB, Metrics: sn.Clients.CloudWatch, Schedules: sn.Clients.AutoScaling,
		Cluster: provision.ClusterName(sn.Cfg.Stack()), Agents: sn.Agents, Clock: sn.Clock, Scheduler: sn.Clients.Scheduler, Streams: sn.Clients.Logs,
		Executions: sn.Clients.SFN,
	}
	for _, a := range append(slices.Clone(sn.Agents), sn.ownJobs()...) {
		w.Jobs = append(w.Jobs, sn.Cfg.JobsOf(a.Name)...)
	}
	st, err := w.Look(ctx)
	if err != nil {
		return err
	}
	sn.status, sn.jobs, sn.unread = st.Agents, st.Jobs, st.Notes
	for _, p := range st.Attention {
		sn.attention[p.Agent] = append(sn.attention[p.Agent], p)
	}
	return nil
}

// networkOf is where a service's tasks are put.
func networkOf(s ecstypes.Service) *ecstypes.AwsVpcConfiguration {
	if s.NetworkConfiguration == nil {
		return nil
	}
	return s.NetworkConfiguration.AwsvpcConfiguration
}
