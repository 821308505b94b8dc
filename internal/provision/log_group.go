package provision

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// LogGroupSpec is what we own of a log group.
type LogGroupSpec struct {
	// RetentionDays is one of AWS's own numbers of days; 0 keeps for ever.
	RetentionDays int
	Tags          cloud.Tags
}

// LogGroup is where one agent writes. Ingestion costs $0.50 a GB, keeping $0.03
// a GB and month. Its id is its name.
type LogGroup struct {
	engine.Ref
	*Env
	Agent         string
	RetentionDays int
	// JobOf is the agent whose job writes there, Agent being the job; "" for an agent's own.
	JobOf string
}

// LogGroupName of an agent of a stack: /ecs/karmacadabra-prod/validator.
func LogGroupName(stack, agent string) string { return "/ecs/" + stack + "/" + agent }

// LogGroupName is the name of an agent's log group.
func (h *Env) LogGroupName(agent string) string { return LogGroupName(h.Stack, agent) }

// Name is the group's name, known before it is made.
func (g *LogGroup) Name() string { return g.LogGroupName(g.Agent) }

func (g *LogGroup) arn() string          { return g.Account.ARN("logs", "log-group:"+g.Name()) }
func (g *LogGroup) Key() engine.Key      { return engine.Key("log-group/" + g.Agent) }
func (g *LogGroup) OfAgent() string      { return cmp.Or(g.JobOf, g.Agent) }
func (g *LogGroup) Needs() []engine.Node { return nil }

// Want is a group that forgets.
func (g *LogGroup) Want() LogGroupSpec {
	return LogGroupSpec{RetentionDays: g.RetentionDays, Tags: g.TagsOf(g.Key())}
}

func (g *LogGroup) Find(ctx context.Context, look engine.Look) (engine.Found[LogGroupSpec], error) {
	all, err := cloud.List(ctx, g.Inventory, "log-group", look.NotOlder, g.list)
	if err != nil {
		return engine.Found[LogGroupSpec]{}, err
	}
	for _, lg := range all {
		if aws.ToString(lg.LogGroupName) != g.Name() {
			continue
		}
		tags, err := g.ownTags(ctx, look, g.Key(), "log group "+g.Name(), g.arn(), g.logGroupTags().read)
		if tags == nil || err != nil {
			return engine.Found[LogGroupSpec]{}, err
		}
		return engine.Found[LogGroupSpec]{
			Phase: engine.Ready, ID: g.Name(), Outputs: map[string]string{"arn": g.arn()},
			Spec: LogGroupSpec{RetentionDays: int(aws.ToInt32(lg.RetentionInDays)), Tags: tags},
		}, nil
	}
	return engine.Found[LogGroupSpec]{}, nil
}

func (g *LogGroup) list(ctx context.Context) ([]types.LogGroup, error) {
	return cloud.Pages(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(g.Clients.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(g.LogGroupName(""))}),
		func(out *cloudwatchlogs.DescribeLogGroupsOutput) []types.LogGroup { return out.LogGroups })
}

func (g *LogGroup) Diff(have, want LogGroupSpec) []engine.Change {
	return changes(
		field("retention_days", have.RetentionDays, want.RetentionDays),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the group; how long it keeps can only be said after.
func (g *LogGroup) Create(ctx context.Context, want LogGroupSpec, _ string) (string, error) {
	_, err := g.Clients.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(g.Name()), Tags: want.Tags})
	return made(g.Name(), err)
}

func (g *LogGroup) Update(ctx context.Context, id string, have, want LogGroupSpec) error {
	if have.RetentionDays != want.RetentionDays {
		if err := g.retain(ctx, id, want.RetentionDays); err != nil {
			return err
		}
	}
	return g.logGroupTags().update(ctx, g.arn(), have.Tags, want.Tags)
}

func (g *LogGroup) retain(ctx context.Context, name string, days int) error {
	if days == 0 {
		return failure(g.Clients.Logs.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: &name}))
	}
	return failure(g.Clients.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: aws.Int32(int32(days))}))
}

// Delete deletes the group and all that was written.
func (g *LogGroup) Delete(ctx context.Context, id string) error {
	return failure(g.Clients.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &id}))
}
