package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func toEFSTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromEFSTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// updateEFSTags makes have into want.
func updateEFSTags(ctx context.Context, api *efs.Client, id string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.TagResource(ctx, &efs.TagResourceInput{ResourceId: &id, Tags: toEFSTags(set)}))
	}, func(gone []string) error {
		return failure(api.UntagResource(ctx, &efs.UntagResourceInput{ResourceId: &id, TagKeys: gone}))
	})
}
