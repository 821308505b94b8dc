package awssim

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// LogEvent is one event of a log group. Times are milliseconds.
type LogEvent struct {
	ID        string
	Stream    string
	Timestamp int64
	Ingested  int64
	Message   string
}

func (s *Sim) logEventNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch Logs.PutLogEvents", s.putLogEvents, "LogGroupName", "LogStreamName", "LogEvents", "SequenceToken"),
			on("CloudWatch Logs.FilterLogEvents", s.filterLogEvents, "LogGroupName", "LogGroupIdentifier", "LogStreamNames", "LogStreamNamePrefix", "StartTime", "EndTime", "FilterPattern", "Limit", "NextToken", "Interleaved", "StartFromHead"),
			on("CloudWatch Logs.GetLogEvents", s.getLogEvents, "LogGroupName", "LogGroupIdentifier", "LogStreamName", "StartTime", "EndTime", "Limit", "NextToken", "StartFromHead"),
			on("CloudWatch Logs.StartLiveTail", s.startLiveTail, "LogGroupIdentifiers", "LogEventFilterPattern"),
		},
	}
}

const (
	// maxEvents and maxBytes are a page of FilterLogEvents and GetLogEvents.
	maxEvents = 10000
	maxBytes  = 1 << 20
	// eventOverhead is what AWS counts for an event on top of its text.
	eventOverhead = 26
)

// order of events: the writer's time, then the time of arrival, then as they came.
func (e LogEvent) compare(o LogEvent) int {
	switch {
	case e.Timestamp != o.Timestamp:
		return int(e.Timestamp - o.Timestamp)
	case e.Ingested != o.Ingested:
		return int(e.Ingested - o.Ingested)
	}
	return strings.Compare(e.ID, o.ID)
}

// writeLog puts an event where it belongs: a late one goes between older ones,
// where a reader that continued from the newest never sees it.
func (s *Sim) writeLog(g *LogGroup, stream string, timestamp int64, message string) {
	s.stream(g, stream)
	s.world.Serial++
	e := LogEvent{ID: fmt.Sprintf("%056d", s.world.Serial), Stream: stream, Timestamp: timestamp, Ingested: s.now().UnixMilli(), Message: message}
	at, _ := slices.BinarySearchFunc(g.Events, e, LogEvent.compare)
	g.Events = slices.Insert(g.Events, at, e)
}

// Write has a task write a line: what arrives at AWS now, with the task's own time.
func (s *Sim) Write(group, stream string, at time.Time, message string) error {
	return s.transact(true, func() error {
		s.settle()
		g, err := s.logGroup(group)
		if err == nil {
			s.writeLog(g, stream, at.UnixMilli(), message)
		}
		return err
	})
}

// events are those of a group that are visible and not past their retention.
func (s *Sim) events(g *LogGroup) []LogEvent {
	if !slices.IsSortedFunc(g.Events, LogEvent.compare) {
		slices.SortStableFunc(g.Events, LogEvent.compare)
	}
	if g.RetentionDays == 0 {
		return g.Events
	}
	oldest := s.now().AddDate(0, 0, -g.RetentionDays).UnixMilli()
	return g.Events[sort.Search(len(g.Events), func(i int) bool { return g.Events[i].Timestamp >= oldest }):]
}

func (s *Sim) seen(e LogEvent) bool { return s.visible(time.UnixMilli(e.Ingested)) }

// putLogEvents takes a batch in the order of time. What is older than 14 days or
// the retention, or more than two hours ahead, is rejected by itself.
func (s *Sim) putLogEvents(in *logs.PutLogEventsInput) (*logs.PutLogEventsOutput, error) {
	g, err := s.logGroup(aws.ToString(in.LogGroupName))
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if g.Streams[name] == nil {
		return nil, fail("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	size, last := 0, int64(0)
	for _, e := range in.LogEvents {
		size += len(aws.ToString(e.Message)) + eventOverhead
		if aws.ToInt64(e.Timestamp) < last {
			return nil, fail("InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
		}
		last = aws.ToInt64(e.Timestamp)
	}
	if len(in.LogEvents) == 0 || len(in.LogEvents) > maxEvents || size > maxBytes {
		return nil, fail("InvalidParameterException", "Upload too large: at most 10,000 events and 1,048,576 bytes")
	}
	days := 14
	if g.RetentionDays > 0 {
		days = min(days, g.RetentionDays)
	}
	oldest, newest := s.now().AddDate(0, 0, -days).UnixMilli(), s.now().Add(2*time.Hour).UnixMilli()
	out := &logs.PutLogEventsOutput{}
	for i, e := range in.LogEvents {
		switch at := aws.ToInt64(e.Timestamp); {
		case at < oldest:
			out.RejectedLogEventsInfo = &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: aws.Int32(int32(i + 1))}
		case at > newest:
			if out.RejectedLogEventsInfo == nil {
				out.RejectedLogEventsInfo = &types.RejectedLogEventsInfo{}
			}
			if out.RejectedLogEventsInfo.TooNewLogEventStartIndex == nil {
				out.RejectedLogEventsInfo.TooNewLogEventStartIndex = aws.Int32(int32(i))
			}
		default:
			s.writeLog(g, name, at, aws.ToString(e.Message))
		}
	}
	return out, nil
}

// groupOf finds by name or by identifier, which may be an ARN.
func (s *Sim) groupOf(name, identifier *string) (*LogGroup, error) {
	if (name == nil) == (identifier == nil) {
		return nil, fail("InvalidParameterException", "Exactly one of logGroupName and logGroupIdentifier must be given")
	}
	ref := aws.ToString(name) + aws.ToString(identifier)
	if i := strings.Index(ref, ":log-group:"); i >= 0 {
		ref = ref[i+len(":log-group:"):]
	}
	return s.logGroup(ref)
}

// eventLimit reads a limit.
func (s *Sim) eventLimit(limit *int32) (int, error) {
	if limit == nil {
		return s.pageSize(maxEvents), nil
	}
	if *limit < 1 || *limit > maxEvents {
		return 0, fail("InvalidParameterException", "limit must be between 1 and %d", maxEvents)
	}
	return s.pageSize(int(*limit)), nil
}

// scanned is how many events FilterLogEvents looks at for one page: when few
// match, a page can be empty and still have a token.
const scanned = 50000

// filterLogEvents reads on from the place of the token, which is an event and
// not a time: what arrives later before that place is not in these pages.
func (s *Sim) filterLogEvents(in *logs.FilterLogEventsInput) (*logs.FilterLogEventsOutput, error) {
	g, err := s.groupOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return nil, fail("InvalidParameterException", "logStreamNames and logStreamNamePrefix cannot both be given")
	}
	if len(in.LogStreamNames) > 100 {
		return nil, fail("InvalidParameterException", "at most 100 log stream names")
	}
	limit, err := s.eventLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	matches, err := matcher(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	all := s.events(g)
	back := in.StartFromHead != nil && !*in.StartFromHead
	if back && in.NextToken == nil && aws.ToInt64(in.StartTime) < time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() {
		return nil, fail("InvalidParameterException", "startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC")
	}
	if in.NextToken != nil {
		back = strings.HasPrefix(*in.NextToken, "b/")
	}
	if back {
		return s.filterBackwards(in, all, limit, matches)
	}
	return s.filterForwards(in, all, limit, matches)
}

// filterForwards is filterLogEvents from the oldest event on.
func (s *Sim) filterForwards(in *logs.FilterLogEventsInput, all []LogEvent, limit int, matches func(string) bool) (*logs.FilterLogEventsOutput, error) {
	i := sort.Search(len(all), func(i int) bool { return all[i].Timestamp >= aws.ToInt64(in.StartTime) })
	if in.NextToken != nil {
		place, ok := readPlace(*in.NextToken)
		if !ok {
			return nil, fail("InvalidParameterException", "The specified nextToken is invalid.")
		}
		i, _ = slices.BinarySearchFunc(all, place, LogEvent.compare)
	}
	out := &logs.FilterLogEventsOutput{}
	bytes := 0
	for looked := 0; i < len(all); i, looked = i+1, looked+1 {
		e := all[i]
		if in.EndTime != nil && e.Timestamp > *in.EndTime {
			return out, nil
		}
		if looked >= scanned || len(out.Events) >= limit || bytes >= maxBytes {
			out.NextToken = aws.String(e.place())
			return out, nil
		}
		if !s.seen(e) || !wanted(in.LogStreamNames, e.Stream) || !strings.HasPrefix(e.Stream, aws.ToString(in.LogStreamNamePrefix)) || !matches(e.Message) {
			continue
		}
		bytes += len(e.Message) + eventOverhead
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: &e.ID, LogStreamName: &e.Stream, Timestamp: &e.Timestamp, IngestionTime: &e.Ingested, Message: &e.Message,
		})
	}
	return out, nil
}

// filterBackwards gives the latest events first. Its tokens begin with b/ and
// are the event that comes next.
func (s *Sim) filterBackwards(in *logs.FilterLogEventsInput, all []LogEvent, limit int, matches func(string) bool) (*logs.FilterLogEventsOutput, error) {
	i := len(all) - 1
	if in.NextToken != nil {
		place, ok := readPlace(strings.TrimPrefix(*in.NextToken, "b/"))
		if !ok {
			return nil, fail("InvalidParameterException", "The specified nextToken is invalid.")
		}
		at, found := slices.BinarySearchFunc(all, place, LogEvent.compare)
		if i = at; !found {
			i--
		}
	}
	out := &logs.FilterLogEventsOutput{}
	bytes := 0
	for looked := 0; i >= 0 && all[i].Timestamp >= aws.ToInt64(in.StartTime); i, looked = i-1, looked+1 {
		e := all[i]
		if looked >= scanned || len(out.Events) >= limit || bytes >= maxBytes {
			out.NextToken = aws.String("b/" + e.place())
			return out, nil
		}
		if in.EndTime != nil && e.Timestamp > *in.EndTime || !s.seen(e) || !wanted(in.LogStreamNames, e.Stream) ||
			!strings.HasPrefix(e.Stream, aws.ToString(in.LogStreamNamePrefix)) || !matches(e.Message) {
			continue
		}
		bytes += len(e.Message) + eventOverhead
		out.Events = append(out.Events, types.FilteredLogEvent{
			EventId: &e.ID, LogStreamName: &e.Stream, Timestamp: &e.Timestamp, IngestionTime: &e.Ingested, Message: &e.Message,
		})
	}
	return out, nil
}

// place is an event as a token: a place in the order.
func (e LogEvent) place() string { return fmt.Sprintf("%d/%d/%s", e.Timestamp, e.Ingested, e.ID) }

func readPlace(token string) (LogEvent, bool) {
	parts := strings.Split(token, "/")
	if len(parts) != 3 {
		return LogEvent{}, false
	}
	at, err1 := strconv.ParseInt(parts[0], 10, 64)
	in, err2 := strconv.ParseInt(parts[1], 10, 64)
	return LogEvent{Timestamp: at, Ingested: in, ID: parts[2]}, err1 == nil && err2 == nil
}

// streamPage is which of a stream's events are on the page that is asked for.
func streamPage(in *logs.GetLogEventsInput, all []LogEvent, limit int) (from, to int, err error) {
	token := aws.ToString(in.NextToken)
	switch {
	case token == "" && aws.ToBool(in.StartFromHead):
		return 0, min(limit, len(all)), nil
	case token == "":
		return max(0, len(all)-limit), len(all), nil
	}
	way, rest, _ := strings.Cut(token, "/")
	place, ok := readPlace(rest)
	if !ok || way != "f" && way != "b" {
		return 0, 0, fail("InvalidParameterException", "The specified nextToken is invalid.")
	}
	i, found := slices.BinarySearchFunc(all, place, LogEvent.compare)
	if way == "b" {
		return max(0, i-limit), i, nil
	}
	if found {
		i++
	}
	return i, min(i+limit, len(all)), nil
}

// getLogEvents reads one stream, from the tail unless told otherwise. Its tokens
// are f/place and b/place; at the end the same token comes back.
func (s *Sim) getLogEvents(in *logs.GetLogEventsInput) (*logs.GetLogEventsOutput, error) {
	g, err := s.groupOf(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if g.Streams[name] == nil {
		return nil, fail("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	limit, err := s.eventLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	var all []LogEvent
	for _, e := range s.events(g) {
		// EndTime is exclusive here, and inclusive in FilterLogEvents.
		if e.Stream == name && s.seen(e) && e.Timestamp >= aws.ToInt64(in.StartTime) && (in.EndTime == nil || e.Timestamp < *in.EndTime) {
			all = append(all, e)
		}
	}
	from, to, err := streamPage(in, all, limit)
	if err != nil {
		return nil, err
	}
	out := &logs.GetLogEventsOutput{NextForwardToken: in.NextToken, NextBackwardToken: in.NextToken}
	for _, e := range all[from:to] {
		out.Events = append(out.Events, types.OutputLogEvent{Timestamp: &e.Timestamp, IngestionTime: &e.Ingested, Message: &e.Message})
	}
	switch {
	case from < to:
		out.NextForwardToken, out.NextBackwardToken = aws.String("f/"+all[to-1].place()), aws.String("b/"+all[from].place())
	case in.NextToken == nil:
		start := LogEvent{ID: "0"}
		out.NextForwardToken, out.NextBackwardToken = aws.String("f/"+start.place()), aws.String("b/"+start.place())
	}
	return out, nil
}
