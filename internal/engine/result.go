package engine

import (
	"errors"
	"fmt"
	"time"
)

// Status is how the visit of a node ended.
type Status string

// The statuses. AwaitingUser is not a failure.
const (
	Done         Status = "done"
	Failed       Status = "failed"
	Blocked      Status = "blocked"
	AwaitingUser Status = "waiting"
	Interrupted  Status = "interrupted"
)

// Outcome is what was, or would be, done to one node.
type Outcome struct {
	Key     Key
	Verb    Verb
	Status  Status
	Changes []Change
	// Have is the spec of what was found, nil where nothing is or will stay; Want is the
	// one that is wanted, nil where it was not asked for. A caller that knows the kind knows
	// the type.
	Have, Want any
	// Reason says why: what was found, why it is kept, what it is blocked by.
	Reason string
	Err    error
	// Missing is what the user has to give first, when the status is AwaitingUser.
	Missing *MissingInput
	// Notes are for the user to know and no reason to stop.
	Notes []string
	// Differs are settings that AWS took and reads back otherwise; they are left.
	Differs []Difference
	ID      string
	Outputs map[string]string
	// Took is the time of its own work, Ended the moment when it was over.
	Took  time.Duration
	Ended time.Time
	// toDelete are ids to delete after the walk: replaced ones and duplicates.
	toDelete []string
}

// Result is a finished walk, in reading order; deletions of orphans come last.
type Result struct {
	Outcomes []Outcome
}

// Get returns the outcome of a node.
func (r *Result) Get(k Key) (Outcome, bool) {
	for _, o := range r.Outcomes {
		if o.Key == k {
			return o, true
		}
	}
	return Outcome{}, false
}

// Count tells how many nodes have a verb.
func (r *Result) Count(v Verb) int {
	n := 0
	for _, o := range r.Outcomes {
		if o.Verb == v {
			n++
		}
	}
	return n
}

// Changes tells whether there is anything to do.
func (r *Result) Changes() bool { return r.Count(None) != len(r.Outcomes) }

// With returns the outcomes of a status.
func (r *Result) With(s Status) []Outcome {
	var out []Outcome
	for _, o := range r.Outcomes {
		if o.Status == s {
			out = append(out, o)
		}
	}
	return out
}

// Err joins the errors of the nodes that failed; ErrInterrupted when the walk
// was stopped and nothing failed.
func (r *Result) Err() error {
	var errs []error
	interrupted := false
	for _, o := range r.Outcomes {
		switch {
		case o.Status == Interrupted:
			interrupted = true
		case o.Err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", o.Key, o.Err))
		}
	}
	if len(errs) == 0 && interrupted {
		return ErrInterrupted
	}
	return errors.Join(errs...)
}

// unfinished lists the outcomes that keep the next stage of a walk from starting.
func (r *Result) unfinished() []Outcome {
	var out []Outcome
	for _, o := range r.Outcomes {
		if o.Status == Failed || o.Status == Blocked || o.Status == Interrupted {
			out = append(out, o)
		}
	}
	return out
}
