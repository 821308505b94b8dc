package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ec2Tags are the tags of a create, in the same call.
func ec2Tags(kind types.ResourceType, tags cloud.Tags) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: toEC2Tags(tags)}}
}

func toEC2Tags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func updateEC2Tags(ctx context.Context, api *ec2.Client, id string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: toEC2Tags(set)}))
	}, func(gone []string) error {
		var del []types.Tag
		for _, k := range gone {
			del = append(del, types.Tag{Key: aws.String(k)})
		}
		return failure(api.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: del}))
	})
}

// ofStack filters a Describe by the stack's tag, so that a listing grows with
// the stack and not with the account.
func (h *Env) ofStack() []types.Filter {
	return []types.Filter{{Name: aws.String("tag:" + cloud.TagStack), Values: []string{h.Stack}}}
}

// ec2Candidates turns a listing into candidates; of gives an item's id and tags.
func ec2Candidates[T any](all []T, of func(T) (*string, []types.Tag)) []candidate[T] {
	var out []candidate[T]
	for _, x := range all {
		id, tags := of(x)
		out = append(out, candidate[T]{Item: x, ID: aws.ToString(id), Tags: cloud.FromEC2Tags(tags)})
	}
	return out
}
