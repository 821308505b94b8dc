package awssim

import (
	"encoding/json"
	"io"
	"net/http"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

const (
	// liveTailGroups and liveTailEvents are a session's limits: groups in all, and
	// events in a second, of more than which AWS sends a sample:
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
	liveTailGroups = 10
	liveTailEvents = 500
	// liveTailEvery is how often a session tells of what has come.
	liveTailEvery = time.Second
)

// startLiveTail refuses what AWS refuses. The session itself is a stream, which the
// SDK makes of a response alone: see liveTail.
func (s *Sim) startLiveTail(in *logs.StartLiveTailInput) (*logs.StartLiveTailOutput, error) {
	if n := len(in.LogGroupIdentifiers); n == 0 || n > liveTailGroups {
		return nil, fail("InvalidParameterException", "logGroupIdentifiers must have 1 to %d items", liveTailGroups)
	}
	for _, id := range in.LogGroupIdentifiers {
		if !strings.HasPrefix(id, "arn:") || strings.HasSuffix(id, "*") {
			return nil, fail("InvalidParameterException", "The logGroupIdentifier %s must be the ARN of a log group, without an asterisk at its end", id)
		}
		if _, err := s.groupOf(nil, &id); err != nil {
			return nil, err
		}
	}
	_, err := matcher(aws.ToString(in.LogEventFilterPattern))
	return &logs.StartLiveTailOutput{}, err
}

// liveTail is the HTTP client of all clients: only a Live Tail session comes as far
// as that, since every other operation is answered before.
type liveTail struct{ sim *Sim }

// liveTailEvent is an event as a session sends it.
type liveTailEvent struct {
	Group    string `json:"logGroupIdentifier"`
	Stream   string `json:"logStreamName"`
	Message  string `json:"message"`
	At       int64  `json:"timestamp"`
	Ingested int64  `json:"ingestionTime"`
}

// Do begins a session, which ends with its request's context or with its reader.
func (l liveTail) Do(r *http.Request) (*http.Response, error) {
	var in struct {
		Groups  []string `json:"logGroupIdentifiers"`
		Pattern string   `json:"logEventFilterPattern"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	from, to := io.Pipe()
	go func() { _ = to.CloseWithError(l.session(r, to, in.Groups, in.Pattern)) }()
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/2.0", ProtoMajor: 2, Request: r,
		Header: http.Header{"Content-Type": {"application/vnd.amazon.eventstream"}}, Body: from, ContentLength: -1,
	}, nil
}

// session sends once a second what has become visible since, in the order in which
// it did.
func (l liveTail) session(r *http.Request, to io.Writer, groups []string, pattern string) error {
	send := func(kind string, v any) error {
		body, err := json.Marshal(v)
		if err != nil {
			return err
		}
		m := eventstream.Message{Payload: body}
		m.Headers.Set(":message-type", eventstream.StringValue("event"))
		m.Headers.Set(":event-type", eventstream.StringValue(kind))
		m.Headers.Set(":content-type", eventstream.StringValue("application/x-amz-json-1.1"))
		return eventstream.NewEncoder().Encode(to, m)
	}
	if err := send("initial-response", struct{}{}); err != nil {
		return err
	}
	if err := send("sessionStart", map[string]any{"logGroupIdentifiers": groups}); err != nil {
		return err
	}
	for after := l.sim.opts.Clock.Now(); ; {
		if err := l.sim.opts.Clock.Wait(r.Context(), liveTailEvery); err != nil {
			return io.EOF
		}
		now := l.sim.opts.Clock.Now()
		events, err := l.sim.arrived(groups, pattern, after, now)
		if err != nil {
			return err
		}
		after = now
		sampled := len(events) > liveTailEvents
		if sampled {
			for i := range liveTailEvents {
				events[i] = events[i*len(events)/liveTailEvents]
			}
			events = events[:liveTailEvents]
		}
		if err := send("sessionUpdate", map[string]any{"sessionMetadata": map[string]any{"sampled": sampled}, "sessionResults": events}); err != nil {
			return err
		}
	}
}

// arrived are the events of groups that became visible after one time and until another.
func (s *Sim) arrived(groups []string, pattern string, after, until time.Time) ([]liveTailEvent, error) {
	matches, err := matcher(pattern)
	if err != nil {
		return nil, err
	}
	events := []liveTailEvent{}
	err = s.transact(false, func() error {
		s.settle()
		for _, id := range groups {
			g, err := s.groupOf(nil, &id)
			if err != nil {
				return err
			}
			for _, e := range s.events(g) {
				if at := time.UnixMilli(e.Ingested).Add(s.opts.Visible); at.After(after) && !at.After(until) && matches(e.Message) {
					events = append(events, liveTailEvent{id, e.Stream, e.Message, e.Timestamp, e.Ingested})
				}
			}
		}
		return nil
	})
	sort.SliceStable(events, func(i, j int) bool { return events[i].Ingested < events[j].Ingested })
	return events, err
}
