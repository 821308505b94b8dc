package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func toECSTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromECSTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// updateECSTags makes have into want.
func updateECSTags(ctx context.Context, api *ecs.Client, arn string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: &arn, Tags: toECSTags(set)}))
	}, func(gone []string) error {
		return failure(api.UntagResource(ctx, &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: gone}))
	})
}
