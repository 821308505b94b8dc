package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// droppedKept is for how long it is known here what a schedule gave up; AWS keeps metrics for 15 months.
const droppedKept = 48 * time.Hour

// drop keeps that an invocation of a group's schedules was given up.
func (s *Sim) drop(group string) {
	if g := s.world.ScheduleGroups[group]; g != nil {
		g.Dropped = append(slices.DeleteFunc(g.Dropped, func(at time.Time) bool { return s.now().Sub(at) > droppedKept }), s.now())
	}
}

// dropped is the metric InvocationDroppedCount of AWS/Scheduler over a span: how many invocations of a group's
// schedules were given up after their retries. It has no other dimension than the group, and no data point
// where nothing was given up.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
func (s *Sim) dropped(group string, from time.Time, span time.Duration) (float64, bool) {
	g, n := s.world.ScheduleGroups[group], 0
	if g == nil {
		return 0, false
	}
	for _, at := range g.Dropped {
		if !at.Before(from) && at.Before(from.Add(span)) {
			n++
		}
	}
	return float64(n), n > 0
}

// settleDroppedAlarms brings the alarms on that metric to their state, and tells of what has changed.
func (s *Sim) settleDroppedAlarms() {
	end := s.now().Truncate(time.Minute).Add(-latePoint)
	for _, x := range sorted(s.world.Alarms) {
		a := &x.Alarm
		if aws.ToString(a.Namespace)+"/"+aws.ToString(a.MetricName) != "AWS/Scheduler/InvocationDroppedCount" || len(a.Dimensions) != 1 {
			continue
		}
		span := time.Duration(aws.ToInt32(a.Period)) * time.Second
		points := make([]mathValue, int(aws.ToInt32(a.EvaluationPeriods))+beyond)
		for i := range points {
			v, there := s.dropped(aws.ToString(a.Dimensions[0].Value), end.Add(-span*time.Duration(len(points)-i)), span)
			points[i] = mathValue{v: v, missing: !there}
		}
		s.judge(a, points)
	}
}

// alarmTells has an alarm tell the topics of its new state, unless its actions are off.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
func (s *Sim) alarmTells(a *cwtypes.MetricAlarm) {
	told := map[cwtypes.StateValue][]string{cwtypes.StateValueAlarm: a.AlarmActions, cwtypes.StateValueOk: a.OKActions}[a.StateValue]
	for _, arn := range told {
		if aws.ToBool(a.ActionsEnabled) && strings.HasPrefix(arn, "arn:aws:sns:") {
			s.publish("cloudwatch.amazonaws.com", arn, fmt.Sprintf("%s: %q in %s: %s", a.StateValue, aws.ToString(a.AlarmName), s.world.Region, aws.ToString(a.AlarmDescription)))
		}
	}
}
