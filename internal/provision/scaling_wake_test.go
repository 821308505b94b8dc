package provision

import (
	"slices"
	"testing"
)

func TestMetricMathIsReadBackAsItWasWrittenInWhateverOrderAWSHasTheDimensions(t *testing.T) {
	const text = "tasks = SampleCount of AWS/ECS/CPUUtilization ClusterName=a ServiceName=b; running = FILL(tasks, 0)"
	queries := mathOf(text, 60)
	if got := mathText(queries); got != text {
		t.Errorf("it is read back as %s", got)
	}
	slices.Reverse(queries[0].MetricStat.Metric.Dimensions)
	if got := mathText(queries); got != text {
		t.Errorf("in another order it is read back as %s", got)
	}
}
