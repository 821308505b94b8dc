package cost

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
)

// explorer answers like Cost Explorer, and keeps what it was asked.
type explorer struct {
	asked []*costexplorer.GetCostAndUsageInput
	tag   types.CostAllocationTagStatus
	err   error
	// empty: nothing is counted by the tag. tagAsked counts the questions about it.
	empty    bool
	tagAsked int
}

func (e *explorer) GetCostAndUsage(_ context.Context, in *costexplorer.GetCostAndUsageInput, _ ...func(*costexplorer.Options)) (*costexplorer.GetCostAndUsageOutput, error) {
	copied := *in
	e.asked = append(e.asked, &copied)
	if e.empty {
		return &costexplorer.GetCostAndUsageOutput{}, e.err
	}
	group := func(name, usd string) types.Group {
		return types.Group{Keys: []string{name}, Metrics: map[string]types.MetricValue{"UnblendedCost": {Amount: &usd, Unit: aws.String("USD")}}}
	}
	out := &costexplorer.GetCostAndUsageOutput{ResultsByTime: []types.ResultByTime{{Estimated: true, Groups: []types.Group{group("Amazon Elastic Container Service", "9.90"), group("EC2 - Other", "7.20")}}}}
	if in.NextPageToken == nil {
		out.NextPageToken = aws.String("more")
	} else {
		out.ResultsByTime[0].Groups = []types.Group{group("EC2 - Other", "0.30"), group("Amazon Lex", "1.00")}
	}
	return out, e.err
}

func (e *explorer) ListCostAllocationTags(context.Context, *costexplorer.ListCostAllocationTagsInput, ...func(*costexplorer.Options)) (*costexplorer.ListCostAllocationTagsOutput, error) {
	e.tagAsked++
	if e.tag == "" {
		return nil, context.Canceled
	}
	return &costexplorer.ListCostAllocationTagsOutput{CostAllocationTags: []types.CostAllocationTag{{TagKey: aws.String("karmactl:stack"), Status: e.tag}}}, nil
}

var (
	october    = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	midMonth   = time.Date(2026, 10, 11, 12, 0, 0, 0, time.UTC)
	afterwards = time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
)

func TestCostExplorerIsAskedForWholeMonthsByTheStacksTag(t *testing.T) {
	for _, c := range []struct {
		now  time.Time
		end  string
		name string
	}{{midMonth, "2026-10-12", "a month that runs ends with tomorrow"}, {afterwards, "2026-11-01", "a month that is over ends with the first of the next"}} {
		api := &explorer{tag: types.CostAllocationTagStatusActive}
		a, err := Spend(context.Background(), api, "karmacadabra-prod", october, c.now)
		if err != nil {
			t.Fatal(err)
		}
		in := api.asked[0]
		if got := aws.ToString(in.TimePeriod.Start) + " " + aws.ToString(in.TimePeriod.End); got != "2026-10-01 "+c.end {
			t.Errorf("%s: it is asked for %s", c.name, got)
		}
		if in.Metrics[0] != "UnblendedCost" || aws.ToString(in.Filter.Tags.Key) != "karmactl:stack" || in.Filter.Tags.Values[0] != "karmacadabra-prod" {
			t.Errorf("it is asked for %v by %v", in.Metrics, in.Filter.Tags)
		}
		if len(api.asked) != 2 || a.Total.String() != "18.4" || a.Services[1].USD.String() != "7.5" {
			t.Errorf("%d pages add up to %s: %v", len(api.asked), a.Total, a.Services)
		}
	}
}

func TestAMonthThatHasNotBegunIsRefused(t *testing.T) {
	if _, err := Spend(context.Background(), &explorer{}, "s", afterwards.AddDate(0, 1, 0), afterwards); err == nil {
		t.Error("next month has a bill")
	}
}

func TestAnAnswerIsKeptForEightHours(t *testing.T) {
	dir, api := t.TempDir(), &explorer{tag: types.CostAllocationTagStatusActive}
	for _, c := range []struct {
		later time.Duration
		asked int
	}{{0, 2}, {time.Hour, 2}, {7*time.Hour + 59*time.Minute, 2}, {8 * time.Hour, 4}} {
		a, err := CachedSpend(context.Background(), api, dir, "123456789012", "karmacadabra-prod", october, midMonth.Add(c.later))
		if err != nil {
			t.Fatal(err)
		}
		if len(api.asked) != c.asked || a.Total.String() != "18.4" {
			t.Errorf("after %s: %d requests, %s", c.later, len(api.asked), a.Total)
		}
	}
}

func TestATagThatIsNotActiveIsSaidWithTheCommandThatActivatesIt(t *testing.T) {
	for tag, want := range map[types.CostAllocationTagStatus]string{
		types.CostAllocationTagStatusInactive: "is not active in billing",
		types.CostAllocationTagStatusActive:   "at a cent",
		"":                                    "only the account that pays may ask",
	} {
		a, err := Spend(context.Background(), &explorer{tag: tag, empty: true}, "s", october, midMonth)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(a.Caveats(), "\n")
		if !strings.Contains(text, want) || strings.Contains(text, Activate) == (tag == types.CostAllocationTagStatusActive) {
			t.Errorf("with the tag %q it says:\n%s", tag, text)
		}
	}
}

// Each request to Cost Explorer is billed, the one for the tag's state too.
func TestEveryRequestIsCountedAndNoneIsMadeForWhatIsKnown(t *testing.T) {
	for _, empty := range []bool{false, true} {
		api := &explorer{tag: types.CostAllocationTagStatusActive, empty: empty}
		a, err := Spend(context.Background(), api, "s", october, midMonth)
		if err != nil {
			t.Fatal(err)
		}
		if a.Requests != len(api.asked)+api.tagAsked || api.tagAsked > 0 != empty {
			t.Errorf("nothing counted %t: %d requests are told, %d were made, %d of them for the tag", empty, a.Requests, len(api.asked)+api.tagAsked, api.tagAsked)
		}
	}
}

func TestTheDifferenceIsExplainedByLine(t *testing.T) {
	a, err := Spend(context.Background(), &explorer{tag: types.CostAllocationTagStatusActive}, "karmacadabra-prod", october, midMonth)
	if err != nil {
		t.Fatal(err)
	}
	e := estimate(t, config(t, "agents.yaml"))
	why := map[string]string{}
	for _, l := range Compare(e, a, prices(t), midMonth) {
		why[l.Service] = USD(l.Estimated) + " " + USD(l.Actual) + " " + l.Why
	}
	for service, want := range map[string]string{
		"Amazon Elastic Container Service": "4.95 9.90 more tasks than scale.min, rollouts, or Spot prices that have gone up",
		"Amazon Lex":                       "0.00 1.00 not part of the estimate: something else carries the stack's tag",
		"Amazon Elastic Load Balancing":    "5.77 0.00 it was not there all the time, or carries no tags",
	} {
		if why[service] != want {
			t.Errorf("%s: %s", service, why[service])
		}
	}
}
