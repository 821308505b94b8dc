package logs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// QueryAPI is what a Logs Insights query needs of *cloudwatchlogs.Client.
type QueryAPI interface {
	StartQuery(context.Context, *cloudwatchlogs.StartQueryInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartQueryOutput, error)
	GetQueryResults(context.Context, *cloudwatchlogs.GetQueryResultsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetQueryResultsOutput, error)
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
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
		{"errors", "errors by message and agent, most frequent first", `fields @timestamp, @log, @message
| filter @message like /(?i)(\b(\d+m)?error\b|exception|traceback|panic:|critical|fatal)/
| parse @log /(?<agent>[^\/:]+)$/
| stats count(*) as errors, latest(@timestamp) as last by agent, substr(@message, 0, 120) as message
| sort errors desc
| limit 50`},
		{"requests", "requests by method, path and status", `fields @message, @log
| parse @message /(?<method>GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (?<path>\/[^ "?]*)[^ "]*(?: HTTP\/[\d.]+)?"? (?<status>\d{3})\b/
| filter ispresent(status)
| parse @log /(?<agent>[^\/:]+)$/
| stats count(*) as requests by agent, method, path, status
| sort requests desc
| limit 100`},
		{"response-time", "response times in ms over 5 minutes: median, p95, p99, most", `fields @message, @log
| parse @message /(?i)(?:duration|elapsed|response_time|latency|took)(?:_ms)?["']?\s*[:=]\s*(?<ms>[\d.]+)/
| filter ispresent(ms)
| parse @log /(?<agent>[^\/:]+)$/
| stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 95) as p95, pct(ms, 99) as p99, max(ms) as most by agent, bin(5m) as at
| sort at desc
| limit 100`},
		{"slow", "the slowest requests: over a second, slowest first", `fields @timestamp, @log, @message
| parse @message /(?i)(?:duration|elapsed|response_time|latency|took)(?:_ms)?["']?\s*[:=]\s*(?<ms>[\d.]+)/
| filter ms > 1000
| parse @log /(?<agent>[^\/:]+)$/
| display @timestamp, agent, ms, @message
| sort ms desc
| limit 50`},
	}
}

// FindQuery finds a query among own, which go before the queries that come with karmactl.
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

const (
	// queryPoll is how often results are asked for; Logs Insights takes a second or more.
	queryPoll = 500 * time.Millisecond
	// queryGroups and queryRows are how many log groups a query takes and how many rows it gives at most.
	queryGroups, queryRows = 50, 10_000
)

// Query is a named query over the log groups of some agents, for a time.
type Query struct {
	NamedQuery
	Groups []Group
	// Since and Until count in seconds, both included.
	Since, Until time.Time
	Clock        engine.Clock
	// Say is told what the user should know beside the result.
	Say func(string)
}

// Run runs the query and waits for its end. When ctx ends first, the query is stopped, because what it still scans
// costs. A log group that does not exist is said and passed over.
func (q Query) Run(ctx context.Context, api QueryAPI) (QueryResult, error) {
	if len(q.Groups) > queryGroups {
		return QueryResult{}, fmt.Errorf("query %s: Logs Insights takes %d log groups at once, and these are %d: name some agents", q.Name, queryGroups, len(q.Groups))
	}
	id, err := q.start(ctx, api)
	if cloud.Is(err, "ResourceNotFoundException") {
		if q.Groups, err = q.existing(ctx, api); err == nil {
			if len(q.Groups) == 0 {
				return QueryResult{Name: q.Name}, nil
			}
			id, err = q.start(ctx, api)
		}
	}
	if err != nil {
		return QueryResult{}, q.refused(err)
	}
	for {
		out, err := api.GetQueryResults(ctx, &cloudwatchlogs.GetQueryResultsInput{QueryId: id})
		if err == nil {
			switch out.Status {
			case types.QueryStatusComplete:
				return q.result(out), nil
			case types.QueryStatusFailed, types.QueryStatusCancelled, types.QueryStatusTimeout:
				return QueryResult{}, fmt.Errorf("query %s: %s: try a shorter time range", q.Name, strings.ToLower(string(out.Status)))
			}
			err = q.Clock.Wait(ctx, queryPoll)
		}
		if err != nil {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_, _ = api.StopQuery(stopping, &cloudwatchlogs.StopQueryInput{QueryId: id})
			return QueryResult{}, fmt.Errorf("query %s: %w", q.Name, err)
		}
	}
}

func (q Query) start(ctx context.Context, api QueryAPI) (id *string, err error) {
	in := &cloudwatchlogs.StartQueryInput{
		QueryString: aws.String(q.Text), StartTime: aws.Int64(q.Since.Unix()), EndTime: aws.Int64(q.Until.Unix()), Limit: aws.Int32(queryRows),
	}
	for _, g := range q.Groups {
		in.LogGroupNames = append(in.LogGroupNames, g.Name)
	}
	out, err := api.StartQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.QueryId, nil
}

// existing are the groups that exist: AWS refuses a query over one that does not.
func (q Query) existing(ctx context.Context, api QueryAPI) ([]Group, error) {
	var there []Group
	var absent []string
	for _, g := range q.Groups {
		out, err := api.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(g.Name)})
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out.LogGroups, func(l types.LogGroup) bool { return aws.ToString(l.LogGroupName) == g.Name }) {
			there = append(there, g)
		} else {
			absent = append(absent, g.Name)
		}
	}
	if len(absent) > 0 {
		q.Say(missing(absent, len(q.Groups), ": passed over"))
	}
	return there, nil
}

// refused says what can be done about a query that AWS does not take.
func (q Query) refused(err error) error {
	err = fmt.Errorf("query %s: %w", q.Name, err)
	switch {
	case cloud.Is(err, "LimitExceededException"):
		return fmt.Errorf("%w: as many queries run in this account as AWS allows: try again when one has ended", err)
	case cloud.Is(err, "MalformedQueryException"):
		return fmt.Errorf("%w: the query is\n%s", err, q.Text)
	}
	return err
}
