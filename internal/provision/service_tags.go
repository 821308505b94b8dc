package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	discoverytypes "github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	xraytypes "github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// serviceTags are the calls by which a service keeps tags. Every service has the same
// three under other names; read is nil for one whose own listings show the tags.
type serviceTags struct {
	read  func(ctx context.Context, id *string) (cloud.Tags, error)
	set   func(ctx context.Context, id *string, tags cloud.Tags) error
	unset func(ctx context.Context, id *string, keys []string) error
}

// failure is the error of a call whose answer says nothing more.
func failure[Out any](_ Out, err error) error { return err }

func (s serviceTags) update(ctx context.Context, id string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want,
		func(set cloud.Tags) error { return s.set(ctx, &id, set) },
		func(gone []string) error { return s.unset(ctx, &id, gone) })
}

func (h *Env) alarmTags() serviceTags {
	api := h.Clients.CloudWatch
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t cloudwatchtypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &cloudwatch.TagResourceInput{ResourceARN: arn, Tags: toAlarmTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &cloudwatch.UntagResourceInput{ResourceARN: arn, TagKeys: keys}))
		},
	}
}

func toAlarmTags(tags cloud.Tags) []cloudwatchtypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) cloudwatchtypes.Tag { return cloudwatchtypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) logGroupTags() serviceTags {
	api := h.Clients.Logs
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
			if err != nil {
				return nil, err
			}
			return out.Tags, nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: tags}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: keys}))
		},
	}
}

func (h *Env) repositoryTags() serviceTags {
	api := h.Clients.ECR
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t ecrtypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &ecr.TagResourceInput{ResourceArn: arn, Tags: toECRTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &ecr.UntagResourceInput{ResourceArn: arn, TagKeys: keys}))
		},
	}
}

func toECRTags(tags cloud.Tags) []ecrtypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) ecrtypes.Tag { return ecrtypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) topicTags() serviceTags {
	api := h.Clients.SNS
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t snstypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &sns.TagResourceInput{ResourceArn: arn, Tags: toSNSTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: arn, TagKeys: keys}))
		},
	}
}

func toSNSTags(tags cloud.Tags) []snstypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) snstypes.Tag { return snstypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) eventRuleTags() serviceTags {
	api := h.Clients.Events
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t eventtypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: arn, Tags: toEventTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: arn, TagKeys: keys}))
		},
	}
}

func toEventTags(tags cloud.Tags) []eventtypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) eventtypes.Tag { return eventtypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) namespaceTags() serviceTags {
	api := h.Clients.Discovery
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &servicediscovery.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t discoverytypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &servicediscovery.TagResourceInput{ResourceARN: arn, Tags: toDiscoveryTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &servicediscovery.UntagResourceInput{ResourceARN: arn, TagKeys: keys}))
		},
	}
}

func toDiscoveryTags(tags cloud.Tags) []discoverytypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) discoverytypes.Tag { return discoverytypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) scalableTargetTags() serviceTags {
	api := h.Clients.AutoScaling
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &aas.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return out.Tags, nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &aas.TagResourceInput{ResourceARN: arn, Tags: tags}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &aas.UntagResourceInput{ResourceARN: arn, TagKeys: keys}))
		},
	}
}

func (h *Env) samplingRuleTags() serviceTags {
	api := h.Clients.XRay
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &xray.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t xraytypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &xray.TagResourceInput{ResourceARN: arn, Tags: toXRayTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &xray.UntagResourceInput{ResourceARN: arn, TagKeys: keys}))
		},
	}
}

func toXRayTags(tags cloud.Tags) []xraytypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) xraytypes.Tag { return xraytypes.Tag{Key: &k, Value: &v} })
}

// parameterTags takes the name of a parameter for its ARN, as Systems Manager does.
func (h *Env) parameterTags() serviceTags {
	api, kind := h.Clients.SSM, ssmtypes.ResourceTypeForTaggingParameter
	return serviceTags{
		func(ctx context.Context, name *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{ResourceType: kind, ResourceId: name})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.TagList, func(t ssmtypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, name *string, tags cloud.Tags) error {
			return failure(api.AddTagsToResource(ctx, &ssm.AddTagsToResourceInput{ResourceType: kind, ResourceId: name, Tags: toSSMTags(tags)}))
		},
		func(ctx context.Context, name *string, keys []string) error {
			return failure(api.RemoveTagsFromResource(ctx, &ssm.RemoveTagsFromResourceInput{ResourceType: kind, ResourceId: name, TagKeys: keys}))
		},
	}
}

func toSSMTags(tags cloud.Tags) []ssmtypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) ssmtypes.Tag { return ssmtypes.Tag{Key: &k, Value: &v} })
}

func (h *Env) scheduleGroupTags() serviceTags {
	api := h.Clients.Scheduler
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &scheduler.ListTagsForResourceInput{ResourceArn: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t schedulertypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &scheduler.TagResourceInput{ResourceArn: arn, Tags: toSchedulerTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &scheduler.UntagResourceInput{ResourceArn: arn, TagKeys: keys}))
		},
	}
}

func (h *Env) stateMachineTags() serviceTags {
	api := h.Clients.SFN
	return serviceTags{
		func(ctx context.Context, arn *string) (cloud.Tags, error) {
			out, err := api.ListTagsForResource(ctx, &sfn.ListTagsForResourceInput{ResourceArn: arn})
			if err != nil {
				return nil, err
			}
			return cloud.FromSDK(out.Tags, func(t sfntypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }), nil
		},
		func(ctx context.Context, arn *string, tags cloud.Tags) error {
			return failure(api.TagResource(ctx, &sfn.TagResourceInput{ResourceArn: arn, Tags: toSFNTags(tags)}))
		},
		func(ctx context.Context, arn *string, keys []string) error {
			return failure(api.UntagResource(ctx, &sfn.UntagResourceInput{ResourceArn: arn, TagKeys: keys}))
		},
	}
}

func toECSTags(tags cloud.Tags) []ecstypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) ecstypes.Tag { return ecstypes.Tag{Key: &k, Value: &v} })
}

func fromECSTags(tags []ecstypes.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t ecstypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

func updateECSTags(ctx context.Context, api *ecs.Client, arn string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: &arn, Tags: toECSTags(set)}))
	}, func(gone []string) error {
		return failure(api.UntagResource(ctx, &ecs.UntagResourceInput{ResourceArn: &arn, TagKeys: gone}))
	})
}

func toEFSTags(tags cloud.Tags) []efstypes.Tag {
	return cloud.ToSDK(tags, func(k, v string) efstypes.Tag { return efstypes.Tag{Key: &k, Value: &v} })
}

func fromEFSTags(tags []efstypes.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t efstypes.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

func updateEFSTags(ctx context.Context, api *efs.Client, id string, have, want cloud.Tags) error {
	return cloud.SyncTags(have, want, func(set cloud.Tags) error {
		return failure(api.TagResource(ctx, &efs.TagResourceInput{ResourceId: &id, Tags: toEFSTags(set)}))
	}, func(gone []string) error {
		return failure(api.UntagResource(ctx, &efs.UntagResourceInput{ResourceId: &id, TagKeys: gone}))
	})
}
