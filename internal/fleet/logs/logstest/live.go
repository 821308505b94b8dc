package logstest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// liveLimit is how many events AWS pushes in a second; of more it sends a sample.
const liveLimit = 500

type liveEvent struct {
	LogGroupIdentifier string `json:"logGroupIdentifier"`
	LogStreamName      string `json:"logStreamName"`
	Message            string `json:"message"`
	Timestamp          int64  `json:"timestamp"`
	IngestionTime      int64  `json:"ingestionTime"`
}

// liveTail pushes once a second what has become readable, in the order in which it did.
func (s *Server) liveTail(w http.ResponseWriter, r *http.Request, in request) {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	push := func(kind string, v any) bool {
		body, _ := json.Marshal(v)
		var m eventstream.Message
		m.Headers.Set(":message-type", eventstream.StringValue("event"))
		m.Headers.Set(":event-type", eventstream.StringValue(kind))
		m.Headers.Set(":content-type", eventstream.StringValue("application/x-amz-json-1.1"))
		m.Payload = body
		if err := eventstream.NewEncoder().Encode(w, m); err != nil {
			return false
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		return true
	}
	if !push("initial-response", map[string]any{}) || !push("sessionStart", map[string]any{"logGroupIdentifiers": in.LogGroupIdentifiers}) {
		return
	}
	for from := s.Now().UnixMilli(); ; {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Second):
		}
		to := s.Now().UnixMilli()
		events := s.between(in.LogGroupIdentifiers, from, to)
		from = to
		sampled := len(events) > liveLimit
		if sampled {
			for i := range liveLimit {
				events[i] = events[i*len(events)/liveLimit]
			}
			events = events[:liveLimit]
		}
		if !push("sessionUpdate", map[string]any{"sessionMetadata": map[string]any{"sampled": sampled}, "sessionResults": events}) {
			return
		}
	}
}

func (s *Server) between(groups []string, from, to int64) []liveEvent {
	var lines []Line
	for _, arn := range groups {
		if j := s.group(arn[strings.LastIndexByte(arn, ':')+1:]); j != nil {
			for _, l := range j.lines {
				if l.Visible > from && l.Visible <= to {
					lines = append(lines, l)
				}
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return int(a.Visible - b.Visible) })
	events := make([]liveEvent, 0, len(lines))
	for _, l := range lines {
		events = append(events, liveEvent{"arn:aws:logs:us-east-1:123456789012:log-group:" + l.Group, l.Stream, l.Message, l.At, l.Visible})
	}
	return events
}
