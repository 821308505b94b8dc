package awssim

import (
	"cmp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
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

// TestAnAlarmThatIsPutAgainKeepsItsState, and one that AWS would not take is refused.
func TestAnAlarmThatIsPutAgainKeepsItsState(t *testing.T) {
	s, c := account(t)
	put := func(edit func(in *cw.PutMetricAlarmInput)) error {
		in := &cw.PutMetricAlarmInput{
			AlarmName: aws.String("a"), EvaluationPeriods: aws.Int32(1), Period: aws.Int32(60), Namespace: aws.String("n"), MetricName: aws.String("m"),
			Statistic: cwtypes.StatisticSum, Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorGreaterThanThreshold,
		}
		edit(in)
		_, err := c.CloudWatch.PutMetricAlarm(t.Context(), in)
		return err
	}
	if err := put(func(*cw.PutMetricAlarmInput) {}); err != nil {
		t.Fatal(err)
	}
	must[*cw.SetAlarmStateOutput](t)(c.CloudWatch.SetAlarmState(t.Context(), &cw.SetAlarmStateInput{AlarmName: aws.String("a"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("by hand")}))
	if err := put(func(in *cw.PutMetricAlarmInput) { in.Threshold = aws.Float64(2) }); err != nil {
		t.Fatal(err)
	}
	if a := s.world.Alarms["a"].Alarm; a.StateValue != cwtypes.StateValueAlarm || *a.StateReason != "by hand" || *a.Threshold != 2 {
		t.Errorf("it is %s, %s, with a threshold of %v", a.StateValue, *a.StateReason, *a.Threshold)
	}
	for what, edit := range map[string]func(in *cw.PutMetricAlarmInput){
		"no threshold":  func(in *cw.PutMetricAlarmInput) { in.Threshold = nil },
		"no comparison": func(in *cw.PutMetricAlarmInput) { in.ComparisonOperator = "" },
		"no statistic":  func(in *cw.PutMetricAlarmInput) { in.Statistic = "" },
		"a topic of another region": func(in *cw.PutMetricAlarmInput) {
			in.AlarmActions = []string{"arn:aws:sns:ap-south-1:123456789012:on-call"}
		},
		"no ARN": func(in *cw.PutMetricAlarmInput) { in.OKActions = []string{"arn:on-call"} },
	} {
		refused(t, what, put(edit), "ValidationError")
	}
}

// TestTwoChangesOfOneScalableTargetAtOnceAreOneTooMany, as AWS has it of its policies and scheduled actions.
func TestTwoChangesOfOneScalableTargetAtOnceAreOneTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Clock: engine.RealClock{}, Latency: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		c := cloud.NewClients(s.Config())
		id := aws.String("service/x/validator")
		if err := s.Edit(func(w *World) {
			w.ScalableTargets[*id] = &ScalableTarget{ID: *id, Policies: map[string]*ScalingPolicy{}, Schedule: map[string]*ScheduledAction{}}
		}); err != nil {
			t.Fatal(err)
		}
		put := func(name string) error {
			_, err := c.AutoScaling.PutScheduledAction(t.Context(), &aas.PutScheduledActionInput{
				ServiceNamespace: types.ServiceNamespaceEcs, ScalableDimension: types.ScalableDimensionECSServiceDesiredCount, ResourceId: id, ScheduledActionName: &name,
				Schedule: aws.String("rate(1 hour)"), ScalableTargetAction: &types.ScalableTargetAction{MinCapacity: aws.Int32(0), MaxCapacity: aws.Int32(0)},
			})
			return err
		}
		both := make(chan error, 2)
		for _, name := range []string{"a", "b"} {
			go func() { both <- put(name) }()
		}
		first, second := <-both, <-both
		if (first == nil) == (second == nil) {
			t.Fatalf("at once: %v, %v", first, second)
		}
		refused(t, "the second of two", cmp.Or(first, second), "ConcurrentUpdateException")
		if err := put("c"); err != nil {
			t.Errorf("after the others: %v", err)
		}
	})
}
