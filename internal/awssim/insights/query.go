// Package insights is the language of CloudWatch Logs Insights: a query is read,
// and makes rows of rows. It knows no account, no clock and no log group.
//
// It has what karmactl's own queries and everyday ones need: fields, display,
// filter, parse, stats, sort and limit. What it does not know is an error, as a
// command that does not exist is with AWS.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
package insights

import (
	"strconv"
	"time"
)

// MaxRows is how many rows a query gives at most:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const MaxRows = 10_000

// Row is an event, or a line of statistics, on its way through a query.
type Row struct {
	// At is the event's time in milliseconds since 1970.
	At     int64
	Fields map[string]string
}

// Result is what a query makes of rows.
type Result struct {
	// Columns are the names of the fields that are shown, in order.
	Columns []string
	Rows    []Row
	// Matched is how many events got as far as statistics, a limit, or the end.
	Matched int
}

// timeLayout is how Logs Insights writes a time.
const timeLayout = "2006-01-02 15:04:05.000"

// Time writes a time, given in milliseconds since 1970, as Logs Insights does.
func Time(ms int64) string { return time.UnixMilli(ms).UTC().Format(timeLayout) }

// asNumber reads what Logs Insights counts with: a number, or a time as milliseconds.
func asNumber(v string) (float64, bool) {
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		return f, true
	}
	if t, err := time.Parse(timeLayout, v); err == nil {
		return float64(t.UnixMilli()), true
	}
	return 0, false
}
