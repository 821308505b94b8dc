// Package logstest is a CloudWatch Logs for tests and benchmarks: it plays a script of log lines and serves them
// as AWS does, with its quota, throttles, partial pages and late events. It speaks JSON 1.1 over HTTP.
package logstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Line is a log event and when it can be read.
type Line struct {
	Group, Stream, Message string
	// At is the writer's timestamp and Visible when it can be read, in milliseconds.
	At, Visible int64
	// Late is a line that becomes readable out of its writer's rhythm.
	Late bool
	n    int
}

// Marker is what names a line in its own message, so that any tailer's output can be checked.
func (l Line) Marker() string { return Marker(l.n) }

// Marker is the name of line n.
func Marker(n int) string { return fmt.Sprintf("evt=%07d", n) }

// EventID is what CloudWatch would call it: 56 digits.
func (l Line) EventID() string { return fmt.Sprintf("37%020d%034d", l.At, l.n) }

// Server serves lines. Set it up before it is used.
type Server struct {
	Now func() time.Time
	// Allow is the quota of FilterLogEvents and AllowStream that of GetLogEvents; nil is none. ThrottleEvery refuses each
	// n-th call of either besides, and EmptyEvery answers each n-th FilterLogEvents with an empty page that has a token.
	Allow, AllowStream        func(time.Time) bool
	ThrottleEvery, EmptyEvery int
	// EmptyPages sends empty pages as a busy region does (see empty_pages.go).
	EmptyPages bool
	// DenyStream refuses GetLogEvents because a permission is missing, and ByArrival has its tokens go by the time of arrival,
	// so that a late event comes on a later page.
	DenyStream, ByArrival bool
	PageEvents, PageBytes int
	// Born is when a group is created, in milliseconds; no entry: it is there.
	Born map[string]int64

	mu      sync.Mutex
	groups  map[string]*journal
	calls   map[string]int
	refused map[string]int
	dice    *rand.Rand
	// bodies are what pages were written into, to write others into.
	bodies sync.Pool
}

// journal is one group's lines, sorted by timestamp, and their JSON.
type journal struct {
	lines []Line
	json  [][]byte
	// streams has the places in lines of each stream's events, in the order of GetLogEvents.
	streams map[string][]int
}

// NewServer makes a server of these lines.
func NewServer(now func() time.Time, lines []Line) *Server {
	s := &Server{Now: now, PageEvents: 10_000, PageBytes: 1 << 20, groups: map[string]*journal{}, calls: map[string]int{}, refused: map[string]int{}, Born: map[string]int64{}, dice: rand.New(rand.NewPCG(11, 11))}
	s.Add(lines)
	return s
}

// Add gives a server more lines while it serves, the first ones of a group with the group itself. Tokens hold as long
// as the new lines are the newest of their group.
func (s *Server) Add(lines []Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := map[string]*journal{}
	for _, l := range lines {
		if changed[l.Group] == nil {
			changed[l.Group] = &journal{streams: map[string][]int{}}
			if old := s.groups[l.Group]; old != nil {
				changed[l.Group].lines = slices.Clone(old.lines)
			}
		}
		changed[l.Group].lines = append(changed[l.Group].lines, l)
	}
	for _, j := range changed {
		sort.SliceStable(j.lines, func(a, b int) bool {
			x, y := j.lines[a], j.lines[b]
			return x.At < y.At || x.At == y.At && x.Visible < y.Visible
		})
		j.json = make([][]byte, len(j.lines))
		for i, l := range j.lines {
			message, _ := json.Marshal(l.Message)
			j.json[i] = fmt.Appendf(nil, `{"logStreamName":%q,"timestamp":%d,"message":%s,"ingestionTime":%d,"eventId":%q}`,
				l.Stream, l.At, message, l.Visible, l.EventID())
			j.streams[l.Stream] = append(j.streams[l.Stream], i)
		}
	}
	maps.Copy(s.groups, changed)
}

// group is the journal of a group, nil when there is none.
func (s *Server) group(name string) *journal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.groups[name]
}

// Calls is how often an operation was called.
func (s *Server) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Throttled is how many calls of an operation were refused for their pace.
func (s *Server) Throttled(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[operation]
}

type request struct {
	LogGroupName        string
	LogStreamName       string
	StartTime, EndTime  *int64
	NextToken           string
	FilterPattern       string
	StartFromHead       *bool
	Limit               int
	LogGroupIdentifiers []string
	QueryString         string
	QueryID             string `json:"queryId"`
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/calls" {
		fmt.Fprintf(w, "%d %d %d %d", s.Calls("FilterLogEvents"), s.Throttled("FilterLogEvents"), s.Calls("GetLogEvents"), s.Throttled("GetLogEvents"))
		return
	}
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		fail(w, "SerializationException", err.Error())
		return
	}
	operation := r.Header.Get("X-Amz-Target")
	operation = operation[strings.LastIndexByte(operation, '.')+1:]
	s.mu.Lock()
	s.calls[operation]++
	n := s.calls[operation]
	s.mu.Unlock()
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	switch operation {
	case "FilterLogEvents":
		s.filter(w, in, n)
	case "GetLogEvents":
		s.stream(w, in, n)
	case "StartLiveTail":
		s.liveTail(w, r, in)
	case "StartQuery":
		answer(w, []byte(`{"queryId":"q-1"}`))
	case "GetQueryResults":
		s.results(w)
	case "StopQuery":
		answer(w, []byte(`{"success":true}`))
	default:
		fail(w, "UnknownOperationException", operation)
	}
}

func (s *Server) filter(w http.ResponseWriter, in request, n int) {
	if !s.granted(w, "FilterLogEvents", s.Allow, n) {
		return
	}
	j, now := s.journal(w, in), s.Now()
	if j == nil {
		return
	}
	body, ok := s.bodies.Get().(*[]byte)
	if !ok {
		body = new([]byte)
	}
	empty := s.EmptyEvery > 0 && n%s.EmptyEvery == 0 || s.emptyFirst(in)
	*body = j.page((*body)[:0], in, now.UnixMilli(), s, empty)
	answer(w, *body)
	s.bodies.Put(body)
}

// granted answers a call that is over the quota.
func (s *Server) granted(w http.ResponseWriter, operation string, allow func(time.Time) bool, n int) bool {
	s.mu.Lock()
	refused := allow != nil && !allow(s.Now()) || s.ThrottleEvery > 0 && n%s.ThrottleEvery == 0
	if refused {
		s.refused[operation]++
	}
	s.mu.Unlock()
	if refused {
		fail(w, "ThrottlingException", "Rate exceeded")
	}
	return !refused
}

// journal answers a call for a group that is not there, and gives nil.
func (s *Server) journal(w http.ResponseWriter, in request) *journal {
	j := s.group(in.LogGroupName)
	if j == nil || s.Born[in.LogGroupName] > s.Now().UnixMilli() {
		fail(w, "ResourceNotFoundException", "The specified log group does not exist.")
		return nil
	}
	return j
}

// page appends the JSON of one page. A token is the place in the journal where the next page starts: what becomes readable before
// that place meanwhile is not on the later pages, as with AWS.
func (j *journal) page(out []byte, in request, now int64, s *Server, empty bool) []byte {
	step, at := 1, 0
	if in.StartTime != nil {
		at = sort.Search(len(j.lines), func(i int) bool { return j.lines[i].At >= *in.StartTime })
	}
	first, end := at, len(j.lines)
	if in.EndTime != nil {
		end = sort.Search(len(j.lines), func(i int) bool { return j.lines[i].At > *in.EndTime })
	}
	if in.StartFromHead != nil && !*in.StartFromHead {
		step, at = -1, end-1
	}
	if in.NextToken != "" {
		at, _ = strconv.Atoi(in.NextToken[1:])
		if in.NextToken[0]|0x20 == 'b' {
			step = -1
		}
	}
	limit := s.PageEvents
	if in.Limit > 0 {
		limit = min(limit, in.Limit)
	}
	want := strings.Trim(in.FilterPattern, `"`)
	out = append(out, `{"events":[`...)
	events, bytes := 0, 0
	for ; at >= first && at < end && !empty; at += step {
		l := &j.lines[at]
		if l.Visible > now || want != "" && !strings.Contains(l.Message, want) {
			continue
		}
		if events == limit || bytes+len(l.Message) > s.PageBytes {
			break
		}
		if events > 0 {
			out = append(out, ',')
		}
		out = append(out, j.json[at]...)
		events++
		bytes += len(l.Message)
	}
	out = append(out, `],"searchedLogStreams":[]`...)
	if at >= first && at < end || s.emptyLast() {
		way := byte('f')
		if step < 0 {
			way = 'b'
		}
		if empty {
			way -= 0x20
		}
		out = fmt.Appendf(out, `,"nextToken":"%c%d"`, way, at)
	}
	return append(out, '}')
}

func (s *Server) results(w http.ResponseWriter) {
	if s.Calls("GetQueryResults") < 3 {
		answer(w, []byte(`{"status":"Running","results":[]}`))
		return
	}
	answer(w, []byte(`{"status":"Complete","results":[
		[{"field":"group","value":"validator"},{"field":"errors","value":"12"},{"field":"@ptr","value":"x"}],
		[{"field":"group","value":"karma-hello"},{"field":"errors","value":"3"}]],
		"statistics":{"recordsMatched":15,"recordsScanned":200000,"bytesScanned":36000000}}`))
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

func fail(w http.ResponseWriter, code, message string) {
	body := fmt.Appendf(nil, `{"__type":%q,"message":%q}`, code, message)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(body)
}
