package awssim

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func (s *Sim) ecsTagNoun() noun {
	return noun{
		ops: []operation{
			on("ECS.TagResource", s.tagECS, "ResourceArn", "Tags"),
			on("ECS.UntagResource", s.untagECS, "ResourceArn", "TagKeys"),
		},
	}
}

// ecsTagged is the tags of anything in ECS, by ARN.
func (s *Sim) ecsTagged(arn string) (cloud.Tags, error) {
	kind, _, _ := strings.Cut(arn[strings.LastIndex(arn, ":")+1:], "/")
	for _, table := range s.ecsTagTables() {
		if tags := table(arn); tags != nil {
			return tags, nil
		}
	}
	if kind == "cluster" {
		return nil, fail("ClusterNotFoundException", "Cluster not found.")
	}
	return nil, fail("InvalidParameterException", "The specified resource could not be found.")
}

// ecsTagTables look an ARN up in one kind each; nil is not there. The tags that
// they give are the thing's own.
func (s *Sim) ecsTagTables() []func(arn string) cloud.Tags {
	return []func(arn string) cloud.Tags{s.clusterTags, s.taskDefinitionTags, s.serviceTags}
}

func (s *Sim) tagECS(in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	tags, err := s.ecsTagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	for k, v := range fromECSTags(in.Tags) {
		tags[k] = v
	}
	return &ecs.TagResourceOutput{}, checkECSTags(tags)
}

func (s *Sim) untagECS(in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	tags, err := s.ecsTagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	for _, k := range in.TagKeys {
		delete(tags, k)
	}
	return &ecs.UntagResourceOutput{}, nil
}

// checkECSTags holds the limits of ECS, which are those of EC2 with another code.
func checkECSTags(tags cloud.Tags) error {
	if checkTags(tags) != nil {
		return fail("InvalidParameterException", "The tags are not valid: %s", tags)
	}
	return nil
}

func toECSTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromECSTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
