package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/shopspring/decimal"
)

func (s *Sim) costExplorerNoun() noun {
	return noun{
		ops: []operation{
			on("Cost Explorer.GetCostAndUsage", s.getCostAndUsage, "Granularity", "Metrics", "TimePeriod", "Filter", "GroupBy", "NextPageToken"),
			on("Cost Explorer.ListCostAllocationTags", s.listCostAllocationTags, "TagKeys", "Type", "Status", "MaxResults", "NextToken"),
			on("Cost Explorer.UpdateCostAllocationTagsStatus", s.updateCostAllocationTags, "CostAllocationTagsStatus"),
		},
	}
}

// getCostAndUsage bills what is there now for the part of the period in which
// it was: what has gone is forgotten. A tag that is not active counts nothing.
func (s *Sim) getCostAndUsage(in *costexplorer.GetCostAndUsageInput) (*costexplorer.GetCostAndUsageOutput, error) {
	from, err := time.Parse(time.DateOnly, aws.ToString(in.TimePeriod.Start))
	if err != nil {
		return nil, fail("ValidationException", "Start time %s is invalid. Valid format is: yyyy-MM-dd.", aws.ToString(in.TimePeriod.Start))
	}
	to, err := time.Parse(time.DateOnly, aws.ToString(in.TimePeriod.End))
	if err != nil {
		return nil, fail("ValidationException", "End time %s is invalid. Valid format is: yyyy-MM-dd.", aws.ToString(in.TimePeriod.End))
	}
	if !from.Before(to) {
		return nil, fail("ValidationException", "Start date (and hour) should be before end date (and hour)")
	}
	if in.Granularity != types.GranularityMonthly || !slices.Equal(in.Metrics, []string{"UnblendedCost"}) {
		return nil, fmt.Errorf("awssim: cost by %s in %v is not simulated", in.Granularity, in.Metrics)
	}
	if in.Filter == nil || in.Filter.Tags == nil || len(in.GroupBy) != 1 || aws.ToString(in.GroupBy[0].Key) != "SERVICE" {
		return nil, fmt.Errorf("awssim: cost is simulated for a tag, by service")
	}
	tag := in.Filter.Tags
	spent := map[string]decimal.Decimal{}
	for _, m := range s.meter() {
		value, ok := m.tags[aws.ToString(tag.Key)]
		if !ok || !slices.Contains(tag.Values, value) || !s.world.CostAllocationTags[aws.ToString(tag.Key)] {
			continue
		}
		begin, end := m.since, s.now()
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		if end.After(begin) {
			spent[m.service] = spent[m.service].Add(m.hourly.Mul(decimal.NewFromFloat(end.Sub(begin).Hours())))
		}
	}
	result := types.ResultByTime{Estimated: s.now().Before(to), TimePeriod: in.TimePeriod, Groups: []types.Group{}}
	names, next, err := billPage(s.pageSize(3), slices.Sorted(maps.Keys(spent)), aws.ToString(in.NextPageToken))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		result.Groups = append(result.Groups, types.Group{
			Keys: []string{name}, Metrics: map[string]types.MetricValue{"UnblendedCost": {Amount: aws.String(spent[name].StringFixed(10)), Unit: aws.String("USD")}},
		})
	}
	return &costexplorer.GetCostAndUsageOutput{ResultsByTime: []types.ResultByTime{result}, GroupDefinitions: in.GroupBy, NextPageToken: next}, nil
}

// billPage is three services or fewer, so that no caller takes the first page for the bill.
func billPage(size int, names []string, token string) ([]string, *string, error) {
	from := 0
	if token != "" {
		var err error
		if from, err = strconv.Atoi(token); err != nil || from <= 0 || from >= len(names) {
			return nil, nil, fail("InvalidNextTokenException", "The pagination token is invalid. Try again without a pagination token.")
		}
	}
	if to := from + size; to < len(names) {
		return names[from:to], aws.String(strconv.Itoa(to)), nil
	}
	return names[from:], nil, nil
}

func (s *Sim) listCostAllocationTags(in *costexplorer.ListCostAllocationTagsInput) (*costexplorer.ListCostAllocationTagsOutput, error) {
	if len(in.TagKeys) == 0 {
		return nil, fmt.Errorf("awssim: all cost allocation tags at once are not simulated")
	}
	seen := map[string]bool{}
	for _, m := range s.meter() {
		for k := range m.tags {
			seen[k] = true
		}
	}
	out := &costexplorer.ListCostAllocationTagsOutput{}
	for _, k := range in.TagKeys {
		status := types.CostAllocationTagStatusInactive
		if s.world.CostAllocationTags[k] {
			status = types.CostAllocationTagStatusActive
		}
		if (seen[k] || s.world.CostAllocationTags[k]) && (in.Status == "" || in.Status == status) {
			out.CostAllocationTags = append(out.CostAllocationTags, types.CostAllocationTag{TagKey: aws.String(k), Status: status, Type: types.CostAllocationTagTypeUserDefined})
		}
	}
	return out, nil
}

func (s *Sim) updateCostAllocationTags(in *costexplorer.UpdateCostAllocationTagsStatusInput) (*costexplorer.UpdateCostAllocationTagsStatusOutput, error) {
	if len(in.CostAllocationTagsStatus) > 20 {
		return nil, fail("ValidationException", "at most 20 tags a call")
	}
	for _, t := range in.CostAllocationTagsStatus {
		s.world.CostAllocationTags[aws.ToString(t.TagKey)] = t.Status == types.CostAllocationTagStatusActive
	}
	return &costexplorer.UpdateCostAllocationTagsStatusOutput{}, nil
}
