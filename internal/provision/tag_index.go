package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// taggedARN is one line of the tag index.
type taggedARN struct {
	ARN  string
	Tags cloud.Tags
}

// tagsAt reads the tags of something whose own listing does not carry them:
// alarms, log groups, repositories, topics, scalable targets. One listing of the
// Resource Groups Tagging API answers for all of them. It runs some seconds
// behind, so it is believed only when it says what we want to hear; otherwise
// the service itself is asked.
func (h *Env) tagsAt(ctx context.Context, notOlder time.Time, arn string, want cloud.Tags, ask func(context.Context, *string) (cloud.Tags, error)) (cloud.Tags, error) {
	index, err := cloud.List(ctx, h.Inventory, "tags", notOlder, h.tagIndex)
	if err != nil {
		return nil, err
	}
	for _, r := range index {
		if r.ARN == arn && r.Tags.Equal(want) {
			return r.Tags, nil
		}
	}
	return ask(ctx, &arn)
}

// listWithTags reads the shared listing of a kind, and beside it the index of tags that is asked for next, when it was
// not read yet.
func listWithTags[T any](ctx context.Context, h *Env, kind string, notOlder time.Time, fetch func(context.Context) ([]T, error)) ([]T, error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = cloud.List(ctx, h.Inventory, "tags", time.Time{}, h.tagIndex)
	}()
	all, err := cloud.List(ctx, h.Inventory, kind, notOlder, fetch)
	<-done
	return all, err
}

// ownTags are the tags of what has a resource's name, with ask to read them at the
// service itself. They are nil when it went away since it was listed; what is
// another owner's is refused.
func (h *Env) ownTags(ctx context.Context, look engine.Look, key engine.Key, what, arn string, ask func(context.Context, *string) (cloud.Tags, error)) (cloud.Tags, error) {
	tags, err := h.tagsAt(ctx, look.NotOlder, arn, h.TagsOf(key), ask)
	switch {
	case cloud.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case tags == nil:
		tags = cloud.Tags{}
	}
	return tags, h.ours(look, key, tags, what, arn)
}

// tagIndex lists what carries the stack's tag. It only saves calls: where it is
// denied or not offered the index is empty, and every service is asked itself.
func (h *Env) tagIndex(ctx context.Context) ([]taggedARN, error) {
	all, err := cloud.Pages(ctx, resourcegroupstaggingapi.NewGetResourcesPaginator(h.Clients.Tagging, &resourcegroupstaggingapi.GetResourcesInput{
		ResourcesPerPage: aws.Int32(100),
		TagFilters:       []types.TagFilter{{Key: aws.String(cloud.TagStack), Values: []string{h.Stack}}},
	}), func(out *resourcegroupstaggingapi.GetResourcesOutput) []types.ResourceTagMapping {
		return out.ResourceTagMappingList
	})
	if err != nil {
		return nil, ctx.Err()
	}
	var index []taggedARN
	for _, r := range all {
		index = append(index, taggedARN{ARN: aws.ToString(r.ResourceARN), Tags: cloud.FromSDK(r.Tags, func(t types.Tag) (string, string) {
			return aws.ToString(t.Key), aws.ToString(t.Value)
		})})
	}
	return index, nil
}
