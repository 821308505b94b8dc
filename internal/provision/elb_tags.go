package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

func toELBTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

// elbTagsPerCall: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
const elbTagsPerCall = 20

// elbTags reads tags by ARN, twenty a call. What went away since it was listed
// is left out: AWS refuses a whole call for one of those.
func elbTags(ctx context.Context, api *elb.Client, arns []string) (map[string]cloud.Tags, error) {
	var describe func(ctx context.Context, arns []string) ([]types.TagDescription, error)
	describe = func(ctx context.Context, arns []string) ([]types.TagDescription, error) {
		out, err := api.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: arns})
		switch {
		case cloud.IsNotFound(err) && len(arns) == 1:
			return nil, nil
		case cloud.IsNotFound(err):
			return cloud.Chunks(ctx, arns, 1, describe)
		case err != nil:
			return nil, err
		}
		return out.TagDescriptions, nil
	}
	all, err := cloud.Chunks(ctx, arns, elbTagsPerCall, describe)
	if err != nil {
		return nil, err
	}
	out := make(map[string]cloud.Tags, len(all))
	for _, d := range all {
		out[aws.ToString(d.ResourceArn)] = cloud.FromSDK(d.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	}
	return out, nil
}

// elbCandidates puts tags to a listing.
func elbCandidates[T any](ctx context.Context, api *elb.Client, items []T, arn func(T) string) ([]candidate[T], error) {
	arns := make([]string, len(items))
	for i, item := range items {
		arns[i] = arn(item)
	}
	tags, err := elbTags(ctx, api, arns)
	if err != nil {
		return nil, err
	}
	var all []candidate[T]
	for i, item := range items {
		if t, ok := tags[arns[i]]; ok {
			all = append(all, candidate[T]{Item: item, ID: arns[i], Tags: t})
		}
	}
	return all, nil
}

func updateELBTags(ctx context.Context, api *elb.Client, arn string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{arn}, Tags: toELBTags(set)}))
	}, func(gone []string) error {
		return failure(api.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{arn}, TagKeys: gone}))
	})
}
