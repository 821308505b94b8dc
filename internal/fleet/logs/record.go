package logs

import (
	"strings"
	"time"
)

// record is an event inside: small, because many are held at once.
type record struct {
	ts, ingested int64
	id, message  string
	from         *stream
}

// stream is what the events of one log stream share.
type stream struct {
	name, task   string
	container    string
	agent, group string
	source       string
}

// event turns a record outward.
func (r record) event(late bool) Event {
	e := Event{
		Time: time.UnixMilli(r.ts).UTC(), Agent: r.from.agent, Group: r.from.group, Stream: r.from.name, Task: r.from.task, Container: r.from.container,
		ID: r.id, Message: r.message, Source: r.from.source, Late: late,
	}
	if r.ingested != 0 {
		e.Ingested = time.UnixMilli(r.ingested).UTC()
	}
	return e
}

// recordOf turns an event from elsewhere inward.
func recordOf(e Event) record {
	r := record{ts: e.Time.UnixMilli(), id: e.ID, message: e.Message}
	r.from = &stream{name: e.Stream, task: e.Task, container: e.Container, agent: e.Agent, group: e.Group, source: e.Source}
	if !e.Ingested.IsZero() {
		r.ingested = e.Ingested.UnixMilli()
	}
	return r
}

// containerOf is the container in a stream's name; "" in a name of another form.
func containerOf(stream string) string {
	parts := strings.Split(stream, "/")
	if len(parts) != 3 {
		return ""
	}
	return parts[1]
}

// sidecar is the container that wrote it where that is not the agent's own.
func (e Event) sidecar() string {
	if e.Container == e.Agent {
		return ""
	}
	return e.Container
}

// taskOf is the task id in a stream's name: "prefix/container/task-id" with the awslogs driver.
func taskOf(stream string) string { return stream[strings.LastIndexByte(stream, '/')+1:] }

// inOrder compares by time only: sorting is stable, so that what has one timestamp keeps AWS's order.
func inOrder(a, b record) int {
	switch {
	case a.ts < b.ts:
		return -1
	case a.ts > b.ts:
		return 1
	}
	return 0
}
