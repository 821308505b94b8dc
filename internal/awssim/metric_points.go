package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// MetricPoint is one data point of a metric that something follows.
type MetricPoint struct {
	At    time.Time
	Value float64
}

const (
	// keptPoints is for how long data points are kept: more than any alarm here looks back.
	keptPoints = 30 * time.Minute
	// latePoint is how long after its minute a data point is there, and lateECS that of ECS. AWS promises
	// neither; what reads both must not take the one that is later for none.
	latePoint = time.Minute
	lateECS   = 2 * time.Minute
	// beyond is how many more data points an alarm reads than its evaluation periods, in case some
	// are missing: "the 5 most recent data points" for an alarm of 3.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
	beyond = 2
)

// pointsOf is what a metric's data points are kept by: namespace, name, statistic and dimensions.
func pointsOf(m *cwtypes.MetricStat) string {
	words := []string{aws.ToString(m.Metric.Namespace), aws.ToString(m.Metric.MetricName), aws.ToString(m.Stat)}
	for _, d := range m.Metric.Dimensions {
		words = append(words, aws.ToString(d.Name)+"="+aws.ToString(d.Value))
	}
	slices.Sort(words[3:])
	return strings.Join(words, " ")
}

// followed are the metrics that alarms by metric math look at, those of target tracking among them, each once.
func (s *Sim) followed() map[string]*cwtypes.MetricStat {
	all := map[string]*cwtypes.MetricStat{}
	for _, a := range s.world.Alarms {
		for _, q := range a.Alarm.Metrics {
			if q.MetricStat != nil {
				all[pointsOf(q.MetricStat)] = q.MetricStat
			}
		}
	}
	return all
}

// settleMetrics keeps what the followed metrics come to in this minute.
func (s *Sim) settleMetrics() {
	minute := s.now().Truncate(time.Minute)
	if !minute.After(s.world.Sampled) {
		return
	}
	followed := s.followed()
	if len(followed) == 0 {
		return
	}
	s.world.Sampled = minute
	s.settleQueues(minute)
	for name, m := range followed {
		kept := slices.DeleteFunc(s.world.Metrics[name], func(p MetricPoint) bool { return minute.Sub(p.At) >= keptPoints })
		if v := s.statistic(m); !v.missing {
			kept = append(kept, MetricPoint{minute, v.v})
		}
		s.world.Metrics[name] = kept
	}
}

// lastPoints are the data points of a metric at the last n minutes, oldest first, as far as they are there.
func (s *Sim) lastPoints(m *cwtypes.MetricStat, n int) []mathValue {
	minute, late := s.now().Truncate(time.Minute), latePoint
	if aws.ToString(m.Metric.Namespace) == "AWS/ECS" {
		late = lateECS
	}
	out := slices.Repeat([]mathValue{{missing: true}}, n)
	for _, p := range s.world.Metrics[pointsOf(m)] {
		ago := int(minute.Sub(p.At) / time.Minute)
		if ago < n && minute.Sub(p.At) >= late {
			out[n-1-ago] = mathValue{v: p.Value}
		}
	}
	return out
}

// mathPoints is what metric math comes to at the last n minutes.
func (s *Sim) mathPoints(queries []cwtypes.MetricDataQuery, n int) []mathValue {
	under := map[string]bool{}
	var of func(id string) ([]mathValue, bool)
	of = func(id string) ([]mathValue, bool) {
		at := slices.IndexFunc(queries, func(q cwtypes.MetricDataQuery) bool { return aws.ToString(q.Id) == id })
		if at < 0 || under[id] {
			return nil, false
		}
		if m := queries[at].MetricStat; m != nil {
			return s.lastPoints(m, n), true
		}
		under[id] = true
		defer delete(under, id)
		v, err := evaluate(aws.ToString(queries[at].Expression), n, s.world.EmptySeries, of)
		return v, err == nil
	}
	for _, q := range queries {
		if q.ReturnData == nil || *q.ReturnData {
			if v, ok := of(aws.ToString(q.Id)); ok {
				return v
			}
		}
	}
	return slices.Repeat([]mathValue{{missing: true}}, n)
}

// validQueries: each query is an expression or a metric, and one alone is returned.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
func validQueries(code string, queries []cwtypes.MetricDataQuery) error {
	ids := map[string]bool{}
	returned, metrics := 0, 0
	for _, q := range queries {
		id := aws.ToString(q.Id)
		if id == "" || id[0] < 'a' || id[0] > 'z' || ids[id] || (q.Expression == nil) == (q.MetricStat == nil) {
			return fail(code, "The metric data query %q must have an Id of its own that begins with a lowercase letter, and an Expression or a MetricStat.", id)
		}
		if m := q.MetricStat; m != nil {
			metrics++
			if m.Metric == nil || aws.ToString(m.Metric.Namespace) == "" || aws.ToString(m.Metric.MetricName) == "" || aws.ToString(m.Stat) == "" {
				return fail(code, "MetricStat of %q must have a Metric and a Stat.", id)
			}
		}
		ids[id] = true
		if q.ReturnData == nil || *q.ReturnData {
			returned++
		}
	}
	if returned != 1 {
		return fail(code, "Exactly one element of the metrics list should return data.")
	}
	if metrics > 10 || len(queries)-metrics > 10 {
		return fail(code, "The collection Metrics must have at most 10 metrics and 10 expressions.")
	}
	for _, q := range queries {
		if q.Expression == nil {
			continue
		}
		known := func(id string) ([]mathValue, bool) { return []mathValue{{v: 1}}, ids[id] && id != *q.Id }
		if _, err := evaluate(*q.Expression, 1, emptyFilled, known); err != nil {
			return fail(code, "%s", err.Error())
		}
	}
	return nil
}

// judge brings an alarm to its state by its last data points, and has it tell of one that has changed.
func (s *Sim) judge(a *cwtypes.MetricAlarm, points []mathValue) {
	state := verdict(a, points)
	if state == a.StateValue {
		return
	}
	a.StateValue, a.StateUpdatedTimestamp = state, aws.Time(s.now())
	a.StateReason = aws.String("Threshold Crossed: the newest data points make it " + string(state))
	s.alarmTells(a)
}

// verdict is the state of an alarm by its last data points, of which it reads more than it needs: the newest that
// exist decide, and what is missing is filled in only where too few exist.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func verdict(a *cwtypes.MetricAlarm, points []mathValue) cwtypes.StateValue {
	periods := int(aws.ToInt32(a.EvaluationPeriods))
	needed := periods
	if a.DatapointsToAlarm != nil {
		needed = int(*a.DatapointsToAlarm)
	}
	there := slices.DeleteFunc(slices.Clone(points), func(p mathValue) bool { return p.missing })
	there = there[max(0, len(there)-periods):]
	breaching := 0
	for _, p := range there {
		if breaches(a, p.v) {
			breaching++
		}
	}
	missing := aws.ToString(a.TreatMissingData)
	switch {
	case len(there) == 0 && missing == "ignore":
		return a.StateValue
	case len(there) == 0 && missing != "breaching" && missing != "notBreaching":
		return cwtypes.StateValueInsufficientData
	case missing == "breaching":
		breaching += periods - len(there)
	case breaching < len(there) || breaching >= needed || missing == "notBreaching":
	case missing == "ignore":
		return a.StateValue
	case oldest(points[len(points)-periods:]) >= needed:
		return cwtypes.StateValueAlarm
	}
	if breaching >= needed {
		return cwtypes.StateValueAlarm
	}
	return cwtypes.StateValueOk
}

// oldest is how old the oldest data point is, 1 for the newest: "alarms are designed to always go into ALARM state when
// the oldest available breaching datapoint during the Evaluation Periods number of data points is at least as old as the
// value of Datapoints to Alarm, and all other more recent data points are breaching or missing".
func oldest(points []mathValue) int {
	at := slices.IndexFunc(points, func(p mathValue) bool { return !p.missing })
	if at < 0 {
		return 0
	}
	return len(points) - at
}

func breaches(a *cwtypes.MetricAlarm, v float64) bool {
	threshold := aws.ToFloat64(a.Threshold)
	switch a.ComparisonOperator {
	case cwtypes.ComparisonOperatorGreaterThanThreshold:
		return v > threshold
	case cwtypes.ComparisonOperatorGreaterThanOrEqualToThreshold:
		return v >= threshold
	case cwtypes.ComparisonOperatorLessThanThreshold:
		return v < threshold
	default:
		return v <= threshold
	}
}
