package tail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// QueryAPI is what a Logs Insights query needs of *cloudwatchlogs.Client.
type QueryAPI interface {
	StartQuery(context.Context, *cloudwatchlogs.StartQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error)
	GetQueryResults(context.Context, *cloudwatchlogs.GetQueryResultsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error)
	StopQuery(context.Context, *cloudwatchlogs.StopQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StopQueryOutput, error)
}

// NamedQuery is a Logs Insights query with a name and a word on what it shows.
type NamedQuery struct {
	Name, About, Text string
}

// Queries are the queries that come with karmactl. They read what the agents' web server (uvicorn and FastAPI,
// or any that logs a status and a duration) writes.
func Queries() []NamedQuery {
	return []NamedQuery{
		{"errors", "errors by message and log group, most frequent first", `fields @timestamp, @log, @message
| filter @message like /(?i)(\berror\b|exception|traceback|critical|fatal)/
| parse @log /(?<group>[^:]+)$/
| stats count(*) as errors, latest(@timestamp) as last by group, substr(@message, 0, 120) as message
| sort errors desc
| limit 50`},
		{"requests", "requests by method, path and status", `fields @message, @log
| parse @message /"(?<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (?<path>[^ "?]+)[^"]*" (?<status>\d{3})/
| filter ispresent(status)
| parse @log /(?<group>[^:]+)$/
| stats count(*) as requests by group, method, path, status
| sort requests desc
| limit 100`},
		{"response-time", "response times in ms over 5 minutes: median, p95, p99, most", `fields @message, @log
| parse @message /(?i)(duration|elapsed|response_time|latency|took)(_ms)?["']?\s*[:=]\s*(?<ms>[\d.]+)/
| filter ispresent(ms)
| parse @log /(?<group>[^:]+)$/
| stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 99) as p99, max(ms) as most by group, bin(5m) as at
| sort at desc
| limit 100`},
		{"slow", "the slowest requests: over a second, slowest first", `fields @timestamp, @log, @message
| parse @message /(?i)(duration|elapsed|response_time|latency|took)(_ms)?["']?\s*[:=]\s*(?<ms>[\d.]+)/
| filter ms > 1000
| parse @log /(?<group>[^:]+)$/
| display @timestamp, group, ms, @message
| sort ms desc
| limit 50`},
	}
}

// FindQuery finds a query among own, which go before those that come with karmactl.
func FindQuery(name string, own []NamedQuery) (NamedQuery, error) {
	var names []string
	for _, q := range append(own[:len(own):len(own)], Queries()...) {
		if q.Name == name {
			return q, nil
		}
		names = append(names, q.Name)
	}
	return NamedQuery{}, fmt.Errorf("no query named %q: use one of %s", name, strings.Join(names, ", "))
}

// QueryResult is what a query found and what it cost.
type QueryResult struct {
	Name    string
	Columns []string
	Rows    [][]string
	// Matched and Scanned count events.
	Matched, Scanned float64
	BytesScanned     float64
	// Cost is in USD at $0.005 a GB scanned (us-east-1), GB taken as 10^9 bytes.
	Cost decimal.Decimal
}

// queryPoll is how often results are asked for; Logs Insights takes a second or more.
const queryPoll = 500 * time.Millisecond

// RunQuery runs q over the groups' log groups (50 at most) between since and until and waits for the end. When ctx
// ends first, the query is stopped, because what it goes on to scan costs.
func RunQuery(ctx context.Context, api QueryAPI, clock engine.Clock, groups []Group, q NamedQuery, since, until time.Time) (QueryResult, error) {
	in := &cloudwatchlogs.StartQueryInput{
		QueryString: aws.String(q.Text), StartTime: aws.Int64(since.Unix()), EndTime: aws.Int64(until.Unix()),
	}
	for _, g := range groups {
		in.LogGroupNames = append(in.LogGroupNames, g.Name)
	}
	started, err := api.StartQuery(ctx, in)
	if err != nil {
		return QueryResult{}, fmt.Errorf("start query %s: %w", q.Name, err)
	}
	for {
		out, err := api.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: started.QueryId})
		if err == nil {
			switch out.Status {
			case types.QueryStatusComplete:
				return resultOf(q, out), nil
			case types.QueryStatusFailed, types.QueryStatusCancelled, types.QueryStatusTimeout:
				return QueryResult{}, fmt.Errorf("query %s: %s: try a shorter time range", q.Name, strings.ToLower(string(out.Status)))
			}
			err = clock.Wait(ctx, queryPoll)
		}
		if err != nil {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_, _ = api.StopQuery(stopping, &cloudwatchlogs.StopQueryInput{QueryId: started.QueryId})
			return QueryResult{}, fmt.Errorf("query %s: %w", q.Name, err)
		}
	}
}

func resultOf(q NamedQuery, out *cloudwatchlogs.GetQueryResultsOutput) QueryResult {
	r := QueryResult{Name: q.Name}
	column := map[string]int{}
	for _, fields := range out.Results {
		for _, f := range fields {
			name := aws.ToString(f.Field)
			if _, ok := column[name]; !ok && name != "@ptr" {
				column[name] = len(r.Columns)
				r.Columns = append(r.Columns, name)
			}
		}
	}
	for _, fields := range out.Results {
		row := make([]string, len(r.Columns))
		for _, f := range fields {
			if i, ok := column[aws.ToString(f.Field)]; ok {
				row[i] = strings.TrimRight(aws.ToString(f.Value), "\n")
			}
		}
		r.Rows = append(r.Rows, row)
	}
	if s := out.Statistics; s != nil {
		r.Matched, r.Scanned, r.BytesScanned = s.RecordsMatched, s.RecordsScanned, s.BytesScanned
	}
	r.Cost = decimal.NewFromFloat(r.BytesScanned).Mul(decimal.New(5, -3)).Shift(-9).Round(6)
	return r
}

// WriteTable writes the result as a table, and under it what was scanned and what that cost.
func (r QueryResult) WriteTable(w io.Writer) error {
	var b strings.Builder
	widths := make([]int, len(r.Columns))
	lines := append([][]string{r.Columns}, r.Rows...)
	for _, row := range lines {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(plain(cell)))
		}
	}
	for _, row := range lines {
		for i, cell := range row {
			cell = plain(cell)
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		b.WriteByte('\n')
	}
	if len(r.Rows) == 0 {
		b.Reset()
		b.WriteString("nothing found\n")
	}
	fmt.Fprintf(&b, "\n%d rows · %.0f of %.0f events matched · %s scanned · $%s\n", len(r.Rows), r.Matched, r.Scanned, size(r.BytesScanned), r.Cost.StringFixed(6))
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the result as one document of kind LogQuery.
func (r QueryResult) WriteJSON(w io.Writer) error {
	rows := make([]map[string]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		m := map[string]string{}
		for i, cell := range row {
			m[r.Columns[i]] = cell
		}
		rows = append(rows, m)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Schema       string              `json:"schema"`
		Kind         string              `json:"kind"`
		Query        string              `json:"query"`
		Columns      []string            `json:"columns"`
		Rows         []map[string]string `json:"rows"`
		Matched      int64               `json:"matched"`
		Scanned      int64               `json:"scanned"`
		BytesScanned int64               `json:"bytes_scanned"`
		Cost         string              `json:"cost"`
	}{"karmactl/v1", "LogQuery", r.Name, r.Columns, rows, int64(r.Matched), int64(r.Scanned), int64(r.BytesScanned), r.Cost.String()})
}

// plain makes a cell one line without control characters.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}

func size(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for bytes >= 1000 && i < len(units)-1 {
		bytes /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return fmt.Sprintf("%.1f %s", bytes, units[i])
}
