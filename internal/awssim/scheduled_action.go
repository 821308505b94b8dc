package awssim

import (
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

// ScheduledAction is a simulated change of bounds at a time.
type ScheduledAction struct {
	Name     string
	ARN      string
	Schedule string
	Timezone string
	Min, Max *int32
	Start    *time.Time
	End      *time.Time
	Created  time.Time
	// Fired is up to when its times were looked at: when it was put, when it
	// last fired, and for a cron the last look.
	Fired time.Time
}

func (s *Sim) scheduledActionNoun() noun {
	return noun{
		ops: []operation{
			on(autoScaling+"PutScheduledAction", s.putScheduledAction, "ServiceNamespace", "ResourceId", "ScalableDimension", "ScheduledActionName", "Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction"),
			on(autoScaling+"DescribeScheduledActions", s.describeScheduledActions, "ServiceNamespace", "ResourceId", "ScalableDimension", "ScheduledActionNames").pages("ScheduledActions", 50, 50),
			on(autoScaling+"DeleteScheduledAction", s.deleteScheduledAction, "ServiceNamespace", "ResourceId", "ScalableDimension", "ScheduledActionName"),
		},
		settle: s.settleScheduledActions,
	}
}

// scheduled tells whether any action can come due.
func (s *Sim) scheduled() bool {
	for _, t := range s.world.ScalableTargets {
		if len(t.Schedule) > 0 {
			return true
		}
	}
	return len(s.world.JobSchedules) > 0
}

// settleScheduledActions fires what came due, in the order of its times.
func (s *Sim) settleScheduledActions() {
	type due struct {
		at     time.Time
		target *ScalableTarget
		action *ScheduledAction
	}
	var all []due
	for _, t := range sorted(s.world.ScalableTargets) {
		for _, a := range sorted(t.Schedule) {
			when, err := parseSchedule(a.Schedule, a.Timezone)
			if err != nil {
				continue
			}
			at, ok := when.last(a.Fired, s.now())
			if when.cron != nil {
				a.Fired = s.now()
			}
			if ok && (a.Start == nil || !at.Before(*a.Start)) && (a.End == nil || at.Before(*a.End)) {
				all = append(all, due{at, t, a})
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at.Before(all[j].at) })
	for _, d := range all {
		d.action.Fired = later(d.action.Fired, d.at)
		if aws.ToBool(d.target.Suspended.ScheduledScalingSuspended) {
			continue
		}
		if d.action.Min != nil {
			d.target.Min = int(*d.action.Min)
		}
		if d.action.Max != nil {
			d.target.Max = int(*d.action.Max)
		}
		s.clamp(d.target)
	}
}

// putScheduledAction replaces all of an action: a start or end that is left out is deleted.
func (s *Sim) putScheduledAction(in *aas.PutScheduledActionInput) (*aas.PutScheduledActionOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, err
	}
	if _, err := parseSchedule(aws.ToString(in.Schedule), aws.ToString(in.Timezone)); err != nil {
		return nil, err
	}
	act := in.ScalableTargetAction
	if act == nil || act.MinCapacity == nil && act.MaxCapacity == nil {
		return nil, fail("ValidationException", "ScalableTargetAction must have MinCapacity or MaxCapacity")
	}
	if act.MinCapacity != nil && act.MaxCapacity != nil && *act.MinCapacity > *act.MaxCapacity {
		return nil, fail("ValidationException", "Maximum capacity cannot be less than minimum capacity")
	}
	name := aws.ToString(in.ScheduledActionName)
	if name == "" || len(name) > 256 {
		return nil, fail("ValidationException", "ScheduledActionName must have 1 to 256 characters")
	}
	a := t.Schedule[name]
	if a == nil {
		a = &ScheduledAction{Name: name, Created: s.now(), ARN: s.world.arn("autoscaling", "scheduledAction:"+s.world.id("sa")+":resource/ecs/"+t.ID+":scheduledActionName/"+name)}
		t.Schedule[name] = a
	}
	a.Schedule, a.Timezone, a.Min, a.Max = aws.ToString(in.Schedule), aws.ToString(in.Timezone), act.MinCapacity, act.MaxCapacity
	a.Start, a.End, a.Fired = in.StartTime, in.EndTime, s.now()
	return &aas.PutScheduledActionOutput{}, nil
}

func (s *Sim) describeScheduledActions(in *aas.DescribeScheduledActionsInput) (*aas.DescribeScheduledActionsOutput, error) {
	if err := scalesECS(in.ServiceNamespace, in.ScalableDimension); err != nil {
		return nil, err
	}
	var all []types.ScheduledAction
	for _, t := range sorted(s.world.ScalableTargets) {
		if in.ResourceId != nil && *in.ResourceId != t.ID {
			continue
		}
		for _, a := range sorted(t.Schedule) {
			if !wanted(in.ScheduledActionNames, a.Name) {
				continue
			}
			d := types.ScheduledAction{
				ScheduledActionName: &a.Name, ScheduledActionARN: &a.ARN, Schedule: &a.Schedule, ResourceId: &t.ID, CreationTime: &a.Created,
				ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, StartTime: a.Start, EndTime: a.End,
				ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: a.Min, MaxCapacity: a.Max},
			}
			if a.Timezone != "" {
				d.Timezone = &a.Timezone
			}
			all = append(all, d)
		}
	}
	out := &aas.DescribeScheduledActionsOutput{}
	out.ScheduledActions = all
	return out, nil
}

func (s *Sim) deleteScheduledAction(in *aas.DeleteScheduledActionInput) (*aas.DeleteScheduledActionOutput, error) {
	t, err := s.scalable(in.ServiceNamespace, in.ScalableDimension, in.ResourceId)
	if err != nil {
		return nil, err
	}
	if t.Schedule[aws.ToString(in.ScheduledActionName)] == nil {
		return nil, fail("ObjectNotFoundException", "No scheduled action found for service namespace: ecs, resource ID: %s, scheduled action name: %s", t.ID, aws.ToString(in.ScheduledActionName))
	}
	delete(t.Schedule, aws.ToString(in.ScheduledActionName))
	return &aas.DeleteScheduledActionOutput{}, nil
}
