package cost

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Explorer is the part of Cost Explorer that Spend asks.
type Explorer interface {
	GetCostAndUsage(context.Context, *costexplorer.GetCostAndUsageInput, ...func(*costexplorer.Options)) (*costexplorer.GetCostAndUsageOutput, error)
	ListCostAllocationTags(context.Context, *costexplorer.ListCostAllocationTagsInput, ...func(*costexplorer.Options)) (*costexplorer.ListCostAllocationTagsOutput, error)
}

// TagState is whether the bill knows the stack's tag.
type TagState string

// The states. Unknown: only the payer's account may ask.
const (
	TagActive   TagState = "active"
	TagInactive TagState = "inactive"
	TagUnknown  TagState = "unknown"
)

// Actual is what Cost Explorer says a stack did cost. Its figures are 8 to 24
// hours behind.
type Actual struct {
	Stack string `json:"stack"`
	// From and To are days; To is not part of it, as AWS counts.
	From string `json:"from"`
	To   string `json:"to"`
	// Services are AWS's own names, the dearest first.
	Services []ServiceSpend  `json:"services"`
	Total    decimal.Decimal `json:"total"`
	// Estimated: the month is not closed.
	Estimated bool      `json:"estimated"`
	Tag       TagState  `json:"tag"`
	AskedAt   time.Time `json:"asked_at"`
	// Requests is how many were made, at a cent each; 0 when it came from the cache.
	Requests int `json:"requests"`
}

// ServiceSpend is one line of the bill.
type ServiceSpend struct {
	Service string          `json:"service"`
	USD     decimal.Decimal `json:"usd"`
}

// Spend asks Cost Explorer for a month, by the stack's tag: UnblendedCost by
// service. A month that has not ended is asked up to and including today.
func Spend(ctx context.Context, api Explorer, stack string, month, now time.Time) (*Actual, error) {
	from, to, err := period(month, now)
	if err != nil {
		return nil, err
	}
	a := &Actual{Stack: stack, From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), AskedAt: now.UTC(), Tag: TagActive}
	in := &costexplorer.GetCostAndUsageInput{
		Granularity: types.GranularityMonthly,
		Metrics:     []string{"UnblendedCost"},
		TimePeriod:  &types.DateInterval{Start: &a.From, End: &a.To},
		Filter:      &types.Expression{Tags: &types.TagValues{Key: aws.String(cloud.TagStack), Values: []string{stack}, MatchOptions: []types.MatchOption{types.MatchOptionEquals}}},
		GroupBy:     []types.GroupDefinition{{Type: types.GroupDefinitionTypeDimension, Key: aws.String("SERVICE")}},
	}
	for {
		out, err := api.GetCostAndUsage(ctx, in)
		a.Requests++
		if err != nil {
			return nil, fmt.Errorf("cost explorer does not answer for %s: %w", a.From[:7], err)
		}
		if err := a.collect(out.ResultsByTime); err != nil {
			return nil, err
		}
		if in.NextPageToken = out.NextPageToken; aws.ToString(in.NextPageToken) == "" {
			break
		}
	}
	// What is found by the tag shows that it is active. To ask costs a cent.
	if len(a.Services) == 0 {
		a.Tag = tagState(ctx, api)
		a.Requests++
	}
	sort.SliceStable(a.Services, func(i, j int) bool { return a.Services[i].USD.GreaterThan(a.Services[j].USD) })
	return a, nil
}

// period is the month as Cost Explorer wants it: the end is exclusive, so a
// month ends with the first of the next, and today with tomorrow.
func period(month, now time.Time) (from, to time.Time, err error) {
	from = time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, time.UTC)
	to = from.AddDate(0, 1, 0)
	tomorrow := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	if to.After(tomorrow) {
		to = tomorrow
	}
	if !from.Before(to) {
		return from, to, fmt.Errorf("%s has not begun: there is nothing spent in it", from.Format("2006-01"))
	}
	return from, to, nil
}

func (a *Actual) collect(results []types.ResultByTime) error {
	for _, r := range results {
		a.Estimated = a.Estimated || r.Estimated
		for _, g := range r.Groups {
			amount := aws.ToString(g.Metrics["UnblendedCost"].Amount)
			usd, err := decimal.NewFromString(amount)
			if err != nil {
				return fmt.Errorf("cost explorer says %q for %v: %w", amount, g.Keys, err)
			}
			name := ""
			if len(g.Keys) > 0 {
				name = g.Keys[0]
			}
			i := slices.IndexFunc(a.Services, func(s ServiceSpend) bool { return s.Service == name })
			if i < 0 {
				i = len(a.Services)
				a.Services = append(a.Services, ServiceSpend{Service: name})
			}
			a.Services[i].USD = a.Services[i].USD.Add(usd)
			a.Total = a.Total.Add(usd)
		}
	}
	return nil
}

// tagState asks whether the tag is active in billing. Who may not ask gets
// Unknown: it is no reason to show no figures.
func tagState(ctx context.Context, api Explorer) TagState {
	out, err := api.ListCostAllocationTags(ctx, &costexplorer.ListCostAllocationTagsInput{TagKeys: []string{cloud.TagStack}, Type: types.CostAllocationTagTypeUserDefined})
	if err != nil {
		return TagUnknown
	}
	for _, t := range out.CostAllocationTags {
		if aws.ToString(t.TagKey) == cloud.TagStack && t.Status == types.CostAllocationTagStatusActive {
			return TagActive
		}
	}
	return TagInactive
}

// Activate is how the bill gets to know the stack's tag.
const Activate = "aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=" + cloud.TagStack + ",Status=Active"

// Caveats are what the figures do not say.
func (a *Actual) Caveats() []string {
	var out []string
	switch a.Tag {
	case TagInactive:
		out = append(out, "the tag "+cloud.TagStack+" is not active in billing, so nothing is counted: in the account that pays, run "+Activate+
			"; a new tag shows up there within a day, counts another day later, and not for the time before")
	case TagUnknown:
		out = append(out, "whether the tag "+cloud.TagStack+" is active in billing only the account that pays may ask; if nothing is counted, it runs "+Activate)
	}
	out = append(out, "Cost Explorer is 8 to 24 hours behind; alarms, metrics and data transfer carry no tags and are not in its figures")
	if a.Requests > 0 {
		out = append(out, fmt.Sprintf("asking cost $%s: %s at a cent; the answer is kept for %d hours", USD(decimal.New(int64(a.Requests), -2)), cloud.Count(a.Requests, "request"), int(keepFor.Hours())))
	} else {
		out = append(out, "asked "+a.AskedAt.Format(time.RFC3339)+", kept since: asking again costs a cent")
	}
	return out
}
