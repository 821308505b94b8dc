package awssim

import (
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func (l *LoadBalancer) attributes() []types.LoadBalancerAttribute {
	return cloud.ToSDK(l.Attributes, func(k, v string) types.LoadBalancerAttribute { return types.LoadBalancerAttribute{Key: &k, Value: &v} })
}

func (s *Sim) describeLoadBalancerAttributes(in *elb.DescribeLoadBalancerAttributesInput) (*elb.DescribeLoadBalancerAttributesOutput, error) {
	l, err := s.loadBalancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	return &elb.DescribeLoadBalancerAttributesOutput{Attributes: l.attributes()}, nil
}

func (s *Sim) modifyLoadBalancerAttributes(in *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error) {
	l, err := s.loadBalancer(aws.ToString(in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	next := maps.Clone(l.Attributes)
	for _, a := range in.Attributes {
		k, v := aws.ToString(a.Key), aws.ToString(a.Value)
		if _, ok := next[k]; !ok {
			return nil, fail("ValidationError", "Load balancer attribute key '%s' is not recognized", k)
		}
		if n, err := strconv.Atoi(v); k == attrIdleTimeout && (err != nil || n < 1 || n > 4000) {
			return nil, fail("ValidationError", "'%s' must be between 1 and 4000", k)
		}
		if strings.HasSuffix(k, ".enabled") && v != "true" && v != "false" {
			return nil, fail("ValidationError", "'%s' must be true or false", k)
		}
		next[k] = v
	}
	if next[attrAccessLogs] == "true" && !s.hasBucket(next[attrAccessLogsBucket]) {
		return nil, fail("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission", next[attrAccessLogsBucket])
	}
	l.Attributes = next
	return &elb.ModifyLoadBalancerAttributesOutput{Attributes: l.attributes()}, nil
}
