package document

import "time"

// LogEvent is a line of logs, or something that ECS did: each is a line of its own.
type LogEvent struct {
	Head
	// Time is when the agent said it, in milliseconds.
	Time time.Time `json:"ts"`
	// Agent is its name.
	Agent string `json:"agent"`
	// Task is the task's ID; "" for what ECS says of the service.
	Task string `json:"task"`
	// ID is AWS's own of the event.
	ID string `json:"id"`
	// Message is the line as the agent wrote it.
	Message string `json:"message"`
	// Container is the sidecar or init container that wrote it; not there for the agent's own.
	Container string `json:"container,omitempty"`
	// Source is ecs for what ECS did; not there for what the agent said.
	Source string `json:"source,omitempty"`
	// Late: it came after newer lines had been shown.
	Late bool `json:"late,omitempty"`
}

// LogQuery is the answer of logs --query.
type LogQuery struct {
	Head
	// Query is the query as it was run.
	Query string `json:"query"`
	// Columns are the names of the columns, in order.
	Columns []string `json:"columns"`
	// Rows are the cells by the names of their columns.
	Rows []map[string]string `json:"rows"`
	// Matched and Scanned count events.
	Matched int64 `json:"matched"`
	Scanned int64 `json:"scanned"`
	// BytesScanned is what AWS bills.
	BytesScanned int64 `json:"bytes_scanned"`
	// Cost is in USD.
	Cost string `json:"cost"`
}
