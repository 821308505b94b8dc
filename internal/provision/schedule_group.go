package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ScheduleGroupSpec is what we own of a schedule group.
type ScheduleGroupSpec struct{ Tags cloud.Tags }

// ScheduleGroup holds the schedules of a stack's jobs, which cannot have tags of their own:
// what is in the group is the stack's. It is free. Its id is its name.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
type ScheduleGroup struct {
	engine.Ref
	*Env
}

// maxScheduleName is the length of a group's or schedule's name:
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
const maxScheduleName = 64

// ScheduleGroupName is the name of a stack's group.
func ScheduleGroupName(stack string) string { return cloud.Name(maxScheduleName, stack) }

func (h *Env) scheduleGroup() string { return ScheduleGroupName(h.Stack) }

func (g *ScheduleGroup) arn() string {
	return g.Account.ARN("scheduler", "schedule-group/"+g.scheduleGroup())
}

func (g *ScheduleGroup) Key() engine.Key         { return "schedule-group" }
func (g *ScheduleGroup) Needs() []engine.Node    { return nil }
func (g *ScheduleGroup) Want() ScheduleGroupSpec { return ScheduleGroupSpec{g.TagsOf(g.Key())} }

// Find asks for the group by its name. One that is being deleted is Leaving.
func (g *ScheduleGroup) Find(ctx context.Context, look engine.Look) (engine.Found[ScheduleGroupSpec], error) {
	var found engine.Found[ScheduleGroupSpec]
	out, err := g.Clients.Scheduler.GetScheduleGroup(ctx, &scheduler.GetScheduleGroupInput{Name: aws.String(g.scheduleGroup())})
	if err != nil {
		return found, cloud.IgnoreNotFound(err)
	}
	tags, err := g.ownTags(ctx, look, g.Key(), "schedule group "+g.scheduleGroup(), g.arn(), g.scheduleGroupTags().read)
	if tags == nil || err != nil {
		return found, err
	}
	found = engine.Found[ScheduleGroupSpec]{Phase: engine.Ready, ID: g.scheduleGroup(), Spec: ScheduleGroupSpec{tags}}
	if out.State == types.ScheduleGroupStateDeleting {
		found.Phase, found.Why = engine.Leaving, "schedule group deleting"
	}
	return found, nil
}

func (g *ScheduleGroup) Diff(have, want ScheduleGroupSpec) []engine.Change {
	return cloud.DiffTags(have.Tags, want.Tags)
}

// Create makes the group; a repeated call with the token gives the same one.
func (g *ScheduleGroup) Create(ctx context.Context, want ScheduleGroupSpec, token string) (string, error) {
	_, err := g.Clients.Scheduler.CreateScheduleGroup(ctx, &scheduler.CreateScheduleGroupInput{
		Name: aws.String(g.scheduleGroup()), ClientToken: &token, Tags: toSchedulerTags(want.Tags),
	})
	return made(g.scheduleGroup(), err)
}

func (g *ScheduleGroup) Update(ctx context.Context, _ string, have, want ScheduleGroupSpec) error {
	return g.scheduleGroupTags().update(ctx, g.arn(), have.Tags, want.Tags)
}

// Delete deletes the group, and with it any schedule that is still in it. A conflict means
// that an earlier call, whose reply was lost, has it deleted already; the walk looks again.
func (g *ScheduleGroup) Delete(ctx context.Context, id string) error {
	_, err := g.Clients.Scheduler.DeleteScheduleGroup(ctx, &scheduler.DeleteScheduleGroupInput{Name: &id})
	if cloud.Code(err) == "ConflictException" {
		return nil
	}
	return err
}

func toSchedulerTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}
