package fleet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Usage is a percentage now, and over the last hour in twelve parts.
type Usage = document.Usage

// measures are what CloudWatch has of an agent. Nil is not known.
type measures struct {
	cpu, memory *Usage
	errors      *int
}

const (
	// parts is how many parts a sparkline has.
	parts = 12
	// measureEvery: the metrics are by the minute, so asking more often costs and tells nothing.
	measureEvery = time.Minute
	// maxQueries of one GetMetricData.
	maxQueries = 500
)

// measure asks for all metrics of all agents in one call. GetMetricData costs
// $0.01 for a thousand metrics: five agents are $0.00015 a look. The free
// GetMetricStatistics would take a call for each metric.
func (w *Watcher) measure(ctx context.Context, services []types.Service, groups map[string]string) (map[string]measures, error) {
	if now := w.Clock.Now(); w.measured != nil && now.Sub(w.at) < measureEvery {
		return w.measured, nil
	}
	balancers, err := w.balancers(ctx, groups)
	if err != nil {
		return nil, err
	}
	end := w.Clock.Now().UTC().Truncate(time.Minute).Add(time.Minute)
	start := end.Add(-time.Hour)
	var queries []cwtypes.MetricDataQuery
	for i, s := range services {
		name := aws.ToString(s.ServiceName)
		service := dimensions("ClusterName", w.Cluster, "ServiceName", tasks.ID(aws.ToString(s.ServiceArn)))
		queries = append(queries,
			query(fmt.Sprintf("c%d", i), "AWS/ECS", "CPUUtilization", "Average", service),
			query(fmt.Sprintf("m%d", i), "AWS/ECS", "MemoryUtilization", "Average", service))
		if lb := balancers[groups[name]]; lb != "" {
			queries = append(queries, query(fmt.Sprintf("e%d", i), "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum",
				dimensions("LoadBalancer", afterSlash(lb), "TargetGroup", "targetgroup/"+afterSlash(groups[name]))))
		}
	}
	values := map[string]cwtypes.MetricDataResult{}
	results, err := cloud.Chunks(ctx, queries, maxQueries, func(ctx context.Context, part []cwtypes.MetricDataQuery) ([]cwtypes.MetricDataResult, error) {
		return cloud.Pages(ctx, cloudwatch.NewGetMetricDataPaginator(w.Metrics, &cloudwatch.GetMetricDataInput{
			MetricDataQueries: part, StartTime: &start, EndTime: &end, ScanBy: cwtypes.ScanByTimestampAscending,
		}), func(out *cloudwatch.GetMetricDataOutput) []cwtypes.MetricDataResult { return out.MetricDataResults })
	})
	if err != nil {
		return nil, err
	}
	for _, r := range results { // a metric's values may continue on the next page
		v := values[aws.ToString(r.Id)]
		v.Timestamps, v.Values = append(v.Timestamps, r.Timestamps...), append(v.Values, r.Values...)
		values[aws.ToString(r.Id)] = v
	}
	w.measured, w.at = map[string]measures{}, w.Clock.Now()
	for i, s := range services {
		m := measures{cpu: usage(values[fmt.Sprintf("c%d", i)], start), memory: usage(values[fmt.Sprintf("m%d", i)], start)}
		if balancers[groups[aws.ToString(s.ServiceName)]] != "" {
			sum := 0.0
			for _, v := range values[fmt.Sprintf("e%d", i)].Values {
				sum += v
			}
			m.errors = aws.Int(int(sum))
		}
		w.measured[aws.ToString(s.ServiceName)] = m
	}
	return w.measured, nil
}

// balancers are the load balancers' ARNs by target group: CloudWatch has the
// count of 5xx only for both together.
func (w *Watcher) balancers(ctx context.Context, groups map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for part := range slices.Chunk(slices.Sorted(maps.Values(groups)), 20) {
		all, err := w.Targets.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: part})
		if err != nil {
			return nil, err
		}
		for _, g := range all.TargetGroups {
			for _, lb := range g.LoadBalancerArns {
				out[aws.ToString(g.TargetGroupArn)] = lb
			}
		}
	}
	return out, nil
}

// usage sorts the values of an hour into parts.
func usage(r cwtypes.MetricDataResult, start time.Time) *Usage {
	if len(r.Values) == 0 {
		return nil
	}
	u := &Usage{Hour: make([]*float64, parts)}
	sums, counts := make([]float64, parts), make([]int, parts)
	newest := time.Time{}
	for i, v := range r.Values {
		at := min(max(int(r.Timestamps[i].Sub(start)/(time.Hour/parts)), 0), parts-1)
		sums[at] += v
		counts[at]++
		if !r.Timestamps[i].Before(newest) {
			newest, u.Now = r.Timestamps[i], v
		}
	}
	for i, n := range counts {
		if n > 0 {
			u.Hour[i] = aws.Float64(sums[i] / float64(n))
		}
	}
	return u
}

func query(id, namespace, metric, stat string, dims []cwtypes.Dimension) cwtypes.MetricDataQuery {
	return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
		Metric: &cwtypes.Metric{Namespace: &namespace, MetricName: &metric, Dimensions: dims}, Period: aws.Int32(60), Stat: &stat,
	}}
}

func dimensions(pairs ...string) []cwtypes.Dimension {
	var out []cwtypes.Dimension
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, cwtypes.Dimension{Name: aws.String(pairs[i]), Value: aws.String(pairs[i+1])})
	}
	return out
}

// afterSlash is what CloudWatch calls a load balancer (app/NAME/ID) or, with
// targetgroup/ before it, a target group (NAME/ID).
func afterSlash(arn string) string {
	_, rest, _ := strings.Cut(arn, "/")
	return rest
}
