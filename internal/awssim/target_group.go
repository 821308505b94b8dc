package awssim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// TargetGroup is a simulated target group. Its targets are in target.go.
type TargetGroup struct {
	ARN      string
	Name     string
	VPC      string
	Protocol types.ProtocolEnum
	Port     int32
	Type     types.TargetTypeEnum
	// The health check; Interval and Timeout are seconds.
	Path       string
	CheckPort  string // a number, or traffic-port
	Check      types.ProtocolEnum
	Matcher    string
	Interval   int32
	Timeout    int32
	Healthy    int32
	Unhealthy  int32
	Attributes map[string]string
	Targets    map[string]*Target
	// Attached is since when a listener or a rule leads to it.
	Attached time.Time
	Tags     cloud.Tags
	Created  time.Time
}

func (s *Sim) targetGroupNoun() noun {
	return noun{
		ops: []operation{
			on("Elastic Load Balancing v2.CreateTargetGroup", s.createTargetGroup,
				"Name", "Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol", "HealthCheckIntervalSeconds",
				"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher", "Tags"),
			on("Elastic Load Balancing v2.ModifyTargetGroup", s.modifyTargetGroup,
				"TargetGroupArn", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol", "HealthCheckIntervalSeconds",
				"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher"),
			on("Elastic Load Balancing v2.DescribeTargetGroups", s.describeTargetGroups, "TargetGroupArns", "Names", "LoadBalancerArn").pages("TargetGroups", 400, 400, "TargetGroupArns"),
			on("Elastic Load Balancing v2.DescribeTargetGroupAttributes", s.describeTargetGroupAttributes, "TargetGroupArn"),
			on("Elastic Load Balancing v2.ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes, "TargetGroupArn", "Attributes"),
			on("Elastic Load Balancing v2.DeleteTargetGroup", s.deleteTargetGroup, "TargetGroupArn"),
			on("Elastic Load Balancing v2.DescribeTargetHealth", s.describeTargetHealth, "TargetGroupArn", "Targets"),
		},
		settle: s.settleTargets,
		each: func(tell func(thing)) {
			for _, g := range s.world.TargetGroups {
				tell(thing{kind: "target-group", name: g.Name, tags: g.Tags})
			}
		},
	}
}

const (
	deregistrationDelay = "deregistration_delay.timeout_seconds"
	stickyFor           = "stickiness.lb_cookie.duration_seconds"
)

// elbName is the rule for the names of load balancers and target groups:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
var elbName = lazyregexp.New(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)

// matcherCodes are the statuses of which an HTTP health check may be told to accept some.
var matcherCodes = lazyregexp.New(`^[234]\d\d([-,][234]\d\d)*$`)

// targetGroup is a target group that is visible.
func (s *Sim) targetGroup(arn string) (*TargetGroup, error) {
	g := s.world.TargetGroups[arn]
	if g == nil || !s.visible(g.Created) {
		return nil, fail("TargetGroupNotFound", "Target groups '%s' not found", arn)
	}
	return g, nil
}

func (s *Sim) createTargetGroup(in *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error) {
	tags, err := elbTags(in.Tags)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.Name)
	if !elbName.MatchString(name) {
		return nil, fail("ValidationError", "Target group name '%s' must be 1 to 32 letters, digits and hyphens, and not begin or end with a hyphen", name)
	}
	port := aws.ToInt32(in.Port)
	if port < 1 || port > 65535 || (in.Protocol != types.ProtocolEnumHttp && in.Protocol != types.ProtocolEnumHttps) {
		return nil, fail("ValidationError", "Protocol '%s' and port %d are not those of an application load balancer's target group", in.Protocol, port)
	}
	g := &TargetGroup{
		Name: name, VPC: aws.ToString(in.VpcId), Protocol: in.Protocol, Port: port, Type: in.TargetType,
		CheckPort: "traffic-port", Check: types.ProtocolEnumHttp, Path: "/", Matcher: "200", Interval: 30, Timeout: 6, Healthy: 5, Unhealthy: 2,
		Attributes: map[string]string{
			deregistrationDelay: "300", "slow_start.duration_seconds": "0", "stickiness.enabled": "false",
			"stickiness.type": "lb_cookie", stickyFor: "86400",
			"load_balancing.algorithm.type": "round_robin",
		},
		Targets: map[string]*Target{}, Tags: tags, Created: s.now(),
	}
	if g.Type == "" {
		g.Type = types.TargetTypeEnumInstance
	}
	if err := g.setHealthTarget(in.HealthCheckPort, in.HealthCheckProtocol); err != nil {
		return nil, err
	}
	err = g.setHealthCheck(in.HealthCheckPath, in.Matcher, in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds, in.HealthyThresholdCount, in.UnhealthyThresholdCount)
	if err != nil {
		return nil, err
	}
	for _, have := range s.world.TargetGroups {
		if have.Name != name {
			continue
		}
		if have.settings() != g.settings() {
			return nil, fail("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", name)
		}
		return &elb.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{describeTargetGroup(have, s.loadBalancerOf(have.ARN))}}, nil
	}
	if v := s.world.VPCs[g.VPC]; v == nil || !s.visible(v.Created) {
		return nil, fail("ValidationError", "The VPC ID '%s' is not found", g.VPC)
	}
	g.ARN = s.world.arn("elasticloadbalancing", "targetgroup/"+name+"/"+s.world.hash())
	s.world.TargetGroups[g.ARN] = g
	return &elb.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{describeTargetGroup(g, s.loadBalancerOf(g.ARN))}}, nil
}

// settings are what a second create must agree with.
func (g *TargetGroup) settings() string {
	return strings.Join([]string{
		g.VPC, string(g.Protocol), string(g.Type), g.CheckPort, string(g.Check), g.Path, g.Matcher,
		strconv.Itoa(int(g.Port)), strconv.Itoa(int(g.Interval)), strconv.Itoa(int(g.Timeout)), strconv.Itoa(int(g.Healthy)), strconv.Itoa(int(g.Unhealthy)),
	}, " ")
}

// setHealthTarget sets where targets are asked, as far as it is given.
func (g *TargetGroup) setHealthTarget(port *string, protocol types.ProtocolEnum) error {
	if port != nil {
		if n, err := strconv.Atoi(*port); *port != "traffic-port" && (err != nil || n < 1 || n > 65535) {
			return fail("ValidationError", "Health check port '%s' must be 'traffic-port' or in the range of 1-65535 inclusive", *port)
		}
		g.CheckPort = *port
	}
	switch protocol {
	case "":
	case types.ProtocolEnumHttp, types.ProtocolEnumHttps:
		g.Check = protocol
	default:
		return fail("ValidationError", "Health check protocol '%s' must be one of 'HTTP, HTTPS'", protocol)
	}
	return nil
}

// setHealthCheck checks AWS's ranges and sets what is given.
func (g *TargetGroup) setHealthCheck(path *string, matcher *types.Matcher, interval, timeout, healthy, unhealthy *int32) error {
	next := *g
	for _, f := range []struct {
		name     string
		to       *int32
		v        *int32
		min, max int32
	}{
		{"interval", &next.Interval, interval, 5, 300},
		{"timeout", &next.Timeout, timeout, 2, 120},
		{"healthy threshold count", &next.Healthy, healthy, 2, 10},
		{"unhealthy threshold count", &next.Unhealthy, unhealthy, 2, 10},
	} {
		if f.v == nil {
			continue
		}
		if *f.v < f.min || *f.v > f.max {
			return fail("ValidationError", "Health check %s '%d' must be between %d and %d", f.name, *f.v, f.min, f.max)
		}
		*f.to = *f.v
	}
	if next.Timeout >= next.Interval {
		return fail("ValidationError", "Health check timeout '%d' must be smaller than the interval '%d'", next.Timeout, next.Interval)
	}
	if path != nil {
		if !strings.HasPrefix(*path, "/") || len(*path) > 1024 {
			return fail("ValidationError", "Health check path '%s' must begin with a '/' character, and have at most 1024 characters", *path)
		}
		next.Path = *path
	}
	if matcher != nil && matcher.HttpCode != nil {
		if !matcherCodes.MatchString(*matcher.HttpCode) {
			return fail("ValidationError", "Health check matcher HTTP code '%s' must be within '200-499'", *matcher.HttpCode)
		}
		next.Matcher = *matcher.HttpCode
	}
	*g = next
	return nil
}

func describeTargetGroup(g *TargetGroup, lb *LoadBalancer) types.TargetGroup {
	d := types.TargetGroup{
		TargetGroupArn: aws.String(g.ARN), TargetGroupName: aws.String(g.Name), VpcId: aws.String(g.VPC), Protocol: g.Protocol,
		ProtocolVersion: aws.String("HTTP1"), Port: aws.Int32(g.Port), TargetType: g.Type,
		HealthCheckEnabled: aws.Bool(true), HealthCheckPath: aws.String(g.Path), HealthCheckPort: aws.String(g.CheckPort),
		HealthCheckProtocol: g.Check, HealthCheckIntervalSeconds: aws.Int32(g.Interval), HealthCheckTimeoutSeconds: aws.Int32(g.Timeout),
		HealthyThresholdCount: aws.Int32(g.Healthy), UnhealthyThresholdCount: aws.Int32(g.Unhealthy), Matcher: &types.Matcher{HttpCode: aws.String(g.Matcher)},
	}
	if lb != nil {
		d.LoadBalancerArns = []string{lb.ARN}
	}
	return d
}

func (s *Sim) describeTargetGroups(in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	seen := func(g *TargetGroup) bool { return s.visible(g.Created) }
	if err := only(in.TargetGroupArns, s.world.TargetGroups, seen, "TargetGroupNotFound"); err != nil {
		return nil, err
	}
	var all []types.TargetGroup
	var names []string
	balancers := s.balancersOfTargetGroups()
	for _, g := range sorted(s.world.TargetGroups) {
		lb := balancers[g.ARN]
		ofLB := in.LoadBalancerArn == nil || lb != nil && lb.ARN == *in.LoadBalancerArn
		if seen(g) && ofLB && wanted(in.TargetGroupArns, g.ARN) && wanted(in.Names, g.Name) {
			all, names = append(all, describeTargetGroup(g, lb)), append(names, g.Name)
		}
	}
	for _, n := range in.Names {
		if !slices.Contains(names, n) {
			return nil, fail("TargetGroupNotFound", "One or more target groups not found")
		}
	}
	out := &elb.DescribeTargetGroupsOutput{}
	out.TargetGroups = all
	return out, nil
}

func (s *Sim) modifyTargetGroup(in *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error) {
	g, err := s.targetGroup(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	if err := g.setHealthTarget(in.HealthCheckPort, in.HealthCheckProtocol); err != nil {
		return nil, err
	}
	err = g.setHealthCheck(in.HealthCheckPath, in.Matcher, in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds, in.HealthyThresholdCount, in.UnhealthyThresholdCount)
	if err != nil {
		return nil, err
	}
	return &elb.ModifyTargetGroupOutput{TargetGroups: []types.TargetGroup{describeTargetGroup(g, s.loadBalancerOf(g.ARN))}}, nil
}

func (s *Sim) describeTargetGroupAttributes(in *elb.DescribeTargetGroupAttributesInput) (*elb.DescribeTargetGroupAttributesOutput, error) {
	g, err := s.targetGroup(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupAttributesOutput{Attributes: g.attributes()}, nil
}

func (g *TargetGroup) attributes() []types.TargetGroupAttribute {
	return cloud.ToSDK(g.Attributes, func(k, v string) types.TargetGroupAttribute { return types.TargetGroupAttribute{Key: &k, Value: &v} })
}

func (s *Sim) modifyTargetGroupAttributes(in *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error) {
	g, err := s.targetGroup(aws.ToString(in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	next := maps.Clone(g.Attributes)
	for _, a := range in.Attributes {
		k, v := aws.ToString(a.Key), aws.ToString(a.Value)
		if _, ok := next[k]; !ok {
			return nil, fail("ValidationError", "Target group attribute key '%s' is not recognized", k)
		}
		if n, err := strconv.Atoi(v); k == deregistrationDelay && (err != nil || n < 0 || n > 3600) {
			return nil, fail("ValidationError", "'%s' must be between 0 and 3600", k)
		}
		if n, err := strconv.Atoi(v); k == stickyFor && (err != nil || n < 1 || n > 604800) {
			return nil, fail("ValidationError", "'%s' must be between 1 and 604800", k)
		}
		next[k] = v
	}
	g.Attributes = next
	return &elb.ModifyTargetGroupAttributesOutput{Attributes: g.attributes()}, nil
}

func (s *Sim) deleteTargetGroup(in *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error) {
	g, err := s.targetGroup(aws.ToString(in.TargetGroupArn))
	if err != nil {
		// AWS accepts a target group that is not there.
		return &elb.DeleteTargetGroupOutput{}, nil //nolint:nilerr // so does AWS
	}
	if s.loadBalancerOf(g.ARN) != nil {
		return nil, fail("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", g.ARN)
	}
	delete(s.world.TargetGroups, g.ARN)
	return &elb.DeleteTargetGroupOutput{}, nil
}
