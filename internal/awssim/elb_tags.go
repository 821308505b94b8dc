package awssim

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func (s *Sim) elbTagNoun() noun {
	return noun{
		ops: []operation{
			on("Elastic Load Balancing v2.AddTags", s.addELBTags, "ResourceArns", "Tags"),
			on("Elastic Load Balancing v2.RemoveTags", s.removeELBTags, "ResourceArns", "TagKeys"),
			on("Elastic Load Balancing v2.DescribeTags", s.describeELBTags, "ResourceArns"),
		},
	}
}

// elbTagsPerCall is how many ARNs the tag operations take:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
const elbTagsPerCall = 20

// elbTagged are the tags of anything of the load balancers that is visible.
func (s *Sim) elbTagged(arn string) (cloud.Tags, error) {
	w := s.world
	switch {
	case strings.Contains(arn, ":loadbalancer/"):
		if l := w.LoadBalancers[arn]; l != nil && s.visible(l.Created) {
			return l.Tags, nil
		}
		return nil, fail("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
	case strings.Contains(arn, ":targetgroup/"):
		if g := w.TargetGroups[arn]; g != nil && s.visible(g.Created) {
			return g.Tags, nil
		}
		return nil, fail("TargetGroupNotFound", "Target groups '%s' not found", arn)
	case strings.Contains(arn, ":listener/"):
		if l := w.Listeners[arn]; l != nil && s.visible(l.Created) {
			return l.Tags, nil
		}
		return nil, fail("ListenerNotFound", "One or more listeners not found")
	case strings.Contains(arn, ":listener-rule/"):
		if r := w.ListenerRules[arn]; r != nil && s.visible(r.Created) {
			return r.Tags, nil
		}
		return nil, fail("RuleNotFound", "One or more rules not found")
	}
	return nil, fail("ValidationError", "'%s' is not a valid load balancer ARN", arn)
}

func (s *Sim) elbTaggedAll(arns []string) ([]cloud.Tags, error) {
	if len(arns) == 0 || len(arns) > elbTagsPerCall {
		return nil, fail("ValidationError", "The number of resource ARNs must be between 1 and %d", elbTagsPerCall)
	}
	all := make([]cloud.Tags, len(arns))
	for i, arn := range arns {
		tags, err := s.elbTagged(arn)
		if err != nil {
			return nil, err
		}
		all[i] = tags
	}
	return all, nil
}

func (s *Sim) addELBTags(in *elb.AddTagsInput) (*elb.AddTagsOutput, error) {
	all, err := s.elbTaggedAll(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	add, err := elbTags(in.Tags)
	if err != nil {
		return nil, err
	}
	for _, tags := range all {
		maps.Copy(tags, add)
	}
	return &elb.AddTagsOutput{}, nil
}

func (s *Sim) removeELBTags(in *elb.RemoveTagsInput) (*elb.RemoveTagsOutput, error) {
	all, err := s.elbTaggedAll(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range all {
		maps.DeleteFunc(tags, func(k, _ string) bool { return slices.Contains(in.TagKeys, k) })
	}
	return &elb.RemoveTagsOutput{}, nil
}

func (s *Sim) describeELBTags(in *elb.DescribeTagsInput) (*elb.DescribeTagsOutput, error) {
	all, err := s.elbTaggedAll(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTagsOutput{}
	for i, tags := range all {
		out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: &in.ResourceArns[i], Tags: toELBTags(tags)})
	}
	return out, nil
}

// elbTags reads the tags of a call.
func elbTags(ts []types.Tag) (cloud.Tags, error) {
	tags := cloud.FromSDK(ts, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	if len(tags) != len(ts) {
		return nil, fail("DuplicateTagKeys", "A tag key was specified more than once")
	}
	return tags, checkTags(tags)
}

func toELBTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}
