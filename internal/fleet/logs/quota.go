package logs

// Quotas are how many calls a second AWS grants an account in a region.
type Quotas struct {
	// Filter is of FilterLogEvents, Stream of GetLogEvents.
	Filter, Stream float64
}

// usualQuotas hold in the regions that regionQuotas does not name.
var usualQuotas = Quotas{Filter: 10, Stream: 25}

// regionQuotas is AWS's page "CloudWatch Logs quotas"
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl.html), as a copy of 2026 has it. None of
// them can be raised. The pace only begins with them: it learns from AWS's answers.
var regionQuotas = map[string]Quotas{
	"us-east-1":      {Filter: 25, Stream: 25},
	"us-west-2":      {Filter: 10, Stream: 10},
	"eu-west-1":      {Filter: 10, Stream: 10},
	"eu-west-3":      {Filter: 10, Stream: 30},
	"eu-central-1":   {Filter: 5, Stream: 10},
	"ap-northeast-3": {Filter: 5, Stream: 10},
	"ap-southeast-3": {Filter: 5, Stream: 10},
	"ca-west-1":      {Filter: 5, Stream: 10},
	"il-central-1":   {Filter: 5, Stream: 10},
}

// QuotasOf are the quotas of a region.
func QuotasOf(region string) Quotas {
	if q, ok := regionQuotas[region]; ok {
		return q
	}
	return usualQuotas
}

const (
	// filterShare is how much of FilterLogEvents' quota the pace takes: two calls of a hundred are room for clocks that differ.
	filterShare = 0.98
	// streamShare is how much of GetLogEvents' quota the pace takes. The rest is for the console and other tools.
	streamShare = 0.9
)
