package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ecsTagAPI changes the tags of anything in ECS.
type ecsTagAPI interface {
	TagResource(context.Context, *ecs.TagResourceInput, ...func(*ecs.Options)) (*ecs.TagResourceOutput, error)
	UntagResource(context.Context, *ecs.UntagResourceInput, ...func(*ecs.Options)) (*ecs.UntagResourceOutput, error)
}

func toECSTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromECSTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// updateECSTags makes have into want.
func updateECSTags(ctx context.Context, api ecsTagAPI, arn string, have, want cloud.Tags) error {
	set, gone := have.Changed(want)
	if len(set) > 0 {
		if _, err := api.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: &arn, Tags: toECSTags(set)}); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	_, err := api.UntagResource(ctx, &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: gone})
	return err
}
