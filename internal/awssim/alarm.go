package awssim

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// unchecked is why an alarm is in its first state.
const unchecked = "Unchecked: Initial alarm creation"

// Alarm is a simulated metric alarm: what was put, and its state.
type Alarm struct {
	Alarm types.MetricAlarm
	Tags  cloud.Tags
	// Policy is the scaling policy that made it and that it goes with, or "".
	Policy string
}

func (s *Sim) alarmNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch.PutMetricAlarm", s.putMetricAlarm, "AlarmName", "AlarmDescription", "ActionsEnabled", "Namespace", "MetricName", "Dimensions",
				"Statistic", "ComparisonOperator", "Threshold", "Period", "Metrics", "EvaluationPeriods", "DatapointsToAlarm", "TreatMissingData", "AlarmActions", "OKActions", "Tags"),
			on("CloudWatch.DescribeAlarms", s.describeAlarms, "AlarmNames", "AlarmNamePrefix", "AlarmTypes", "StateValue").pages("MetricAlarms", 50, 100),
			on("CloudWatch.DeleteAlarms", s.deleteAlarms, "AlarmNames"),
			on("CloudWatch.EnableAlarmActions", s.enableAlarmActions, "AlarmNames"),
			on("CloudWatch.DisableAlarmActions", s.disableAlarmActions, "AlarmNames"),
			on("CloudWatch.SetAlarmState", s.setAlarmState, "AlarmName", "StateValue", "StateReason"),
			on("CloudWatch.ListTagsForResource", s.listAlarmTags, "ResourceARN"),
			on("CloudWatch.TagResource", s.tagAlarm, "ResourceARN", "Tags"),
			on("CloudWatch.UntagResource", s.untagAlarm, "ResourceARN", "TagKeys"),
		},
		each: func(tell func(thing)) {
			for name, a := range s.world.Alarms {
				t := thing{kind: "alarm", name: name, tags: a.Tags}
				if a.Policy == "" {
					t.arn = *a.Alarm.AlarmArn
				}
				tell(t)
			}
		},
	}
}

func (s *Sim) putMetricAlarm(in *cw.PutMetricAlarmInput) (*cw.PutMetricAlarmOutput, error) {
	name := aws.ToString(in.AlarmName)
	period, err := alarmPeriod(in)
	if err != nil {
		return nil, err
	}
	periods := aws.ToInt32(in.EvaluationPeriods)
	switch {
	case name == "" || len(name) > 255:
		return nil, fail("ValidationError", "1 validation error detected: Value at 'alarmName' failed to satisfy constraint: Member must have length less than or equal to 255")
	case in.Threshold == nil || in.ComparisonOperator == "" || in.EvaluationPeriods == nil:
		return nil, fail("ValidationError", "Threshold, ComparisonOperator and EvaluationPeriods must not be null")
	case periods < 1 || int64(period)*int64(periods) > 7*86400 || period < 3600 && int64(period)*int64(periods) > 86400:
		return nil, fail("ValidationError", "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).")
	case in.DatapointsToAlarm != nil && (*in.DatapointsToAlarm < 1 || *in.DatapointsToAlarm > periods):
		return nil, fail("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods")
	case in.TreatMissingData != nil && !slices.Contains([]string{"breaching", "notBreaching", "ignore", "missing"}, *in.TreatMissingData):
		return nil, fail("ValidationError", "TreatMissingData must be breaching, notBreaching, ignore or missing")
	case len(in.AlarmActions) > 5 || len(in.OKActions) > 5 || len(in.Dimensions) > 30:
		return nil, fail("ValidationError", "too many actions or dimensions")
	}
	for _, d := range in.Dimensions {
		if aws.ToString(d.Name) == "" || aws.ToString(d.Value) == "" {
			return nil, fail("ValidationError", "a dimension needs a name and a value")
		}
	}
	for _, action := range append(slices.Clone(in.AlarmActions), in.OKActions...) {
		at, err := arn.Parse(action)
		if err != nil {
			return nil, fail("ValidationError", "Invalid arn syntax: %s", action)
		}
		if at.Region != "" && at.Region != s.world.Region {
			return nil, fail("ValidationError", "Invalid region %s specified. Only %s is supported.", at.Region, s.world.Region)
		}
	}
	tags := fromAlarmTags(in.Tags)
	if err := validTags(tags, "ValidationError"); err != nil {
		return nil, err
	}
	own := s.world.arn("cloudwatch", "alarm:"+name)
	a := &Alarm{Tags: tags, Alarm: types.MetricAlarm{
		AlarmName: &name, AlarmArn: &own, AlarmDescription: in.AlarmDescription, ActionsEnabled: aws.Bool(in.ActionsEnabled == nil || *in.ActionsEnabled),
		Namespace: in.Namespace, MetricName: in.MetricName, Dimensions: in.Dimensions, Statistic: in.Statistic, ComparisonOperator: in.ComparisonOperator,
		Threshold: in.Threshold, Period: in.Period, Metrics: in.Metrics, EvaluationPeriods: in.EvaluationPeriods, DatapointsToAlarm: in.DatapointsToAlarm,
		TreatMissingData: in.TreatMissingData, AlarmActions: in.AlarmActions, OKActions: in.OKActions, InsufficientDataActions: []string{},
		AlarmConfigurationUpdatedTimestamp: aws.Time(s.now()),
		StateValue:                         types.StateValueInsufficientData, StateReason: aws.String(unchecked), StateUpdatedTimestamp: aws.Time(s.now()),
	}}
	if old := s.world.Alarms[name]; old != nil {
		// Everything is replaced but the tags, those of a put that updates are ignored, and the state: "When you
		// update an existing alarm, its state is left unchanged" (SDK PutMetricAlarm).
		a.Tags, a.Policy = old.Tags, old.Policy
		a.Alarm.StateValue, a.Alarm.StateReason, a.Alarm.StateUpdatedTimestamp = old.Alarm.StateValue, old.Alarm.StateReason, old.Alarm.StateUpdatedTimestamp
	}
	s.world.Alarms[name] = a
	return &cw.PutMetricAlarmOutput{}, nil
}

// alarmPeriod is the length of an alarm's periods: its own, or that of the metrics of its expression, and never both.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func alarmPeriod(in *cw.PutMetricAlarmInput) (int32, error) {
	valid := func(period int32) bool {
		return period == 10 || period == 20 || period == 30 || period >= 60 && period%60 == 0
	}
	alone := map[string]bool{"MetricName": in.MetricName != nil, "Namespace": in.Namespace != nil, "Statistic": in.Statistic != "", "Period": in.Period != nil}
	if len(in.Metrics) == 0 {
		for _, field := range slices.Sorted(maps.Keys(alone)) {
			if !alone[field] {
				return 0, fail("ValidationError", "%s must not be null", field)
			}
		}
		if !valid(*in.Period) {
			return 0, fail("ValidationError", "Period must be 10, 20, 30 or a multiple of 60")
		}
		return *in.Period, nil
	}
	alone["Dimensions"] = len(in.Dimensions) > 0
	for _, field := range slices.Sorted(maps.Keys(alone)) {
		if alone[field] {
			return 0, fail("ValidationError", "%s should not be set if list of Metrics is set.", field)
		}
	}
	longest := int32(0)
	for _, q := range in.Metrics {
		if q.MetricStat == nil {
			continue
		}
		if !valid(aws.ToInt32(q.MetricStat.Period)) {
			return 0, fail("ValidationError", "Period must be 10, 20, 30 or a multiple of 60")
		}
		longest = max(longest, *q.MetricStat.Period)
	}
	return longest, validQueries("ValidationError", in.Metrics)
}

func (s *Sim) describeAlarms(in *cw.DescribeAlarmsInput) (*cw.DescribeAlarmsOutput, error) {
	if len(in.AlarmNames) > 0 && in.AlarmNamePrefix != nil {
		return nil, fail("ValidationError", "AlarmNamePrefix and AlarmNames cannot both be given")
	}
	var all []types.MetricAlarm
	for _, a := range sorted(s.world.Alarms) {
		name := aws.ToString(a.Alarm.AlarmName)
		if wanted(in.AlarmNames, name) && strings.HasPrefix(name, aws.ToString(in.AlarmNamePrefix)) && (in.StateValue == "" || in.StateValue == a.Alarm.StateValue) {
			all = append(all, a.Alarm)
		}
	}
	out := &cw.DescribeAlarmsOutput{}
	out.MetricAlarms = all
	return out, nil
}

// deleteAlarms deletes all of them or, when one is not there, none.
func (s *Sim) deleteAlarms(in *cw.DeleteAlarmsInput) (*cw.DeleteAlarmsOutput, error) {
	for _, name := range in.AlarmNames {
		if s.world.Alarms[name] == nil {
			return nil, fail("ResourceNotFound", "Alarm %s does not exist", name)
		}
	}
	for _, name := range in.AlarmNames {
		delete(s.world.Alarms, name)
	}
	return &cw.DeleteAlarmsOutput{}, nil
}

func (s *Sim) muteAlarms(names []string, enabled bool) {
	for _, name := range names {
		if a := s.world.Alarms[name]; a != nil {
			a.Alarm.ActionsEnabled = &enabled
		}
	}
}

func (s *Sim) enableAlarmActions(in *cw.EnableAlarmActionsInput) (*cw.EnableAlarmActionsOutput, error) {
	s.muteAlarms(in.AlarmNames, true)
	return &cw.EnableAlarmActionsOutput{}, nil
}

func (s *Sim) disableAlarmActions(in *cw.DisableAlarmActionsInput) (*cw.DisableAlarmActionsOutput, error) {
	s.muteAlarms(in.AlarmNames, false)
	return &cw.DisableAlarmActionsOutput{}, nil
}

func (s *Sim) setAlarmState(in *cw.SetAlarmStateInput) (*cw.SetAlarmStateOutput, error) {
	a := s.world.Alarms[aws.ToString(in.AlarmName)]
	if a == nil {
		return nil, fail("ResourceNotFound", "Alarm %s does not exist", aws.ToString(in.AlarmName))
	}
	a.Alarm.StateValue, a.Alarm.StateReason, a.Alarm.StateUpdatedTimestamp = in.StateValue, in.StateReason, aws.Time(s.now())
	return &cw.SetAlarmStateOutput{}, nil
}

// alarmMetrics are what alarms are billed by: the metrics that each of them looks at, of
// which metric math can have several. https://aws.amazon.com/cloudwatch/pricing/
func (s *Sim) alarmMetrics() int {
	n := 0
	for _, a := range s.world.Alarms {
		n += max(1, len(slices.DeleteFunc(slices.Clone(a.Alarm.Metrics), func(q types.MetricDataQuery) bool { return q.MetricStat == nil })))
	}
	return n
}

func (s *Sim) alarmAt(arn string) (*Alarm, error) {
	for _, a := range s.world.Alarms {
		if aws.ToString(a.Alarm.AlarmArn) == arn {
			return a, nil
		}
	}
	return nil, fail("ResourceNotFoundException", "The resource %s does not exist", arn)
}

func (s *Sim) listAlarmTags(in *cw.ListTagsForResourceInput) (*cw.ListTagsForResourceOutput, error) {
	a, err := s.alarmAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &cw.ListTagsForResourceOutput{Tags: append([]types.Tag{}, cloud.ToSDK(a.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })...)}, nil
}

func (s *Sim) tagAlarm(in *cw.TagResourceInput) (*cw.TagResourceOutput, error) {
	a, err := s.alarmAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &cw.TagResourceOutput{}, retag(a.Tags, fromAlarmTags(in.Tags), nil, "InvalidParameterValue")
}

func (s *Sim) untagAlarm(in *cw.UntagResourceInput) (*cw.UntagResourceOutput, error) {
	a, err := s.alarmAt(aws.ToString(in.ResourceARN))
	if err != nil {
		return nil, err
	}
	return &cw.UntagResourceOutput{}, retag(a.Tags, nil, in.TagKeys, "InvalidParameterValue")
}

func fromAlarmTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
