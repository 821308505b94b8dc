package awssim

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/awssim/insights"
)

// logQuery is a query of Logs Insights that was started. Queries belong to the process and not to the world: no
// process asks for the results of another's.
type logQuery struct {
	started time.Time
	stopped bool
	result  insights.Result
	stats   types.QueryStatistics
}

const (
	// queryScheduled and queryRuns are how long a query waits and takes.
	queryScheduled = 300 * time.Millisecond
	queryRuns      = 1500 * time.Millisecond
	// maxQueries and maxQueryGroups are quotas:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
	maxQueries     = 30
	maxQueryGroups = 50
)

func (s *Sim) logQueryNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch Logs.StartQuery", s.startQuery, "LogGroupName", "LogGroupNames", "QueryString", "StartTime", "EndTime", "Limit"),
			on("CloudWatch Logs.GetQueryResults", s.getQueryResults, "QueryId"),
			on("CloudWatch Logs.StopQuery", s.stopQuery, "QueryId"),
		},
	}
}

func (q *logQuery) status(now time.Time) types.QueryStatus {
	switch age := now.Sub(q.started); {
	case q.stopped:
		return types.QueryStatusCancelled
	case age < queryScheduled:
		return types.QueryStatusScheduled
	case age < queryScheduled+queryRuns:
		return types.QueryStatusRunning
	}
	return types.QueryStatusComplete
}

func (s *Sim) startQuery(in *logs.StartQueryInput) (*logs.StartQueryOutput, error) {
	groups, err := s.queryGroups(in)
	if err != nil {
		return nil, err
	}
	limit := insights.MaxRows
	if in.Limit != nil {
		if limit = int(*in.Limit); limit < 1 || limit > insights.MaxRows {
			return nil, fail("InvalidParameterException", "limit must be between 1 and %d", insights.MaxRows)
		}
	}
	query, err := insights.Parse(aws.ToString(in.QueryString))
	if err != nil {
		return nil, fail("MalformedQueryException", "%v", err)
	}
	from, to := time.Unix(aws.ToInt64(in.StartTime), 0), time.Unix(aws.ToInt64(in.EndTime), 0)
	if to.Before(from) {
		return nil, fail("InvalidParameterException", "End time should not be before start time")
	}
	if !s.anyKept(groups, to) {
		return nil, fail("MalformedQueryException", "end date and time is either before the log groups creation time or exceeds the log groups log retention settings")
	}
	now, running := s.now(), 0
	for _, q := range s.queries {
		if st := q.status(now); st == types.QueryStatusRunning || st == types.QueryStatusScheduled {
			running++
		}
	}
	if running >= maxQueries {
		return nil, fail("LimitExceededException", "Account maximum query concurrency limit of [%d] reached.", maxQueries)
	}
	q := &logQuery{started: now}
	var rows []insights.Row
	for _, g := range groups {
		rows = append(rows, s.queryRows(g, from, to, &q.stats)...)
	}
	q.stats.LogGroupsScanned = float64(len(groups))
	q.result = query.Run(rows, limit)
	q.stats.RecordsMatched = float64(q.result.Matched)
	if s.queries == nil {
		s.queries = map[string]*logQuery{}
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", len(s.queries)+1)
	s.queries[id] = q
	return &logs.StartQueryOutput{QueryId: &id}, nil
}

func (s *Sim) queryGroups(in *logs.StartQueryInput) ([]*LogGroup, error) {
	names := in.LogGroupNames
	if in.LogGroupName != nil {
		names = append(names, *in.LogGroupName)
	}
	if len(names) == 0 || len(names) > maxQueryGroups || in.LogGroupName != nil && len(names) > 1 {
		return nil, fail("InvalidParameterException", "Exactly one of logGroupName and logGroupNames must be given, and at most %d log groups", maxQueryGroups)
	}
	var groups []*LogGroup
	for _, name := range names {
		g, err := s.logGroup(name)
		if err != nil {
			return nil, fail("ResourceNotFoundException", "Log group '%s' does not exist for account ID '%s'", name, s.world.Account)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// anyKept tells whether any of the groups can have something from before to.
func (s *Sim) anyKept(groups []*LogGroup, to time.Time) bool {
	for _, g := range groups {
		if !to.Before(g.Created.Truncate(time.Second)) && (g.RetentionDays == 0 || to.After(s.now().AddDate(0, 0, -g.RetentionDays))) {
			return true
		}
	}
	return false
}

// queryRows are a group's events between two moments, both included, as rows with the fields that AWS gives every
// event and the fields that it finds in a message of JSON.
func (s *Sim) queryRows(g *LogGroup, from, to time.Time, stats *types.QueryStatistics) []insights.Row {
	var rows []insights.Row
	for _, e := range s.events(g) {
		if !s.seen(e) || e.Timestamp < from.UnixMilli() || e.Timestamp > to.UnixMilli()+999 {
			continue
		}
		stats.RecordsScanned++
		stats.BytesScanned += float64(len(e.Message) + eventOverhead)
		row := insights.Row{At: e.Timestamp, Fields: map[string]string{
			"@timestamp": insights.Time(e.Timestamp), "@ingestionTime": insights.Time(e.Ingested), "@message": e.Message,
			"@logStream": e.Stream, "@log": s.world.Account + ":" + g.Name, "@ptr": e.ID,
		}}
		insights.Discover(row.Fields, e.Message)
		rows = append(rows, row)
	}
	return rows
}

func (s *Sim) query(id *string) (*logQuery, error) {
	q := s.queries[aws.ToString(id)]
	if q == nil {
		return nil, fail("ResourceNotFoundException", "The specified query does not exist.")
	}
	return q, nil
}

// getQueryResults gives nothing before the query has ended; AWS may give what it has so far.
func (s *Sim) getQueryResults(in *logs.GetQueryResultsInput) (*logs.GetQueryResultsOutput, error) {
	q, err := s.query(in.QueryId)
	if err != nil {
		return nil, err
	}
	out := &logs.GetQueryResultsOutput{Status: q.status(s.now()), Statistics: &types.QueryStatistics{}, QueryLanguage: types.QueryLanguageCwli}
	if out.Status != types.QueryStatusComplete {
		return out, nil
	}
	out.Statistics = &q.stats
	for _, r := range q.result.Rows {
		var row []types.ResultField
		for _, c := range q.result.Columns {
			if v, ok := r.Fields[c]; ok {
				row = append(row, types.ResultField{Field: aws.String(c), Value: aws.String(v)})
			}
		}
		out.Results = append(out.Results, row)
	}
	return out, nil
}

func (s *Sim) stopQuery(in *logs.StopQueryInput) (*logs.StopQueryOutput, error) {
	q, err := s.query(in.QueryId)
	if err != nil {
		return nil, err
	}
	if st := q.status(s.now()); st != types.QueryStatusRunning && st != types.QueryStatusScheduled {
		return nil, fail("InvalidParameterException", "Query with ID [%s] is already ended with status [%s]", *in.QueryId, st)
	}
	q.stopped = true
	return &logs.StopQueryOutput{Success: true}, nil
}
