package awssim

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// schedulerRate is a rate as EventBridge Scheduler takes it, which accepts one in the plural.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
var schedulerRate = lazyregexp.New(`^rate\((\d+) (minute|hour|day)s?\)$`)

// parseJobSchedule reads an expression of EventBridge Scheduler.
func parseJobSchedule(expression, zone string) (*schedule, error) {
	if m := schedulerRate.FindStringSubmatch(expression); m != nil {
		unit := m[2]
		if m[1] != "1" {
			unit += "s"
		}
		expression = fmt.Sprintf("rate(%s %s)", m[1], unit)
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return nil, fail("ValidationException", "Invalid ScheduleExpressionTimezone %s.", zone)
	}
	when, err := parseSchedule(expression, zone)
	if err != nil {
		return nil, fail("ValidationException", "Invalid Schedule Expression %s.", expression)
	}
	return when, nil
}

// due are the times after from and up to now at which a schedule of EventBridge Scheduler
// invokes its target: one that the clocks skip is left out, and one that they show twice
// comes once. A rate without a start comes at once and then by the clock of UTC.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
func (w *schedule) due(created, from, now time.Time) []time.Time {
	var out []time.Time
	switch {
	case !w.at.IsZero():
		if w.at.After(from) && !w.at.After(now) {
			out = append(out, w.at)
		}
	case w.every > 0:
		for t := created.Add(max(0, from.Sub(created)).Truncate(w.every)); !t.After(now); t = t.Add(w.every) {
			if t.After(from) || t.Equal(created) && from.Equal(created) {
				out = append(out, t)
			}
		}
	default:
		for t := from.In(w.zone).Truncate(time.Minute).Add(time.Minute); !t.After(now); t = t.Add(time.Minute) {
			if w.cron.matches(t) && !shownTwice(t) {
				out = append(out, t.UTC())
			}
		}
	}
	return out
}

// shownTwice tells whether the clocks of t's zone have shown its time before, because they
// were set back.
func shownTwice(t time.Time) bool {
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return false
	}
	_, before := start.Add(-time.Second).Zone()
	_, after := t.Zone()
	return t.Sub(start) < time.Duration(before-after)*time.Second
}

// settleJobSchedules invokes what came due, and what was refused before.
func (s *Sim) settleJobSchedules() {
	for _, x := range sorted(s.world.JobSchedules) {
		when, err := s.schedules.read(x.Expression+" "+x.Zone, func(string) (*schedule, error) { return parseJobSchedule(x.Expression, x.Zone) })
		if err != nil {
			continue
		}
		if x.State == types.ScheduleStateEnabled {
			from := later(x.Looked, s.now().Add(-time.Minute)) // what came due in time that was not lived through has long ended
			for _, at := range when.due(x.Created, from, s.now()) {
				x.Waiting = append(x.Waiting, Invocation{Due: at})
				if again := s.world.Redelivered; again > 0 {
					x.Waiting = append(x.Waiting, Invocation{Due: at, Again: again, ID: map[bool]string{true: "other"}[s.world.RedeliveredByOtherID]})
				}
			}
		}
		if x.Looked.Before(s.now()) { // not at the moment of its creation, or a rate would not come at once
			x.Looked = s.now()
		}
		s.invoke(x)
	}
}

// invoke tries what waits. A refusal is tried again, once a minute here and with exponential
// back-off at AWS, until the retry policy gives it up.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
func (s *Sim) invoke(x *JobSchedule) {
	var left []Invocation
	for _, i := range x.Waiting {
		switch {
		case s.now().Before(i.Due.Add(i.Again + time.Duration(i.Attempts)*time.Minute)):
			left = append(left, i)
		case s.startJob(x, i) == nil:
			x.Started++
		default:
			i.Attempts++
			policy := x.Target.RetryPolicy
			if age := time.Duration(aws.ToInt32(policy.MaximumEventAgeInSeconds)) * time.Second; i.Attempts > int(aws.ToInt32(policy.MaximumRetryAttempts)) || s.now().Sub(i.Due) >= age {
				x.Dropped++
				s.drop(x.Group)
			} else {
				left = append(left, i)
			}
		}
	}
	x.Waiting = left
}

// startJob runs the target's task with the rights of the target's role.
func (s *Sim) startJob(x *JobSchedule, i Invocation) error {
	if aws.ToString(x.Target.Arn) == startsExecution {
		return s.startJobExecution(x, i)
	}
	p := x.Target.EcsParameters
	in := &ecs.RunTaskInput{
		Cluster: x.Target.Arn, TaskDefinition: p.TaskDefinitionArn, StartedBy: aws.String("chronos-schedule/" + x.Name),
		LaunchType: ecstypes.LaunchType(p.LaunchType), EnableExecuteCommand: aws.ToBool(p.EnableExecuteCommand), EnableECSManagedTags: aws.ToBool(p.EnableECSManagedTags),
		PropagateTags: ecstypes.PropagateTags(p.PropagateTags),
	}
	for _, c := range p.CapacityProviderStrategy {
		in.CapacityProviderStrategy = append(in.CapacityProviderStrategy, ecstypes.CapacityProviderStrategyItem{CapacityProvider: c.CapacityProvider, Base: c.Base, Weight: c.Weight})
	}
	if n := p.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		in.NetworkConfiguration = &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: n.AwsvpcConfiguration.Subnets, SecurityGroups: n.AwsvpcConfiguration.SecurityGroups, AssignPublicIp: ecstypes.AssignPublicIp(n.AwsvpcConfiguration.AssignPublicIp),
		}}
	}
	role := s.taskPrincipal(aws.ToString(x.Target.RoleArn), "scheduler")
	for _, n := range s.needs("ECS", "RunTask", in) {
		r := iam.Request{Action: n.action, Resource: n.resource, Context: n.context}
		if d := iam.Decide(role, r); !d.Allowed {
			return denied("ECS", d.Denial(role, r))
		}
	}
	out, err := s.runTask(in)
	if err == nil && len(out.Failures) > 0 {
		return fail("ClientException", "%s", strings.TrimSpace(aws.ToString(out.Failures[0].Reason)))
	}
	return err
}
