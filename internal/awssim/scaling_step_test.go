package awssim

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// TestAnAlarmIsInTheStateOfAWSsTables has both tables of "How alarm state is evaluated when data is missing": 0 is
// within the threshold, X is not, - is missing.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func TestAnAlarmIsInTheStateOfAWSsTables(t *testing.T) {
	const kept = "kept"
	for _, x := range []struct {
		points                                   string
		needed                                   int32
		missing, ignore, breaching, notBreaching string
	}{
		{"0 - X - X", 3, "OK", "OK", "OK", "OK"},
		{"0 - - - -", 3, "OK", "OK", "OK", "OK"},
		{"- - - - -", 3, "INSUFFICIENT_DATA", kept, "ALARM", "OK"},
		{"0 X X - X", 3, "ALARM", "ALARM", "ALARM", "ALARM"},
		{"- - X - -", 3, "ALARM", kept, "ALARM", "OK"},
		{"0 - X - X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
		{"0 0 X 0 X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
		{"0 - X - -", 2, "OK", "OK", "ALARM", "OK"},
		{"- - - - 0", 2, "OK", "OK", "ALARM", "OK"},
		{"- - - X -", 2, "ALARM", kept, "ALARM", "OK"},
	} {
		var points []mathValue
		for _, p := range strings.Fields(x.points) {
			points = append(points, map[string]mathValue{"0": {}, "X": {v: 2}, "-": {missing: true}}[p])
		}
		for treat, want := range map[string]string{"missing": x.missing, "ignore": x.ignore, "breaching": x.breaching, "notBreaching": x.notBreaching} {
			a := &cwtypes.MetricAlarm{
				StateValue: kept, EvaluationPeriods: aws.Int32(3), DatapointsToAlarm: &x.needed, TreatMissingData: &treat,
				Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
			}
			if got := verdict(a, points); string(got) != want {
				t.Errorf("%s, %d of 3, missing is %s: %s, not %s", x.points, x.needed, treat, got, want)
			}
		}
	}
}

func TestStepsThatAWSTakesNotAreRefused(t *testing.T) {
	step := func(low, high *float64, by int32) types.StepAdjustment {
		return types.StepAdjustment{MetricIntervalLowerBound: low, MetricIntervalUpperBound: high, ScalingAdjustment: &by}
	}
	zero, ten := aws.Float64(0), aws.Float64(10)
	sound := types.StepScalingPolicyConfiguration{AdjustmentType: types.AdjustmentTypeChangeInCapacity, StepAdjustments: []types.StepAdjustment{step(zero, ten, 1), step(ten, nil, 2)}}
	if err := validSteps(&sound); err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func(c *types.StepScalingPolicyConfiguration){
		"no type":  func(c *types.StepScalingPolicyConfiguration) { c.AdjustmentType = "" },
		"no steps": func(c *types.StepScalingPolicyConfiguration) { c.StepAdjustments = nil },
		"a gap": func(c *types.StepScalingPolicyConfiguration) {
			c.StepAdjustments[1].MetricIntervalLowerBound = aws.Float64(11)
		},
		"no end": func(c *types.StepScalingPolicyConfiguration) {
			c.StepAdjustments[1].MetricIntervalUpperBound = aws.Float64(20)
		},
		"both null": func(c *types.StepScalingPolicyConfiguration) {
			c.StepAdjustments = []types.StepAdjustment{step(nil, nil, 1)}
		},
		"a magnitude":      func(c *types.StepScalingPolicyConfiguration) { c.MinAdjustmentMagnitude = aws.Int32(1) },
		"more than twenty": func(c *types.StepScalingPolicyConfiguration) { c.StepAdjustments = make([]types.StepAdjustment, 21) },
		"a negative number": func(c *types.StepScalingPolicyConfiguration) {
			c.AdjustmentType, c.StepAdjustments[0].ScalingAdjustment = types.AdjustmentTypeExactCapacity, aws.Int32(-1)
		},
	} {
		c := sound
		c.StepAdjustments = append([]types.StepAdjustment{}, sound.StepAdjustments...)
		if edit(&c); validSteps(&c) == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// TestAnExactCapacityTakesTasksAway, as AWS has it, which is why nothing that wakes may use one.
func TestAnExactCapacityTakesTasksAway(t *testing.T) {
	for _, x := range []struct {
		kind  types.AdjustmentType
		by, n int
		want  int
	}{
		{types.AdjustmentTypeExactCapacity, 1, 5, -4},
		{types.AdjustmentTypeChangeInCapacity, 1, 5, 1},
		{types.AdjustmentTypePercentChangeInCapacity, 10, 5, 1},
		{types.AdjustmentTypePercentChangeInCapacity, 30, 11, 3},
		{types.AdjustmentTypePercentChangeInCapacity, 50, 0, 0},
	} {
		if got := adjustment(&types.StepScalingPolicyConfiguration{AdjustmentType: x.kind}, x.by, x.n); got != x.want {
			t.Errorf("%s %d of %d tasks: %d, not %d", x.kind, x.by, x.n, got, x.want)
		}
	}
}

func TestAnAlarmHasOneMetricOrMetricMath(t *testing.T) {
	math := func() *cw.PutMetricAlarmInput {
		return &cw.PutMetricAlarmInput{AlarmName: aws.String("a"), EvaluationPeriods: aws.Int32(1), Metrics: []cwtypes.MetricDataQuery{
			{Id: aws.String("m"), ReturnData: aws.Bool(false), MetricStat: &cwtypes.MetricStat{Period: aws.Int32(60), Stat: aws.String("Sum"), Metric: &cwtypes.Metric{Namespace: aws.String("n"), MetricName: aws.String("m")}}},
			{Id: aws.String("e"), Expression: aws.String("m * 2"), ReturnData: aws.Bool(true)},
		}}
	}
	if _, err := alarmPeriod(math()); err != nil {
		t.Fatal(err)
	}
	for what, edit := range map[string]func(in *cw.PutMetricAlarmInput){
		"both":            func(in *cw.PutMetricAlarmInput) { in.MetricName = aws.String("m") },
		"a period beside": func(in *cw.PutMetricAlarmInput) { in.Period = aws.Int32(60) },
		"an odd period":   func(in *cw.PutMetricAlarmInput) { in.Metrics[0].MetricStat.Period = aws.Int32(61) },
		"two results":     func(in *cw.PutMetricAlarmInput) { in.Metrics[0].ReturnData = nil },
		"an unknown id":   func(in *cw.PutMetricAlarmInput) { in.Metrics[1].Expression = aws.String("x * 2") },
		"itself":          func(in *cw.PutMetricAlarmInput) { in.Metrics[1].Expression = aws.String("e * 2") },
		"a number":        func(in *cw.PutMetricAlarmInput) { in.Metrics[1].Expression = aws.String("2") },
		"neither of them": func(in *cw.PutMetricAlarmInput) { in.Metrics = nil },
	} {
		in := math()
		if edit(in); func() error { _, err := alarmPeriod(in); return err }() == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
