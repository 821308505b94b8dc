//go:build wire

package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// CloudWatch speaks CBOR with the SDK for Go, which only ministack understands.
func TestAlarmsAndTheDashboardOverTheWire(t *testing.T) {
	a := ministack().open(t, nil)
	cfg := whole(t)
	a.keys(t, cfg)
	l := a.newLife(t, cfg)
	l.up(t)

	client := cloud.NewClients(a.plain).CloudWatch
	stack := cfg.Project + "-" + cfg.Environment
	out, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &stack})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	high := 0
	for _, alarm := range out.MetricAlarms {
		names = append(names, aws.ToString(alarm.AlarmName))
		if strings.HasSuffix(aws.ToString(alarm.AlarmName), "-high-cpu") {
			high++
			if aws.ToFloat64(alarm.Threshold) != float64(cfg.Observability.Alarms.CPUPercent) || len(alarm.Dimensions) != 2 || len(alarm.AlarmActions) != 1 || alarm.Period == nil {
				t.Errorf("%s is %+v", aws.ToString(alarm.AlarmName), alarm)
			}
		}
	}
	if high != len(cfg.Agents) {
		t.Errorf("the alarms are %v", names)
	}

	// Muted alarms stay muted: their actions are not the plan's.
	if _, err := client.DisableAlarmActions(t.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: names}); err != nil {
		t.Fatal(err)
	}
	if res := l.plan(t); res.Changes() {
		t.Errorf("the plan wants muted alarms back:%s", orders(res))
	}

	board, err := client.GetDashboard(t.Context(), &cloudwatch.GetDashboardInput{DashboardName: aws.String(stack + "-" + cfg.Region)})
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Widgets []struct{ Type string } }
	if err := json.Unmarshal([]byte(aws.ToString(board.DashboardBody)), &body); err != nil || len(body.Widgets) == 0 {
		t.Errorf("the dashboard has %d widgets: %v", len(body.Widgets), err)
	}
}
