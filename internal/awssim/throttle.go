package awssim

import (
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// bucket is one of AWS's token buckets.
type bucket struct {
	tokens float64
	at     time.Time
}

// rate is a bucket's size and its refill a second.
type rate struct{ size, refill float64 }

// Throttled is AWS's answer when a bucket is empty.
func Throttled(service string) error {
	if service == "EC2" {
		return fail("RequestLimitExceeded", "Request limit exceeded.")
	}
	return fail("ThrottlingException", "Rate exceeded")
}

// admitted takes a token from every bucket that the operation counts against.
func (s *Sim) admitted(service, op string) bool {
	names := bucketsOf(service, op, s.opts.Region)
	for name, r := range names {
		b := s.buckets[name]
		if b == nil {
			b = &bucket{tokens: r.size, at: s.now()}
			s.buckets[name] = b
		}
		b.tokens = min(r.size, b.tokens+s.now().Sub(b.at).Seconds()*r.refill)
		b.at = s.now()
		if b.tokens < 1 {
			return false
		}
	}
	for name := range names {
		s.buckets[name].tokens--
	}
	return true
}

// bucketsOf is AWS's published throttling, by service:
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/request-throttling.html
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
func bucketsOf(service, op, region string) map[string]rate {
	reads := strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "Get") || strings.HasPrefix(op, "List")
	switch service {
	case "EC2":
		switch {
		case strings.HasSuffix(op, "VpcEndpoint") || strings.HasSuffix(op, "VpcEndpoints") && !reads:
			return map[string]rate{"ec2/endpoint/" + op: {4, 0.3}}
		case op == "CreateNatGateway" || op == "DeleteNatGateway":
			return map[string]rate{"ec2/nat/" + op: {10, 1}}
		case op == "CreateTags":
			return map[string]rate{"ec2/tags": {100, 10}}
		case reads:
			return map[string]rate{"ec2/" + op: {100, 20}}
		}
		return map[string]rate{"ec2/" + op: {50, 5}}
	case "Elastic Load Balancing v2":
		all := map[string]rate{"elb/account": {40, 10}}
		switch {
		case op == "CreateLoadBalancer" || op == "SetSubnets":
			all["elb/"+op] = rate{10, 0.2}
		case reads:
			all["elb/describe"] = rate{40, 10}
		default:
			all["elb/mutate"] = rate{20, 3}
		}
		return all
	case "ECS":
		switch op {
		case "CreateCluster", "DeleteCluster", "UpdateCluster", "PutClusterCapacityProviders":
			return map[string]rate{"ecs/cluster": {20, 1}}
		case "RegisterTaskDefinition", "DeregisterTaskDefinition":
			return map[string]rate{"ecs/" + op: {20, 1}}
		case "DeleteTaskDefinitions":
			return map[string]rate{"ecs/" + op: {5, 1}}
		case "CreateService", "UpdateService", "DeleteService":
			return map[string]rate{"ecs/service": {50, 5}}
		case "RunTask", "StopTask", "ExecuteCommand":
			return map[string]rate{"ecs/task": {100, 40}}
		}
		return map[string]rate{"ecs/" + op: {100, 20}}
	case "CloudWatch Logs":
		switch granted := cloud.LogQuotasOf(region); op {
		case "FilterLogEvents":
			return map[string]rate{"logs/" + op: {granted.Filter, granted.Filter}}
		case "GetLogEvents":
			return map[string]rate{"logs/" + op: {granted.Stream, granted.Stream}}
		}
		return map[string]rate{"logs/" + op: {10, 5}}
	}
	return nil
}
