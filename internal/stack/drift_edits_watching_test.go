package stack

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	xraytypes "github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

func watchingDrifts() []drift {
	dashboards := []drift{
		{"dashboard", "body", func(w *awssim.World) bool {
			for k := range w.Dashboards {
				w.Dashboards[k] = `{"widgets":[]}`
			}
			return len(w.Dashboards) == 1
		}},
		{"dashboard", "", func(w *awssim.World) bool { clear(w.Dashboards); return true }},
		{"topic", "policy", func(w *awssim.World) bool {
			for _, x := range w.Topics {
				x.Policy = allowsNothing
			}
			return len(w.Topics) == 1
		}},
	}
	return append(append(append(dashboards, alarmDrifts()...), logDrifts()...), accountDrifts()...)
}

func alarmDrifts() []drift {
	const key = "alarm/validator/high-cpu"
	alarm := func(edit func(*cwtypes.MetricAlarm)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			return one(w.Alarms, key, alarmTags, func(a *awssim.Alarm) { edit(&a.Alarm) })
		}
	}
	return []drift{
		{key, "threshold", alarm(func(a *cwtypes.MetricAlarm) { a.Threshold = aws.Float64(1) })},
		{key, "period", alarm(func(a *cwtypes.MetricAlarm) { a.Period = aws.Int32(3600) })},
		{key, "periods", alarm(func(a *cwtypes.MetricAlarm) { a.EvaluationPeriods = aws.Int32(20) })},
		{key, "datapoints", alarm(func(a *cwtypes.MetricAlarm) { a.DatapointsToAlarm = aws.Int32(1) })},
		{key, "missing_data", alarm(func(a *cwtypes.MetricAlarm) { a.TreatMissingData = aws.String("ignore") })},
		{key, "description", alarm(func(a *cwtypes.MetricAlarm) { a.AlarmDescription = aws.String("by hand") })},
		{key, "statistic", alarm(func(a *cwtypes.MetricAlarm) { a.Statistic = cwtypes.StatisticMinimum })},
		{key, "comparison", alarm(func(a *cwtypes.MetricAlarm) { a.ComparisonOperator = cwtypes.ComparisonOperatorLessThanThreshold })},
		{key, "metric", alarm(func(a *cwtypes.MetricAlarm) { a.MetricName = aws.String("MemoryUtilization") })},
		{key, "dimensions", alarm(func(a *cwtypes.MetricAlarm) { a.Dimensions = a.Dimensions[:1] })},
		{key, "actions", alarm(func(a *cwtypes.MetricAlarm) { a.AlarmActions = nil })},
		{key, "ok_actions", alarm(func(a *cwtypes.MetricAlarm) { a.OKActions = nil })},
		{key, "", func(w *awssim.World) bool {
			for k, a := range w.Alarms {
				if a.Tags["karmactl:key"] == key {
					delete(w.Alarms, k)
					return true
				}
			}
			return false
		}},
	}
}

func logDrifts() []drift {
	group := func(edit func(*awssim.LogGroup)) func(*awssim.World) bool {
		return func(w *awssim.World) bool { return one(w.LogGroups, "log-group/validator", logGroupTags, edit) }
	}
	filter := func(edit func(*awssim.MetricFilter)) func(*awssim.World) bool {
		return group(func(g *awssim.LogGroup) {
			for _, f := range g.Filters {
				edit(f)
			}
		})
	}
	return []drift{
		{"log-group/validator", "retention_days", group(func(g *awssim.LogGroup) { g.RetentionDays = 0 })},
		{"metric-filter/validator", "pattern", filter(func(f *awssim.MetricFilter) { f.Pattern = "other" })},
		{"metric-filter/validator", "namespace", filter(func(f *awssim.MetricFilter) { f.Namespace = "other" })},
		{"metric-filter/validator", "metric", filter(func(f *awssim.MetricFilter) { f.Metric = "other" })},
		{"metric-filter/validator", "value", filter(func(f *awssim.MetricFilter) { f.Value = "7" })},
		{"metric-filter/validator", "", group(func(g *awssim.LogGroup) { clear(g.Filters) })},
	}
}

// accountDrifts are those of the sampling rule and the budget.
func accountDrifts() []drift {
	sampling := func(edit func(*xraytypes.SamplingRule)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			for _, r := range w.SamplingRules {
				edit(&r.Rule)
			}
			return len(w.SamplingRules) == 1
		}
	}
	budget := func(edit func(*awssim.Budget)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			for _, x := range w.Budgets {
				edit(x)
			}
			return len(w.Budgets) == 1
		}
	}
	return []drift{
		{"sampling-rule", "rate", sampling(func(r *xraytypes.SamplingRule) { r.FixedRate = 1 })},
		{"sampling-rule", "service", sampling(func(r *xraytypes.SamplingRule) { r.ServiceName = aws.String("*") })},
		{"sampling-rule", "requests", sampling(func(r *xraytypes.SamplingRule) { r.URLPath = aws.String("/health") })},
		{"sampling-rule", "reservoir", sampling(func(r *xraytypes.SamplingRule) { r.ReservoirSize = 100 })},
		{"sampling-rule", "priority", sampling(func(r *xraytypes.SamplingRule) { r.Priority = aws.Int32(9999) })},
		{"budget", "limit", budget(func(x *awssim.Budget) { x.Limit = "9999" })},
		{"budget", "filter", budget(func(x *awssim.Budget) { x.Filters = map[string][]string{"TagKeyValue": {"user:Project$other"}} })},
		{"budget", "notices", budget(func(x *awssim.Budget) { x.Notifications = x.Notifications[1:] })},
		{"budget", "notices", budget(func(x *awssim.Budget) { x.Notifications[0].Emails = []string{"somebody@example.com"} })},
	}
}
