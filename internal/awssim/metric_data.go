package awssim

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

func (s *Sim) metricDataNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch.GetMetricData", s.getMetricData, "MetricDataQueries", "StartTime", "EndTime", "ScanBy", "NextToken"),
		},
	}
}

// getMetricData answers for the metrics that agents have by the minute. A metric
// that was not reported has no values; it is not an error.
func (s *Sim) getMetricData(in *cw.GetMetricDataInput) (*cw.GetMetricDataOutput, error) {
	if n := len(in.MetricDataQueries); n == 0 || n > 500 {
		return nil, fail("ValidationError", "The collection MetricDataQueries must have a size between 1 and 500.")
	}
	if !aws.ToTime(in.StartTime).Before(aws.ToTime(in.EndTime)) {
		return nil, fail("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
	}
	out := &cw.GetMetricDataOutput{}
	ids := map[string]bool{}
	for _, q := range in.MetricDataQueries {
		id := aws.ToString(q.Id)
		if id == "" || id[0] < 'a' || id[0] > 'z' || ids[id] {
			return nil, fail("ValidationError", "The value %q of Id is not unique or does not begin with a lowercase letter.", id)
		}
		ids[id] = true
		if q.MetricStat == nil || q.MetricStat.Metric == nil || aws.ToInt32(q.MetricStat.Period) != 60 {
			return nil, fail("ValidationError", "awssim: only metrics by the minute are simulated")
		}
		r := types.MetricDataResult{Id: q.Id, Label: q.MetricStat.Metric.MetricName, StatusCode: types.StatusCodeComplete}
		for at := in.StartTime.Truncate(time.Minute); at.Before(*in.EndTime) && at.Add(time.Minute).Before(s.now()); at = at.Add(time.Minute) {
			if v, ok := s.metricAt(q.MetricStat.Metric, at); ok {
				r.Timestamps, r.Values = append(r.Timestamps, at), append(r.Values, v)
			}
		}
		if in.ScanBy != types.ScanByTimestampAscending { // newest first is AWS's own order
			slices.Reverse(r.Timestamps)
			slices.Reverse(r.Values)
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
	}
	return out, nil
}

// metricAt is the value of a metric in the minute from at on.
func (s *Sim) metricAt(m *types.Metric, at time.Time) (float64, bool) {
	dims := map[string]string{}
	for _, d := range m.Dimensions {
		dims[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	switch aws.ToString(m.Namespace) + " " + aws.ToString(m.MetricName) {
	case "AWS/ECS CPUUtilization":
		return s.load(dims, at, 14, 9)
	case "AWS/ECS MemoryUtilization":
		return s.load(dims, at, 41, 2)
	case "AWS/Scheduler InvocationDroppedCount":
		return s.dropped(dims["ScheduleGroup"], at, time.Minute)
	case "AWS/ApplicationELB RequestCount":
		for arn, minutes := range s.requests {
			if n := minutes[at.Unix()/60]; n > 0 && strings.HasSuffix(arn, ":loadbalancer/"+dims["LoadBalancer"]) {
				return float64(n), true
			}
		}
	case "AWS/ApplicationELB HTTPCode_Target_5XX_Count":
		for arn, n := range s.world.TargetErrors {
			// All of them in one minute, ten minutes ago.
			if n > 0 && strings.HasSuffix(arn, dims["TargetGroup"]) && at.Equal(s.now().Add(-10*time.Minute).Truncate(time.Minute)) {
				return float64(n), true
			}
		}
	}
	return 0, false
}

// load goes up and down over half an hour, from when the first task that still runs began.
func (s *Sim) load(dims map[string]string, at time.Time, middle, swing float64) (float64, bool) {
	for _, t := range s.world.Tasks {
		name := t.Service[strings.LastIndexByte(t.Service, '/')+1:]
		if t.Cluster == dims["ClusterName"] && name == dims["ServiceName"] && t.Status == "RUNNING" && !at.Before(t.Started.Truncate(time.Minute)) {
			phase := float64(at.Unix()/60%30)/30*2*math.Pi + float64(len(name))
			return middle + swing*math.Sin(phase), true
		}
	}
	return 0, false
}
