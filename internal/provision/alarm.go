package provision

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// AlarmRule is when an alarm goes off.
type AlarmRule struct {
	// Metric is namespace/name, or metric math in one line in place of it, Statistic and Dimensions.
	Metric     string
	Statistic  string
	Comparison string
	Threshold  float64
	Period     time.Duration
	Periods    int
	Datapoints int
	Missing    string
	// Says is its description, which the mail has too; "" is its name.
	Says string
	// Once tells of ALARM alone, where what it tells of is over at once.
	Once bool
	// Dimensions are asked for when what the alarm watches is known.
	Dimensions func() map[string]string
}

// AlarmSpec is what we own of an alarm. Whether its actions are on is not ours:
// hibernate and scale mute alarms, and a plan must not undo that.
type AlarmSpec struct {
	Metric     string // namespace/name, or metric math in one line
	Dimensions string // Name=Value, sorted and joined by a space
	Statistic  string
	Comparison string
	Threshold  float64
	Period     time.Duration
	// Periods is how many periods are looked at, Datapoints how many of them must breach.
	Periods    int
	Datapoints int
	// Missing says what no data means: notBreaching or breaching.
	Missing string
	// Description is what it says, which the mail has too.
	Description string
	// Actions are the ARNs told of ALARM, OKActions those told of OK.
	Actions   string
	OKActions string
	Tags      cloud.Tags
}

// Alarm watches one metric, or an expression of several: $0.10 a month for each after ten free
// ones. Its id is its name.
// See alarm_rules.go for which there are.
type Alarm struct {
	engine.Ref
	*Env
	// Name is agent/what: validator/high-cpu, or what alone where no agent has it.
	Name string
	Rule AlarmRule
	// Refs are what the dimensions are taken from: the service's cluster, or the
	// load balancer and the target group.
	Refs  []engine.Node
	Topic *Topic
	// Policy is what it invokes in place of a topic, once a minute while it is in ALARM.
	Policy *ScalingPolicy
	// Others are topics of the user's own, by ARN, that it tells as well.
	Others []string
}

func (a *Alarm) alarmName() string { return a.Stack + "-" + strings.ReplaceAll(a.Name, "/", "-") }
func (a *Alarm) arn() string       { return a.Account.ARN("cloudwatch", "alarm:"+a.alarmName()) }
func (a *Alarm) Key() engine.Key   { return engine.Key("alarm/" + a.Name) }

// OfAgent is the agent that it belongs to, or "".
func (a *Alarm) OfAgent() string {
	agent, _, has := strings.Cut(a.Name, "/")
	if !has {
		return ""
	}
	return agent
}

func (a *Alarm) Needs() []engine.Node { return slices.Concat(a.Refs, nodes(a.Topic), nodes(a.Policy)) }

func (a *Alarm) Want() AlarmSpec {
	s := AlarmSpec{
		Metric: a.Rule.Metric, Statistic: a.Rule.Statistic, Comparison: a.Rule.Comparison, Threshold: a.Rule.Threshold,
		Period: a.Rule.Period, Periods: a.Rule.Periods, Datapoints: a.Rule.Datapoints, Missing: a.Rule.Missing, Description: "karmactl: " + cmp.Or(a.Rule.Says, a.Name), Tags: a.TagsOf(a.Key()),
	}
	if a.Rule.Dimensions != nil {
		s.Dimensions = joinDimensions(a.Rule.Dimensions())
	}
	told := a.Others
	if a.Topic != nil {
		told = append([]string{a.topicARN()}, told...)
	}
	switch s.Actions = joinTopics(told); {
	case a.Policy != nil:
		s.Actions = a.Policy.arn()
	case !a.Rule.Once:
		s.OKActions = s.Actions
	}
	return s
}

// joinTopics writes who is told in an order of its own: AWS's says nothing.
func joinTopics(arns []string) string { return strings.Join(slices.Sorted(slices.Values(arns)), " ") }

func alarmDimensions(all []types.Dimension) map[string]string {
	return cloud.FromSDK(all, func(d types.Dimension) (string, string) { return aws.ToString(d.Name), aws.ToString(d.Value) })
}

func joinDimensions(dims map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(dims)) {
		parts = append(parts, k+"="+dims[k])
	}
	return strings.Join(parts, " ")
}

func (a *Alarm) Find(ctx context.Context, look engine.Look) (engine.Found[AlarmSpec], error) {
	alarm, err := a.byName(ctx, look.NotOlder)
	if err != nil || alarm == nil {
		return engine.Found[AlarmSpec]{}, err
	}
	tags, err := a.ownTags(ctx, look, a.Key(), "CloudWatch alarm "+a.alarmName(), a.arn(), a.alarmTags().read)
	if tags == nil || err != nil {
		return engine.Found[AlarmSpec]{}, err
	}
	spec := AlarmSpec{
		Metric: aws.ToString(alarm.Namespace) + "/" + aws.ToString(alarm.MetricName), Dimensions: joinDimensions(alarmDimensions(alarm.Dimensions)),
		Statistic: string(alarm.Statistic), Comparison: string(alarm.ComparisonOperator), Threshold: aws.ToFloat64(alarm.Threshold),
		Period: time.Duration(aws.ToInt32(alarm.Period)) * time.Second, Periods: int(aws.ToInt32(alarm.EvaluationPeriods)),
		Datapoints: int(aws.ToInt32(alarm.DatapointsToAlarm)), Missing: aws.ToString(alarm.TreatMissingData), Description: aws.ToString(alarm.AlarmDescription),
		Actions: joinTopics(alarm.AlarmActions), OKActions: joinTopics(alarm.OKActions), Tags: tags,
	}
	if len(alarm.Metrics) > 0 {
		spec.Metric, spec.Period = mathText(alarm.Metrics), time.Duration(mathPeriod(alarm.Metrics))*time.Second
	}
	return engine.Found[AlarmSpec]{Phase: engine.Ready, ID: a.alarmName(), Spec: spec}, nil
}

func (a *Alarm) byName(ctx context.Context, notOlder time.Time) (*types.MetricAlarm, error) {
	all, err := cloud.List(ctx, a.Inventory, "alarm", notOlder, func(ctx context.Context) ([]types.MetricAlarm, error) {
		return cloud.Pages(ctx, cloudwatch.NewDescribeAlarmsPaginator(a.Clients.CloudWatch, &cloudwatch.DescribeAlarmsInput{
			AlarmNamePrefix: aws.String(a.Stack + "-"), AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, MaxRecords: aws.Int32(100),
		}), func(out *cloudwatch.DescribeAlarmsOutput) []types.MetricAlarm { return out.MetricAlarms })
	})
	for i := range all {
		if aws.ToString(all[i].AlarmName) == a.alarmName() {
			return &all[i], err
		}
	}
	return nil, err
}

func (a *Alarm) Diff(have, want AlarmSpec) []engine.Change {
	return changes(
		field("metric", have.Metric, want.Metric),
		field("dimensions", have.Dimensions, want.Dimensions),
		field("statistic", have.Statistic, want.Statistic),
		field("comparison", have.Comparison, want.Comparison),
		field("threshold", have.Threshold, want.Threshold),
		field("period", have.Period, want.Period),
		field("periods", have.Periods, want.Periods),
		field("datapoints", have.Datapoints, want.Datapoints),
		field("missing_data", have.Missing, want.Missing),
		field("description", have.Description, want.Description),
		field("actions", have.Actions, want.Actions),
		field("ok_actions", have.OKActions, want.OKActions),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create puts the alarm, which also replaces one of that name.
func (a *Alarm) Create(ctx context.Context, want AlarmSpec, _ string) (string, error) {
	return a.alarmName(), a.put(ctx, want, true)
}

func (a *Alarm) put(ctx context.Context, want AlarmSpec, enabled bool) error {
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(a.alarmName()), AlarmDescription: &want.Description, ActionsEnabled: &enabled,
		ComparisonOperator: types.ComparisonOperator(want.Comparison), Threshold: &want.Threshold,
		EvaluationPeriods: aws.Int32(int32(want.Periods)), DatapointsToAlarm: aws.Int32(int32(want.Datapoints)), TreatMissingData: &want.Missing,
		AlarmActions: strings.Fields(want.Actions), OKActions: strings.Fields(want.OKActions), Tags: toAlarmTags(want.Tags),
	}
	if in.Metrics = mathOf(want.Metric, int32(want.Period/time.Second)); in.Metrics == nil {
		cut := strings.LastIndexByte(want.Metric, '/')
		in.Namespace, in.MetricName = aws.String(want.Metric[:cut]), aws.String(want.Metric[cut+1:])
		in.Statistic, in.Period = types.Statistic(want.Statistic), aws.Int32(int32(want.Period/time.Second))
		for _, d := range strings.Fields(want.Dimensions) {
			name, value, _ := strings.Cut(d, "=")
			in.Dimensions = append(in.Dimensions, types.Dimension{Name: &name, Value: &value})
		}
	}
	return failure(a.Clients.CloudWatch.PutMetricAlarm(ctx, in))
}

// Update puts the alarm again when anything but its tags differs. That replaces
// everything but its state, so whether its actions are on is carried over.
func (a *Alarm) Update(ctx context.Context, _ string, have, want AlarmSpec) error {
	tags := have.Tags
	if have.Tags = want.Tags; len(a.Diff(have, want)) > 0 {
		alarm, err := a.byName(ctx, time.Time{})
		if err != nil {
			return err
		}
		if err := a.put(ctx, want, alarm == nil || aws.ToBool(alarm.ActionsEnabled)); err != nil {
			return err
		}
	}
	return a.alarmTags().update(ctx, a.arn(), tags, want.Tags)
}

// maxAlarms is how many one call deletes, and none of them when one is not there:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
const maxAlarms = 100

// Delete deletes the alarm, with others that go at the same time, and before it what mutes it by the clock.
func (a *Alarm) Delete(ctx context.Context, id string) error {
	if strings.HasSuffix(id, fewHealthySuffix) {
		rules, err := a.muteRulesOf(ctx, id)
		if err == nil {
			err = a.deleteMuteRules(ctx, rules)
		}
		if err != nil {
			return err
		}
	}
	return a.Batches.Do(ctx, "DeleteAlarms", maxAlarms, []string{id}, func(ctx context.Context, names []string) error {
		return failure(a.Clients.CloudWatch.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: names}))
	})
}

// TargetDimensions are the dimensions of a target group's metrics behind a load
// balancer, asked for once both are known.
func TargetDimensions(loadBalancer, targetGroup engine.Node) func() map[string]string {
	return func() map[string]string {
		return map[string]string{"LoadBalancer": metricSuffix(loadBalancer.ID()), "TargetGroup": metricSuffix(targetGroup.ID())}
	}
}

// metricSuffix is how CloudWatch names a load balancer or a target group: the
// end of its ARN, app/name/hash or targetgroup/name/hash. A placeholder stays.
func metricSuffix(arn string) string {
	if i := strings.LastIndexByte(arn, ':'); i >= 0 && !engine.IsUnknown(arn) {
		arn = arn[i+1:]
	}
	return strings.TrimPrefix(arn, "loadbalancer/")
}
