package logstest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// stream answers GetLogEvents, from the head only. Its token is a place in the stream and never goes back: what becomes
// readable before that place meanwhile is on no later page, unless the tokens go by arrival.
func (s *Server) stream(w http.ResponseWriter, in request, n int) {
	if s.DenyStream {
		fail(w, "AccessDeniedException", "not authorized to perform: logs:GetLogEvents")
		return
	}
	if !s.granted(w, "GetLogEvents", s.AllowStream, n) {
		return
	}
	j, now := s.journal(w, in), s.Now().UnixMilli()
	if j == nil {
		return
	}
	places := j.streams[in.LogStreamName]
	if !slices.ContainsFunc(places, func(i int) bool { return j.lines[i].Visible <= now }) {
		fail(w, "ResourceNotFoundException", "The specified log stream does not exist.")
		return
	}
	if s.ByArrival {
		places = slices.Clone(places)
		slices.SortStableFunc(places, func(a, b int) int { return int(j.lines[a].Visible - j.lines[b].Visible) })
	}
	at := 0
	if in.NextToken != "" {
		place, _, _ := strings.Cut(in.NextToken[2:], "/")
		at, _ = strconv.Atoi(place)
	}
	next, empty := at, s.roll(emptyOfStream)
	out := []byte(`{"events":[`)
	events, size := 0, 0
	for i := at; i < len(places) && !empty; i++ {
		l := &j.lines[places[i]]
		if l.Visible > now || in.StartTime != nil && l.At < *in.StartTime {
			continue
		}
		if events == s.PageEvents || size+len(l.Message) > s.PageBytes {
			break
		}
		if events > 0 {
			out = append(out, ',')
		}
		out = append(out, withoutID(j.json[places[i]])...)
		events++
		size += len(l.Message)
		next = i + 1
	}
	token := in.NextToken
	switch {
	case empty:
		token = fmt.Sprintf("f/%d/%d", at, n) // another token for the same place
	case events > 0 || token == "":
		token = fmt.Sprintf("f/%d", next)
	}
	answer(w, fmt.Appendf(out, `],"nextForwardToken":%q,"nextBackwardToken":"b/%d"}`, token, at))
}

// withoutID is an event as GetLogEvents gives it, which names neither its stream nor its id.
func withoutID(event []byte) []byte {
	from, to := bytes.Index(event, []byte(`"timestamp"`)), bytes.LastIndex(event, []byte(`,"eventId"`))
	return slices.Concat([]byte("{"), event[from:to], []byte("}"))
}
