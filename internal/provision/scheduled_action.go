package provision

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// The two actions of a schedule.
const (
	ActionStart = "start"
	ActionStop  = "stop"
)

// actionPrefix makes a scheduled action karmactl's: it can carry no tags. Its
// name must not contain a colon or a slash:
// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
const actionPrefix = "karmactl-"

// ScheduledActionSpec is what we own of a scheduled action.
type ScheduledActionSpec struct {
	// Cron has six fields, one of the two for days being a question mark.
	Cron string
	// Timezone is an IANA name, so that the hours stay when clocks change.
	Timezone string
	Min      int
	Max      int
}

// ScheduledAction sets an agent's bounds at a time, which moves the number of its
// tasks into them: 0 and 0 is no task, and going back to 1 and 3 starts one. It
// costs nothing, and goes with its target. It is made by karmactl scale and not
// part of the stack: up neither makes nor deletes it.
type ScheduledAction struct {
	engine.Ref
	*Env
	Agent string
	// Schedule is the schedule's name in agents.yaml, Action start or stop.
	Schedule string
	Action   string
	Spec     ScheduledActionSpec
	// Order is what is done to the same target before: AWS refuses concurrent
	// updates of one.
	Order []engine.Node
}

func (a *ScheduledAction) name() string     { return actionPrefix + a.Schedule + "-" + a.Action }
func (a *ScheduledAction) actionID() string { return a.scalableID(a.Agent) + "#" + a.name() }

func (a *ScheduledAction) Key() engine.Key {
	return engine.Key("scheduled-action/" + a.Agent + "/" + a.Schedule + "/" + a.Action)
}

func (a *ScheduledAction) OfAgent() string { return a.Agent }

// Needs nothing: the target is looked for by the code that makes a schedule.
func (a *ScheduledAction) Needs() []engine.Node { return nil }

func (a *ScheduledAction) After() []engine.Node      { return a.Order }
func (a *ScheduledAction) Want() ScheduledActionSpec { return a.Spec }

func (a *ScheduledAction) Find(ctx context.Context, look engine.Look) (engine.Found[ScheduledActionSpec], error) {
	all, err := a.scheduledActions(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[ScheduledActionSpec]{}, err
	}
	for _, x := range all {
		if aws.ToString(x.ResourceId) == a.scalableID(a.Agent) && aws.ToString(x.ScheduledActionName) == a.name() {
			return engine.Found[ScheduledActionSpec]{Phase: engine.Ready, ID: a.actionID(), Spec: readScheduledAction(x)}, nil
		}
	}
	return engine.Found[ScheduledActionSpec]{}, nil
}

func readScheduledAction(x types.ScheduledAction) ScheduledActionSpec {
	spec := ScheduledActionSpec{Cron: aws.ToString(x.Schedule), Timezone: aws.ToString(x.Timezone), Min: -1, Max: -1}
	if act := x.ScalableTargetAction; act != nil {
		if act.MinCapacity != nil {
			spec.Min = int(*act.MinCapacity)
		}
		if act.MaxCapacity != nil {
			spec.Max = int(*act.MaxCapacity)
		}
	}
	return spec
}

// scheduledActions shares its listing with the scalable targets.
func (h *Env) scheduledActions(ctx context.Context, notOlder time.Time) ([]types.ScheduledAction, error) {
	return cloud.List(ctx, h.Inventory, "scheduled-action", notOlder, func(ctx context.Context) ([]types.ScheduledAction, error) {
		return ListScheduledActions(ctx, h.Clients.AutoScaling)
	})
}

// ListScheduledActions are all of ECS in the account's region.
func ListScheduledActions(ctx context.Context, api aas.DescribeScheduledActionsAPIClient) ([]types.ScheduledAction, error) {
	return cloud.Pages(ctx, aas.NewDescribeScheduledActionsPaginator(api, &aas.DescribeScheduledActionsInput{ServiceNamespace: types.ServiceNamespaceEcs}),
		func(out *aas.DescribeScheduledActionsOutput) []types.ScheduledAction { return out.ScheduledActions })
}

// ScheduledActions are karmactl's of one agent, as they are.
func (h *Env) ScheduledActions(ctx context.Context, agent string) ([]*ScheduledAction, error) {
	all, err := h.scheduledActions(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	var out []*ScheduledAction
	for _, x := range all {
		schedule, action, ours := scheduleOf(aws.ToString(x.ScheduledActionName))
		if ours && aws.ToString(x.ResourceId) == h.scalableID(agent) {
			out = append(out, &ScheduledAction{Env: h, Agent: agent, Schedule: schedule, Action: action, Spec: readScheduledAction(x)})
		}
	}
	return out, nil
}

// scheduleOf reads the name of an action that karmactl made.
func scheduleOf(name string) (schedule, action string, ours bool) {
	name, ours = strings.CutPrefix(name, actionPrefix)
	cut := strings.LastIndexByte(name, '-')
	if !ours || cut < 0 {
		return "", "", false
	}
	schedule, action = name[:cut], name[cut+1:]
	return schedule, action, action == ActionStart || action == ActionStop
}

func (a *ScheduledAction) Diff(have, want ScheduledActionSpec) []engine.Change {
	return changes(
		field("cron", have.Cron, want.Cron),
		field("timezone", have.Timezone, want.Timezone),
		field("min", have.Min, want.Min),
		field("max", have.Max, want.Max),
	)
}

// Create puts the action. Zeros are sent: a bound that is left out stays as it is.
func (a *ScheduledAction) Create(ctx context.Context, want ScheduledActionSpec, _ string) (string, error) {
	_, err := a.Clients.AutoScaling.PutScheduledAction(ctx, &aas.PutScheduledActionInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		ResourceId: aws.String(a.scalableID(a.Agent)), ScheduledActionName: aws.String(a.name()), Schedule: &want.Cron, Timezone: &want.Timezone,
		ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: aws.Int32(int32(want.Min)), MaxCapacity: aws.Int32(int32(want.Max))},
	})
	return made(a.actionID(), err)
}

// Update puts it again, which replaces it.
func (a *ScheduledAction) Update(ctx context.Context, _ string, _, want ScheduledActionSpec) error {
	return failure(a.Create(ctx, want, ""))
}

// Delete deletes the action; bounds stay as it left them.
func (a *ScheduledAction) Delete(ctx context.Context, id string) error {
	resource, name, _ := strings.Cut(id, "#")
	return failure(a.Clients.AutoScaling.DeleteScheduledAction(ctx, &aas.DeleteScheduledActionInput{
		ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount,
		ResourceId: &resource, ScheduledActionName: &name,
	}))
}
