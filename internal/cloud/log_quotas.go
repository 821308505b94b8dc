package cloud

// LogQuotas are how many calls a second AWS grants an account of CloudWatch Logs in a region.
type LogQuotas struct {
	// Filter is of FilterLogEvents, Stream of GetLogEvents.
	Filter, Stream float64
}

// usualLogQuotas hold in the regions that regionLogQuotas does not name.
var usualLogQuotas = LogQuotas{Filter: 10, Stream: 25}

// regionLogQuotas is AWS's page "CloudWatch Logs quotas"
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl.html), as a copy of 2026 has it. None of
// them can be raised. The pace of a tail begins with them and learns from AWS's answers; the simulated AWS holds to them.
var regionLogQuotas = map[string]LogQuotas{
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

// LogQuotasOf are the quotas of a region.
func LogQuotasOf(region string) LogQuotas {
	if q, ok := regionLogQuotas[region]; ok {
		return q
	}
	return usualLogQuotas
}
