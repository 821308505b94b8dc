package provision

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// LoadBalancerSpec is what we own of a load balancer.
type LoadBalancerSpec struct {
	Scheme  string
	Subnets []string
	Group   string
	// The rest are attributes, which AWS takes only after the create.
	IdleTimeout        time.Duration
	DeletionProtection bool
	DropInvalidHeaders bool
	AccessLogs         string
	Tags               cloud.Tags
}

// LoadBalancer is the one application load balancer in front of all agents. It
// costs $16.43 a month, $3.65 for the public address in each subnet, and takes
// 135 to 187 s until it is active; listeners and rules can be made before that.
// Deleting is done at once, but its interfaces hold subnets and groups for up to
// two minutes more.
type LoadBalancer struct {
	engine.Ref
	*Env
	// Subnets are in two zones or more, and public ones unless it is Internal: then it has
	// private addresses alone, which cost nothing.
	Subnets  []*Subnet
	Internal bool
	Group    *SecurityGroup
	// Gateway has to be attached first: AWS refuses a load balancer that faces
	// an internet its VPC does not reach.
	Gateway *InternetGateway
	// ServiceRole is Elastic Load Balancing's own role, which a fresh account has not.
	ServiceRole        *ServiceLinkedRole
	IdleTimeout        time.Duration
	DeletionProtection bool
	// AccessLogs is the bucket of the access logs; "" is off.
	AccessLogs string
}

func (l *LoadBalancer) Key() engine.Key { return "alb" }

func (l *LoadBalancer) Needs() []engine.Node {
	return slices.Concat(nodes(l.Subnets...), nodes(l.Group), nodes(l.Gateway))
}

func (l *LoadBalancer) After() []engine.Node { return nodes(l.ServiceRole) }

// loadBalancerName is the one name that a stack's load balancer may have.
func (h *Env) loadBalancerName() string { return cloud.Name(cloud.MaxLoadBalancerName, h.Stack) }

// Want is a load balancer that faces the internet, or the network alone.
func (l *LoadBalancer) Want() LoadBalancerSpec {
	want := LoadBalancerSpec{
		Scheme: string(types.LoadBalancerSchemeEnumInternetFacing), Group: l.Group.ID(), IdleTimeout: l.IdleTimeout,
		DeletionProtection: l.DeletionProtection, DropInvalidHeaders: true, AccessLogs: l.AccessLogs, Tags: l.TagsOf(l.Key()),
	}
	if l.Internal {
		want.Scheme = string(types.LoadBalancerSchemeEnumInternal)
	}
	for _, s := range l.Subnets {
		want.Subnets = append(want.Subnets, s.ID())
	}
	slices.Sort(want.Subnets)
	return want
}

// namedLoadBalancers is the load balancer of the stack's name, which is unique in an
// account and region. Whose it is, its tags tell. Where none has the name it is the one
// with the stack's tags, which karmactl has not named.
func (h *Env) namedLoadBalancers(ctx context.Context, notOlder time.Time) ([]types.LoadBalancer, error) {
	return cloud.List(ctx, h.Inventory, "alb by name", notOlder, func(ctx context.Context) ([]types.LoadBalancer, error) {
		out, err := h.Clients.ELB.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{h.loadBalancerName()}})
		if cloud.IsNotFound(err) {
			return h.taggedLoadBalancers(ctx)
		}
		if err != nil {
			return nil, err
		}
		return out.LoadBalancers, nil
	})
}

// BalancerAddress is the DNS name of the stack's load balancer; "" where there is none.
func (h *Env) BalancerAddress(ctx context.Context) (string, error) {
	all, err := h.namedLoadBalancers(ctx, time.Time{})
	if err != nil || len(all) == 0 {
		return "", err
	}
	return aws.ToString(all[0].DNSName), nil
}

// taggedLoadBalancers are those of any name that have the tags of the stack's own. An
// account has fifty in a region at most, unless AWS was asked for more.
func (h *Env) taggedLoadBalancers(ctx context.Context) ([]types.LoadBalancer, error) {
	all, err := cloud.Pages(ctx, elb.NewDescribeLoadBalancersPaginator(h.Clients.ELB, &elb.DescribeLoadBalancersInput{}),
		func(out *elb.DescribeLoadBalancersOutput) []types.LoadBalancer { return out.LoadBalancers })
	if err != nil {
		return nil, err
	}
	of, err := elbCandidates(ctx, h.Clients.ELB, all, func(i types.LoadBalancer) string { return aws.ToString(i.LoadBalancerArn) })
	var ours []types.LoadBalancer
	for _, c := range of {
		if c.Tags.Ours(h.Stack, (&LoadBalancer{}).Key()) {
			ours = append(ours, c.Item)
		}
	}
	return ours, err
}

// loadBalancers is the load balancer of the stack's name, with its tags.
func (h *Env) loadBalancers(ctx context.Context, notOlder time.Time) ([]candidate[types.LoadBalancer], error) {
	return cloud.List(ctx, h.Inventory, "alb", notOlder, func(ctx context.Context) ([]candidate[types.LoadBalancer], error) {
		all, err := h.namedLoadBalancers(ctx, notOlder)
		if err != nil {
			return nil, err
		}
		return elbCandidates(ctx, h.Clients.ELB, all, func(i types.LoadBalancer) string { return aws.ToString(i.LoadBalancerArn) })
	})
}

// servingLoadBalancer is the ARN of the stack's load balancer, "" without one.
// One that failed does not count: it is replaced with all that hangs on it.
func (h *Env) servingLoadBalancer(ctx context.Context, notOlder time.Time) (string, error) {
	all, err := h.loadBalancers(ctx, notOlder)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Tags[cloud.TagStack] == h.Stack && serves(c.Item) {
			return c.ID, nil
		}
	}
	return "", nil
}

func serves(lb types.LoadBalancer) bool {
	return lb.State == nil || lb.State.Code != types.LoadBalancerStateEnumFailed
}

// Find looks for the stack's name. One without our tags is another owner's.
func (l *LoadBalancer) Find(ctx context.Context, look engine.Look) (engine.Found[LoadBalancerSpec], error) {
	all, err := l.loadBalancers(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[LoadBalancerSpec]{}, err
	}
	one, duplicates := pick(l.Env, l.Key(), look, all)
	if one.ID == "" {
		for _, c := range all {
			return engine.Found[LoadBalancerSpec]{}, l.foreign(l.Key(), "load balancer "+l.loadBalancerName(), c.ID)
		}
		return engine.Found[LoadBalancerSpec]{}, nil
	}
	attrs, err := l.Clients.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &one.ID})
	if err != nil {
		return engine.Found[LoadBalancerSpec]{}, cloud.IgnoreNotFound(err)
	}
	lb := one.Item
	found := engine.Found[LoadBalancerSpec]{Phase: engine.Ready, ID: one.ID, Duplicates: duplicates, Outputs: map[string]string{
		"dns_name": aws.ToString(lb.DNSName), "zone_id": aws.ToString(lb.CanonicalHostedZoneId),
	}}
	found.Spec = LoadBalancerSpec{Scheme: string(lb.Scheme), Group: strings.Join(lb.SecurityGroups, " "), Tags: one.Tags}
	for _, z := range lb.AvailabilityZones {
		found.Spec.Subnets = append(found.Spec.Subnets, aws.ToString(z.SubnetId))
	}
	slices.Sort(found.Spec.Subnets)
	found.Spec.readAttributes(attrs.Attributes, l.Stack)
	if lb.State == nil {
		return found, nil
	}
	switch lb.State.Code {
	case types.LoadBalancerStateEnumProvisioning:
		found.Phase, found.Usable, found.Why = engine.Pending, true, "load balancer provisioning"
	case types.LoadBalancerStateEnumFailed:
		found.Phase, found.Discard = engine.Broken, true
		found.Why = "the load balancer failed: " + aws.ToString(lb.State.Reason)
	}
	return found, nil
}

// The attributes that we own: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
const (
	albIdleTimeout        = "idle_timeout.timeout_seconds"
	albDeletionProtection = "deletion_protection.enabled"
	albDropInvalidHeaders = "routing.http.drop_invalid_header_fields.enabled"
	albAccessLogs         = "access_logs.s3.enabled"
	albAccessLogsBucket   = "access_logs.s3.bucket"
	albAccessLogsPrefix   = "access_logs.s3.prefix"
)

// readAttributes reads the attributes that we own. The logs of a stack are under its name in
// their bucket; those under another one show as a difference.
func (s *LoadBalancerSpec) readAttributes(attrs []types.LoadBalancerAttribute, stack string) {
	bucket, prefix, logs := "", "", false
	for _, a := range attrs {
		v := aws.ToString(a.Value)
		switch aws.ToString(a.Key) {
		case albIdleTimeout:
			n, _ := strconv.Atoi(v)
			s.IdleTimeout = time.Duration(n) * time.Second
		case albDeletionProtection:
			s.DeletionProtection = v == "true"
		case albDropInvalidHeaders:
			s.DropInvalidHeaders = v == "true"
		case albAccessLogs:
			logs = v == "true"
		case albAccessLogsBucket:
			bucket = v
		case albAccessLogsPrefix:
			prefix = v
		}
	}
	switch {
	case !logs:
	case prefix != stack:
		s.AccessLogs = bucket + "/" + prefix
	default:
		s.AccessLogs = bucket
	}
}

// attributes are the ones that differ.
func (l *LoadBalancer) attributes(have, want LoadBalancerSpec) []types.LoadBalancerAttribute {
	var out []types.LoadBalancerAttribute
	set := func(k, v string) {
		out = append(out, types.LoadBalancerAttribute{Key: &k, Value: &v})
	}
	if have.IdleTimeout != want.IdleTimeout {
		set(albIdleTimeout, strconv.Itoa(int(want.IdleTimeout.Seconds())))
	}
	if have.DeletionProtection != want.DeletionProtection {
		set(albDeletionProtection, strconv.FormatBool(want.DeletionProtection))
	}
	if have.DropInvalidHeaders != want.DropInvalidHeaders {
		set(albDropInvalidHeaders, strconv.FormatBool(want.DropInvalidHeaders))
	}
	if have.AccessLogs != want.AccessLogs {
		set(albAccessLogs, strconv.FormatBool(want.AccessLogs != ""))
		if want.AccessLogs != "" {
			set(albAccessLogsBucket, want.AccessLogs)
			set(albAccessLogsPrefix, l.Stack)
		}
	}
	return out
}

// Diff compares. Whom a load balancer faces cannot change.
func (l *LoadBalancer) Diff(have, want LoadBalancerSpec) []engine.Change {
	return changes(
		essential(fixed("scheme", have.Scheme, want.Scheme)),
		essential(field("subnets", strings.Join(have.Subnets, " "), strings.Join(want.Subnets, " "))),
		essential(field("security_group", have.Group, want.Group)),
		field("idle_timeout", have.IdleTimeout, want.IdleTimeout),
		field("deletion_protection", have.DeletionProtection, want.DeletionProtection),
		field("drop_invalid_headers", have.DropInvalidHeaders, want.DropInvalidHeaders),
		field("access_logs", have.AccessLogs, want.AccessLogs),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the load balancer; the same name and settings again give the
// same one. Attributes are left to Update.
func (l *LoadBalancer) Create(ctx context.Context, want LoadBalancerSpec, _ string) (string, error) {
	out, err := l.Clients.ELB.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(l.loadBalancerName()), Type: types.LoadBalancerTypeEnumApplication, Scheme: types.LoadBalancerSchemeEnum(want.Scheme),
		Subnets: want.Subnets, SecurityGroups: []string{want.Group}, Tags: toELBTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.LoadBalancers[0].LoadBalancerArn), nil
}

func (l *LoadBalancer) Update(ctx context.Context, id string, have, want LoadBalancerSpec) error {
	if !slices.Equal(have.Subnets, want.Subnets) {
		if _, err := l.Clients.ELB.SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: &id, Subnets: want.Subnets}); err != nil {
			return err
		}
	}
	if have.Group != want.Group {
		if _, err := l.Clients.ELB.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: &id, SecurityGroups: []string{want.Group}}); err != nil {
			return err
		}
	}
	if attrs := l.attributes(have, want); len(attrs) > 0 {
		if _, err := l.Clients.ELB.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &id, Attributes: attrs}); err != nil {
			return err
		}
	}
	return updateELBTags(ctx, l.Clients.ELB, id, have.Tags, want.Tags)
}

// Delete deletes the load balancer with its listeners and rules.
func (l *LoadBalancer) Delete(ctx context.Context, id string) error {
	_, err := l.Clients.ELB.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &id})
	if cloud.Is(err, "OperationNotPermitted") {
		return fmt.Errorf("deletion protection is on: %w: set load_balancer.deletion_protection: false in agents.yaml, run karmactl up, then karmactl down", err)
	}
	return err
}

// LoadBalancerProtected tells whether AWS would refuse to delete the stack's load balancer.
func (h *Env) LoadBalancerProtected(ctx context.Context) (bool, error) {
	found, err := (&LoadBalancer{Env: h}).Find(ctx, engine.Look{})
	return found.Spec.DeletionProtection, err
}
