package stack

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestOnlyTheAlarmsAndMetricsThatTheFileAsksForAreMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, "observability: {dashboard: false, error_metric: false, alarms: {kinds: [few-healthy, high-cpu]}}\n"+shaped("port: 8080")))
		var watching []string
		for _, o := range b.planStack().Outcomes {
			if slices.Contains([]string{"alarm", "metric-filter", "dashboard"}, o.Key.Kind()) {
				watching = append(watching, string(o.Key))
			}
		}
		slices.Sort(watching)
		if want := []string{"alarm/archive/high-cpu", "alarm/scout/few-healthy", "alarm/scout/high-cpu"}; !slices.Equal(watching, want) {
			t.Errorf("the plan has %q, want %q", watching, want)
		}
	})
}
