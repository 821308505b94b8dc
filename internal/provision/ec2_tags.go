package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// ec2TagAPI changes the tags of anything in EC2.
type ec2TagAPI interface {
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	DeleteTags(context.Context, *ec2.DeleteTagsInput, ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error)
}

// ec2Tags are the tags of a create, in the same call.
func ec2Tags(kind types.ResourceType, tags cloud.Tags) []types.TagSpecification {
	return []types.TagSpecification{{ResourceType: kind, Tags: toEC2Tags(tags)}}
}

func toEC2Tags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func fromEC2Tags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// updateEC2Tags makes have into want.
func updateEC2Tags(ctx context.Context, api ec2TagAPI, id string, have, want cloud.Tags) error {
	set, gone := have.Changed(want)
	if len(set) > 0 {
		if _, err := api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: toEC2Tags(set)}); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var del []types.Tag
	for _, k := range gone {
		del = append(del, types.Tag{Key: aws.String(k)})
	}
	_, err := api.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: del})
	return err
}

// ofStack filters a Describe by the stack's tag, so that a listing grows with
// the stack and not with the account.
func (h *Home) ofStack() []types.Filter {
	return []types.Filter{{Name: aws.String("tag:" + cloud.TagStack), Values: []string{h.Stack}}}
}

// ec2Candidates turns a listing into candidates; of gives an item's id and tags.
func ec2Candidates[T any](all []T, of func(T) (*string, []types.Tag)) []candidate[T] {
	var out []candidate[T]
	for _, x := range all {
		id, tags := of(x)
		out = append(out, candidate[T]{Item: x, ID: aws.ToString(id), Tags: fromEC2Tags(tags)})
	}
	return out
}
