package awssim

import (
	"cmp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// SamplingRule is a simulated sampling rule of X-Ray.
type SamplingRule struct {
	Rule types.SamplingRule
	Tags cloud.Tags
}

func (s *Sim) samplingRuleNoun() noun {
	return noun{
		ops: []operation{
			on("XRay.CreateSamplingRule", s.createSamplingRule, "SamplingRule", "Tags"),
			on("XRay.GetSamplingRules", s.getSamplingRules).pages("SamplingRuleRecords", 25, 25),
			on("XRay.UpdateSamplingRule", s.updateSamplingRule, "SamplingRuleUpdate"),
			on("XRay.DeleteSamplingRule", s.deleteSamplingRule, "RuleName", "RuleARN"),
			on("XRay.ListTagsForResource", s.listSamplingTags, "ResourceARN"),
			on("XRay.TagResource", s.tagSampling, "ResourceARN", "Tags"),
			on("XRay.UntagResource", s.untagSampling, "ResourceARN", "TagKeys"),
		},
		each: func(tell func(thing)) {
			for name, r := range s.world.SamplingRules {
				tell(thing{kind: "sampling-rule", name: name, tags: r.Tags, arn: aws.ToString(r.Rule.RuleARN)})
			}
		},
	}
}

func (s *Sim) createSamplingRule(in *xray.CreateSamplingRuleInput) (*xray.CreateSamplingRuleOutput, error) {
	r := *in.SamplingRule
	name := aws.ToString(r.RuleName)
	switch {
	case name == "" || len(name) > 32:
		return nil, fail("InvalidRequestException", "RuleName must have 1 to 32 characters")
	case s.world.SamplingRules[name] != nil:
		return nil, fail("InvalidRequestException", "Sampling rule already exists.")
	case r.FixedRate < 0 || r.FixedRate > 1 || r.ReservoirSize < 0 || aws.ToInt32(r.Priority) < 1 || aws.ToInt32(r.Priority) > 9999 || aws.ToInt32(r.Version) != 1:
		return nil, fail("InvalidRequestException", "The sampling rule is not valid.")
	case len(s.world.SamplingRules) >= 25:
		return nil, fail("RuleLimitExceededException", "The limit of 25 sampling rules is reached.")
	}
	tags := fromXRayTags(in.Tags)
	if err := validTags(tags, "InvalidRequestException"); err != nil {
		return nil, err
	}
	r.RuleARN = aws.String(s.world.arn("xray", "sampling-rule/"+name))
	s.world.SamplingRules[name] = &SamplingRule{Rule: r, Tags: tags}
	return &xray.CreateSamplingRuleOutput{SamplingRuleRecord: &types.SamplingRuleRecord{SamplingRule: &r}}, nil
}

func (s *Sim) getSamplingRules(in *xray.GetSamplingRulesInput) (*xray.GetSamplingRulesOutput, error) {
	var all []types.SamplingRuleRecord
	for _, r := range sorted(s.world.SamplingRules) {
		all = append(all, types.SamplingRuleRecord{SamplingRule: new(r.Rule)})
	}
	out := &xray.GetSamplingRulesOutput{}
	out.SamplingRuleRecords = all
	return out, nil
}

// sampling is a rule by name or ARN. X-Ray answers InvalidRequestException for one that is not there.
func (s *Sim) sampling(name, arn *string) (*SamplingRule, error) {
	n := aws.ToString(name)
	if arn != nil {
		n = (*arn)[strings.LastIndexByte(*arn, '/')+1:]
	}
	if r := s.world.SamplingRules[n]; r != nil {
		return r, nil
	}
	return nil, fail("InvalidRequestException", "Sampling rule does not exist.")
}

func (s *Sim) updateSamplingRule(in *xray.UpdateSamplingRuleInput) (*xray.UpdateSamplingRuleOutput, error) {
	u := in.SamplingRuleUpdate
	r, err := s.sampling(u.RuleName, u.RuleARN)
	if err != nil {
		return nil, err
	}
	if u.ServiceName != nil {
		r.Rule.ServiceName = u.ServiceName
	}
	r.Rule.Host, r.Rule.HTTPMethod, r.Rule.URLPath = cmp.Or(u.Host, r.Rule.Host), cmp.Or(u.HTTPMethod, r.Rule.HTTPMethod), cmp.Or(u.URLPath, r.Rule.URLPath)
	if u.FixedRate != nil {
		r.Rule.FixedRate = *u.FixedRate
	}
	if u.ReservoirSize != nil {
		r.Rule.ReservoirSize = *u.ReservoirSize
	}
	if u.Priority != nil {
		r.Rule.Priority = u.Priority
	}
	return &xray.UpdateSamplingRuleOutput{SamplingRuleRecord: &types.SamplingRuleRecord{SamplingRule: new(r.Rule)}}, nil
}

func (s *Sim) deleteSamplingRule(in *xray.DeleteSamplingRuleInput) (*xray.DeleteSamplingRuleOutput, error) {
	r, err := s.sampling(in.RuleName, in.RuleARN)
	if err != nil {
		return nil, err
	}
	delete(s.world.SamplingRules, *r.Rule.RuleName)
	return &xray.DeleteSamplingRuleOutput{SamplingRuleRecord: &types.SamplingRuleRecord{SamplingRule: new(r.Rule)}}, nil
}

func (s *Sim) samplingAt(arn *string) (*SamplingRule, error) {
	r, err := s.sampling(nil, arn)
	if err != nil {
		return nil, fail("ResourceNotFoundException", "The resource was not found.")
	}
	return r, nil
}

func (s *Sim) listSamplingTags(in *xray.ListTagsForResourceInput) (*xray.ListTagsForResourceOutput, error) {
	r, err := s.samplingAt(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &xray.ListTagsForResourceOutput{Tags: cloud.ToSDK(r.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) tagSampling(in *xray.TagResourceInput) (*xray.TagResourceOutput, error) {
	r, err := s.samplingAt(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &xray.TagResourceOutput{}, retag(r.Tags, fromXRayTags(in.Tags), nil, "InvalidRequestException")
}

func (s *Sim) untagSampling(in *xray.UntagResourceInput) (*xray.UntagResourceOutput, error) {
	r, err := s.samplingAt(in.ResourceARN)
	if err != nil {
		return nil, err
	}
	return &xray.UntagResourceOutput{}, retag(r.Tags, nil, in.TagKeys, "InvalidRequestException")
}

func fromXRayTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
