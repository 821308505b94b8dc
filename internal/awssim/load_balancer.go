package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// How long a load balancer takes, from Terraform's logs in public repositories:
// 135 to 187 s until it is active; deleting is at once, but its interfaces stay
// for 15 to 153 s and hold subnets and groups.
const (
	albProvisioning = 150 * time.Second
	albLingers      = 60 * time.Second
)

// Defaults of AWS's quotas:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	loadBalancerQuota    = 50
	listenerQuota        = 50
	ruleQuota            = 100
	targetGroupQuota     = 100
	conditionValuesQuota = 5
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
	conditionWildcardsQuota  = 6
	loadBalancerGroupsQuota  = 5
	albHostedZone            = "Z35SXDOTRQ7X7K" // us-east-1: https://docs.aws.amazon.com/general/latest/gr/elb.html
	attrDeletionProtection   = "deletion_protection.enabled"
	attrIdleTimeout          = "idle_timeout.timeout_seconds"
	attrAccessLogs           = "access_logs.s3.enabled"
	attrAccessLogsBucket     = "access_logs.s3.bucket"
	attrAccessLogsPrefix     = "access_logs.s3.prefix"
	attrDropInvalidHeaders   = "routing.http.drop_invalid_header_fields.enabled"
	loadBalancerNotFoundText = "Load balancer '%s' not found"
)

// LoadBalancer is a simulated application load balancer.
type LoadBalancer struct {
	ARN     string
	Name    string
	Scheme  types.LoadBalancerSchemeEnum
	VPC     string
	Subnets []string
	Groups  []string
	// Interfaces by subnet.
	Interfaces map[string]string
	DNSName    string
	Attributes map[string]string
	// Failure makes it failed instead of active.
	Failure string
	Tags    cloud.Tags
	Created time.Time
}

func (s *Sim) loadBalancerNoun() noun {
	return noun{
		ops: []operation{
			on("Elastic Load Balancing v2.CreateLoadBalancer", s.createLoadBalancer, "Name", "Subnets", "SecurityGroups", "Scheme", "Type", "IpAddressType", "Tags"),
			on("Elastic Load Balancing v2.DescribeLoadBalancers", s.describeLoadBalancers, "LoadBalancerArns", "Names").pages("LoadBalancers", 400, 400, "LoadBalancerArns"),
			on("Elastic Load Balancing v2.DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes, "LoadBalancerArn"),
			on("Elastic Load Balancing v2.ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes, "LoadBalancerArn", "Attributes"),
			on("Elastic Load Balancing v2.SetSubnets", s.setSubnets, "LoadBalancerArn", "Subnets"),
			on("Elastic Load Balancing v2.SetSecurityGroups", s.setSecurityGroups, "LoadBalancerArn", "SecurityGroups"),
			on("Elastic Load Balancing v2.DeleteLoadBalancer", s.deleteLoadBalancer, "LoadBalancerArn"),
		},
		each: func(tell func(thing)) {
			for _, l := range s.world.LoadBalancers {
				tell(thing{
					kind: "load-balancer", name: l.Name, tags: l.Tags, since: l.Created,
					bills: []metered{
						{noun: "load_balancer", service: "Amazon Elastic Load Balancing", hourly: rates.balancer},
						{noun: "load_balancer", service: "Amazon Virtual Private Cloud", hourly: times(rates.address, l.publicAddresses())},
					},
				})
			}
		},
	}
}

// loadBalancer is a load balancer that is visible.
func (s *Sim) loadBalancer(arn string) (*LoadBalancer, error) {
	l := s.world.LoadBalancers[arn]
	if l == nil || !s.visible(l.Created) {
		return nil, fail("LoadBalancerNotFound", loadBalancerNotFoundText, arn)
	}
	return l, nil
}

// active tells whether a load balancer takes requests.
func (s *Sim) active(l *LoadBalancer) bool {
	return l.Failure == "" && !s.now().Before(l.Created.Add(albProvisioning))
}

func (s *Sim) loadBalancerNamed(name string) *LoadBalancer {
	for _, l := range s.world.LoadBalancers {
		if l.Name == name {
			return l
		}
	}
	return nil
}

func (s *Sim) createLoadBalancer(in *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error) {
	tags, err := elbTags(in.Tags)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.Name)
	if !elbName.MatchString(name) || strings.HasPrefix(name, "internal-") {
		return nil, fail("ValidationError", "Load balancer name '%s' must be 1 to 32 letters, digits and hyphens, not begin or end with a hyphen, and not begin with 'internal-'", name)
	}
	if in.Type != types.LoadBalancerTypeEnumApplication || in.IpAddressType != "" && in.IpAddressType != types.IpAddressTypeIpv4 {
		return nil, fail("ValidationError", "type '%s' with addresses '%s' is not simulated", in.Type, in.IpAddressType)
	}
	scheme := in.Scheme
	if scheme == "" {
		scheme = types.LoadBalancerSchemeEnumInternetFacing
	}
	subnets, groups := slices.Sorted(slices.Values(in.Subnets)), slices.Sorted(slices.Values(in.SecurityGroups))
	if l := s.loadBalancerNamed(name); l != nil {
		if !slices.Equal(l.Subnets, subnets) || !slices.Equal(l.Groups, groups) || l.Scheme != scheme {
			return nil, fail("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)
		}
		return &elb.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{s.describeLoadBalancer(l)}}, nil
	}
	if len(s.world.LoadBalancers) >= loadBalancerQuota {
		return nil, fail("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	vpc, err := s.checkPlacement(subnets, groups, scheme)
	if err != nil {
		return nil, err
	}
	hash, prefix := s.world.hash(), ""
	if scheme == types.LoadBalancerSchemeEnumInternal {
		prefix = "internal-"
	}
	l := &LoadBalancer{
		ARN: s.world.arn("elasticloadbalancing", "loadbalancer/app/"+name+"/"+hash), Name: name, Scheme: scheme, VPC: vpc,
		Groups: groups, Interfaces: map[string]string{}, Tags: tags, Created: s.now(),
		DNSName: prefix + fmt.Sprintf("%s-%d.%s.elb.amazonaws.com", name, 1000000000+s.world.Serial, s.world.Region),
		Attributes: map[string]string{
			attrDeletionProtection: "false", attrIdleTimeout: "60", attrAccessLogs: "false", attrAccessLogsBucket: "",
			attrAccessLogsPrefix: "", attrDropInvalidHeaders: "false", "routing.http2.enabled": "true",
		},
	}
	s.linkRole("elasticloadbalancing")
	s.placeLoadBalancer(l, subnets)
	s.world.LoadBalancers[l.ARN] = l
	return &elb.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{s.describeLoadBalancer(l)}}, nil
}

// checkPlacement holds the rules for subnets and groups, and names their VPC.
// publicAddresses are billed: an internal one has none.
func (l *LoadBalancer) publicAddresses() int {
	if l.Scheme == types.LoadBalancerSchemeEnumInternal {
		return 0
	}
	return len(l.Subnets)
}

func (s *Sim) checkPlacement(subnets, groups []string, scheme types.LoadBalancerSchemeEnum) (string, error) {
	zones, vpc := map[string]bool{}, ""
	for _, id := range subnets {
		n := s.world.Subnets[id]
		if n == nil || !s.visible(n.Created) {
			return "", fail("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		}
		if vpc != "" && vpc != n.VPC {
			return "", fail("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", vpc)
		}
		if zones[n.AZ] {
			return "", fail("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		zones[n.AZ], vpc = true, n.VPC
	}
	if len(zones) < 2 {
		return "", fail("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	if scheme == types.LoadBalancerSchemeEnumInternetFacing && !s.hasInternetGateway(vpc) {
		return "", fail("InvalidSubnet", "VPC %s has no internet gateway", vpc)
	}
	return vpc, s.checkGroups(groups, vpc)
}

func (s *Sim) checkGroups(groups []string, vpc string) error {
	if len(groups) == 0 || len(groups) > loadBalancerGroupsQuota {
		return fail("InvalidConfigurationRequest", "A load balancer takes 1 to %d security groups", loadBalancerGroupsQuota)
	}
	for _, id := range groups {
		if g := s.world.SecurityGroups[id]; g == nil || !s.visible(g.Created) || g.VPC != vpc {
			return fail("InvalidSecurityGroup", "One or more security groups are invalid: '%s' is not in VPC %s", id, vpc)
		}
	}
	return nil
}

// placeLoadBalancer gives the load balancer an interface in each subnet, with a
// public address that is billed, and lets go of those elsewhere.
func (s *Sim) placeLoadBalancer(l *LoadBalancer, subnets []string) {
	for subnet, eni := range l.Interfaces {
		if !slices.Contains(subnets, subnet) {
			s.releaseNetworkInterface(eni, s.now().Add(albLingers))
			delete(l.Interfaces, subnet)
		}
	}
	_, tail, _ := strings.Cut(l.ARN, ":loadbalancer/")
	for _, subnet := range subnets {
		if l.Interfaces[subnet] == "" {
			public := l.Scheme == types.LoadBalancerSchemeEnumInternetFacing
			l.Interfaces[subnet] = s.attachNetworkInterface(subnet, l.Groups, "interface", "ELB "+tail, "amazon-elb", public).ID
		}
	}
	l.Subnets = subnets
}

func (s *Sim) describeLoadBalancer(l *LoadBalancer) types.LoadBalancer {
	d := types.LoadBalancer{
		LoadBalancerArn: aws.String(l.ARN), LoadBalancerName: aws.String(l.Name), DNSName: aws.String(l.DNSName), Scheme: l.Scheme,
		CanonicalHostedZoneId: aws.String(albHostedZone), VpcId: aws.String(l.VPC), SecurityGroups: slices.Clone(l.Groups),
		Type: types.LoadBalancerTypeEnumApplication, IpAddressType: types.IpAddressTypeIpv4, CreatedTime: aws.Time(l.Created),
		State: &types.LoadBalancerState{Code: types.LoadBalancerStateEnumProvisioning},
	}
	switch {
	case l.Failure != "":
		d.State = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumFailed, Reason: aws.String(l.Failure)}
	case s.active(l):
		d.State.Code = types.LoadBalancerStateEnumActive
	}
	for _, id := range l.Subnets {
		z := types.AvailabilityZone{SubnetId: aws.String(id)}
		if n := s.world.Subnets[id]; n != nil {
			z.ZoneName = aws.String(n.AZ)
		}
		d.AvailabilityZones = append(d.AvailabilityZones, z)
	}
	return d
}

func (s *Sim) describeLoadBalancers(in *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error) {
	seen := func(l *LoadBalancer) bool { return s.visible(l.Created) }
	if err := only(in.LoadBalancerArns, s.world.LoadBalancers, seen, "LoadBalancerNotFound"); err != nil {
		return nil, err
	}
	var all []types.LoadBalancer
	var names []string
	for _, l := range sorted(s.world.LoadBalancers) {
		if seen(l) && wanted(in.LoadBalancerArns, l.ARN) && wanted(in.Names, l.Name) {
			all, names = append(all, s.describeLoadBalancer(l)), append(names, l.Name)
		}
	}
	for _, n := range in.Names {
		if !slices.Contains(names, n) {
			return nil, fail("LoadBalancerNotFound", "Load balancers '[%s]' not found", n)
		}
	}
	out := &elb.DescribeLoadBalancersOutput{}
	out.LoadBalancers = all
	return out, nil
}

func (s *Sim) setSubnets(in *elb.SetSubnetsInput) (*elb.SetSubnetsOutput, error) {
	l, err := s.loadBalancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	subnets := slices.Sorted(slices.Values(in.Subnets))
	vpc, err := s.checkPlacement(subnets, l.Groups, l.Scheme)
	if err != nil {
		return nil, err
	}
	if vpc != l.VPC {
		return nil, fail("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", l.VPC)
	}
	s.placeLoadBalancer(l, subnets)
	return &elb.SetSubnetsOutput{AvailabilityZones: s.describeLoadBalancer(l).AvailabilityZones}, nil
}

func (s *Sim) setSecurityGroups(in *elb.SetSecurityGroupsInput) (*elb.SetSecurityGroupsOutput, error) {
	l, err := s.loadBalancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	groups := slices.Sorted(slices.Values(in.SecurityGroups))
	if err := s.checkGroups(groups, l.VPC); err != nil {
		return nil, err
	}
	l.Groups = groups
	for _, eni := range l.Interfaces {
		if n := s.world.NetworkInterfaces[eni]; n != nil {
			n.Groups = slices.Clone(groups)
		}
	}
	return &elb.SetSecurityGroupsOutput{SecurityGroupIds: groups}, nil
}

func (s *Sim) deleteLoadBalancer(in *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error) {
	arn := aws.ToString(in.LoadBalancerArn)
	l := s.world.LoadBalancers[arn]
	if l == nil { // "If the load balancer does not exist or has already been deleted, the call succeeds."
		return &elb.DeleteLoadBalancerOutput{}, nil
	}
	if l.Attributes[attrDeletionProtection] == "true" {
		return nil, fail("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	for _, n := range s.world.Listeners {
		if n.LoadBalancer == arn {
			s.dropListener(n.ARN)
		}
	}
	for _, eni := range l.Interfaces {
		s.releaseNetworkInterface(eni, s.now().Add(albLingers))
	}
	delete(s.world.LoadBalancers, arn)
	return &elb.DeleteLoadBalancerOutput{}, nil
}
