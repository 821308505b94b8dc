package engine

import "time"

// EventPhase is what happens to a node at a moment.
type EventPhase string

// The phases of an event. Every node ends in one of done, failed, blocked.
const (
	EventPlanned EventPhase = "planned"
	EventStarted EventPhase = "started"
	EventWaiting EventPhase = "waiting"
	EventDone    EventPhase = "done"
	EventFailed  EventPhase = "failed"
	EventBlocked EventPhase = "blocked"
)

// Verb is what is done to a node.
type Verb string

// The verbs. None is a node that is as it should be.
const (
	None    Verb = "none"
	Create  Verb = "create"
	Update  Verb = "update"
	Replace Verb = "replace"
	Delete  Verb = "delete"
)

// Event is one step of progress.
type Event struct {
	At    time.Time
	Key   Key
	Phase EventPhase
	Verb  Verb
	// Detail is what is waited for, or why it failed or is blocked.
	Detail string
	// Took is since the node was started.
	Took time.Duration
}

// Reporter is told of progress, from many goroutines at once.
type Reporter interface {
	Report(Event)
}

// ReporterFunc makes a function a Reporter.
type ReporterFunc func(Event)

// Report calls f.
func (f ReporterFunc) Report(e Event) { f(e) }
