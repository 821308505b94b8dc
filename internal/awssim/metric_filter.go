package awssim

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// MetricFilter is a simulated metric filter of a log group.
type MetricFilter struct {
	Name      string
	Pattern   string
	Metric    string
	Namespace string
	Value     string
	Default   *float64
	Created   time.Time
}

func (s *Sim) metricFilterNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch Logs.PutMetricFilter", s.putMetricFilter, "LogGroupName", "FilterName", "FilterPattern", "MetricTransformations"),
			on("CloudWatch Logs.DescribeMetricFilters", s.describeMetricFilters, "LogGroupName", "FilterNamePrefix").pages("MetricFilters", 50, 50),
			on("CloudWatch Logs.DeleteMetricFilter", s.deleteMetricFilter, "LogGroupName", "FilterName"),
		},
	}
}

// filtersPerGroup is AWS's quota: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const filtersPerGroup = 100

func (s *Sim) putMetricFilter(in *logs.PutMetricFilterInput) (*logs.PutMetricFilterOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.FilterName)
	if name == "" || len(name) > 512 || strings.ContainsAny(name, ":*") || len(in.MetricTransformations) != 1 {
		return nil, fail("InvalidParameterException", "1 validation error detected: filterName or metricTransformations is not valid")
	}
	if _, err := matcher(aws.ToString(in.FilterPattern)); err != nil {
		return nil, err
	}
	t := in.MetricTransformations[0]
	if len(t.Dimensions) > 0 && t.DefaultValue != nil {
		return nil, fail("InvalidParameterException", "Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
	}
	if g.Filters[name] == nil && len(g.Filters) >= filtersPerGroup {
		return nil, fail("LimitExceededException", "Resource limit exceeded.")
	}
	g.Filters[name] = &MetricFilter{
		Name: name, Pattern: aws.ToString(in.FilterPattern), Metric: aws.ToString(t.MetricName), Namespace: aws.ToString(t.MetricNamespace),
		Value: aws.ToString(t.MetricValue), Default: t.DefaultValue, Created: s.now(),
	}
	return &logs.PutMetricFilterOutput{}, nil
}

func (s *Sim) describeMetricFilters(in *logs.DescribeMetricFiltersInput) (*logs.DescribeMetricFiltersOutput, error) {
	if in.LogGroupName != nil {
		if _, err := s.logGroup(*in.LogGroupName); err != nil {
			return nil, err
		}
	}
	var all []types.MetricFilter
	for _, g := range sorted(s.world.LogGroups) {
		if in.LogGroupName != nil && *in.LogGroupName != g.Name {
			continue
		}
		for _, f := range sorted(g.Filters) {
			// The prefix only counts together with a group.
			if in.LogGroupName != nil && !strings.HasPrefix(f.Name, aws.ToString(in.FilterNamePrefix)) {
				continue
			}
			all = append(all, types.MetricFilter{
				LogGroupName: &g.Name, FilterName: &f.Name, FilterPattern: &f.Pattern, CreationTime: aws.Int64(f.Created.UnixMilli()),
				MetricTransformations: []types.MetricTransformation{{MetricName: &f.Metric, MetricNamespace: &f.Namespace, MetricValue: &f.Value, DefaultValue: f.Default}},
			})
		}
	}
	out := &logs.DescribeMetricFiltersOutput{}
	out.MetricFilters = all
	return out, nil
}

func (s *Sim) deleteMetricFilter(in *logs.DeleteMetricFilterInput) (*logs.DeleteMetricFilterOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	if g.Filters[aws.ToString(in.FilterName)] == nil {
		return nil, fail("ResourceNotFoundException", "The specified metric filter does not exist.")
	}
	delete(g.Filters, aws.ToString(in.FilterName))
	return &logs.DeleteMetricFilterOutput{}, nil
}

// matcher is an unstructured filter pattern: plain words must all be there, of
// the words with a ? one must, and a word with a - must not. Patterns of JSON
// and of columns are not simulated.
func matcher(pattern string) (func(message string) bool, error) {
	pattern = strings.TrimSpace(pattern)
	if strings.HasPrefix(pattern, "{") || strings.HasPrefix(pattern, "[") || strings.HasPrefix(pattern, "%") {
		return nil, fail("InvalidParameterException", "Invalid filter pattern: only words are simulated: %s", pattern)
	}
	if strings.Count(pattern, `"`)%2 == 1 {
		return nil, fail("InvalidParameterException", "Invalid filter pattern: %s", pattern)
	}
	var all, anyOf, none []string
	for pattern != "" {
		list := &all
		switch pattern[0] {
		case '?':
			list, pattern = &anyOf, pattern[1:]
		case '-':
			list, pattern = &none, pattern[1:]
		}
		word := ""
		if rest, ok := strings.CutPrefix(pattern, `"`); ok {
			word, pattern, _ = strings.Cut(rest, `"`)
		} else {
			word, pattern, _ = strings.Cut(pattern, " ")
		}
		*list = append(*list, word)
		pattern = strings.TrimSpace(pattern)
	}
	return func(m string) bool {
		for _, w := range none {
			if strings.Contains(m, w) {
				return false
			}
		}
		for _, w := range all {
			if !strings.Contains(m, w) {
				return false
			}
		}
		for _, w := range anyOf {
			if strings.Contains(m, w) {
				return true
			}
		}
		return len(anyOf) == 0
	}, nil
}
