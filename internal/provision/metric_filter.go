package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// MetricFilterSpec is what we own of a metric filter.
type MetricFilterSpec struct {
	Pattern   string
	Namespace string
	Metric    string
	Value     string
}

// errorPattern matches a line with any of these words; each ? is an "or".
const errorPattern = `?ERROR ?Error ?error ?CRITICAL ?Traceback ?panic`

// MetricFilter counts the lines of an agent's log that look like errors, into a
// metric of ours: one of the ten that are free, then $0.30 a month, for the hours
// in which there are any: a default of 0 would bill it always. It has no
// tags: it belongs to the group that it is in, and its name is ours there.
type MetricFilter struct {
	engine.Ref
	*Env
	Group *LogGroup
}

// Name is the filter's name and id.
func (f *MetricFilter) Name() string { return f.Group.Agent + "-errors" }

func (f *MetricFilter) Key() engine.Key      { return engine.Key("metric-filter/" + f.Group.Agent) }
func (f *MetricFilter) OfAgent() string      { return f.Group.Agent }
func (f *MetricFilter) Needs() []engine.Node { return []engine.Node{f.Group} }

// Want is a filter that counts one a line.
func (f *MetricFilter) Want() MetricFilterSpec {
	return MetricFilterSpec{Pattern: errorPattern, Namespace: "karmactl/" + f.Stack, Metric: f.Name(), Value: "1"}
}

// Find looks among the filters of the account: a listing by prefix would take
// one call for each group.
func (f *MetricFilter) Find(ctx context.Context, look engine.Look) (engine.Found[MetricFilterSpec], error) {
	all, err := cloud.List(ctx, f.Inventory, "metric-filter", look.NotOlder, f.list)
	if err != nil {
		return engine.Found[MetricFilterSpec]{}, err
	}
	for _, m := range all {
		if aws.ToString(m.LogGroupName) != f.Group.Name() || aws.ToString(m.FilterName) != f.Name() {
			continue
		}
		found := engine.Found[MetricFilterSpec]{Phase: engine.Ready, ID: f.Name(), Spec: MetricFilterSpec{Pattern: aws.ToString(m.FilterPattern)}}
		for _, t := range m.MetricTransformations {
			found.Spec.Namespace, found.Spec.Metric, found.Spec.Value = aws.ToString(t.MetricNamespace), aws.ToString(t.MetricName), aws.ToString(t.MetricValue)
		}
		return found, nil
	}
	return engine.Found[MetricFilterSpec]{}, nil
}

func (f *MetricFilter) list(ctx context.Context) ([]types.MetricFilter, error) {
	return cloud.Pages(ctx, cloudwatchlogs.NewDescribeMetricFiltersPaginator(f.Clients.Logs, &cloudwatchlogs.DescribeMetricFiltersInput{}),
		func(out *cloudwatchlogs.DescribeMetricFiltersOutput) []types.MetricFilter { return out.MetricFilters })
}

func (f *MetricFilter) Diff(have, want MetricFilterSpec) []engine.Change {
	return changes(
		field("pattern", have.Pattern, want.Pattern),
		field("namespace", have.Namespace, want.Namespace),
		field("metric", have.Metric, want.Metric),
		field("value", have.Value, want.Value),
	)
}

func (f *MetricFilter) Create(ctx context.Context, want MetricFilterSpec, _ string) (string, error) {
	_, err := f.Clients.Logs.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{
		LogGroupName: aws.String(f.Group.Name()), FilterName: aws.String(f.Name()), FilterPattern: &want.Pattern,
		MetricTransformations: []types.MetricTransformation{{
			MetricNamespace: &want.Namespace, MetricName: &want.Metric, MetricValue: &want.Value,
		}},
	})
	return made(f.Name(), err)
}

// Update puts the filter again, which replaces it.
func (f *MetricFilter) Update(ctx context.Context, _ string, _, want MetricFilterSpec) error {
	return failure(f.Create(ctx, want, ""))
}

func (f *MetricFilter) Delete(ctx context.Context, id string) error {
	return failure(f.Clients.Logs.DeleteMetricFilter(ctx, &cloudwatchlogs.DeleteMetricFilterInput{LogGroupName: aws.String(f.Group.Name()), FilterName: &id}))
}
