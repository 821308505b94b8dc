package engine

import (
	"errors"
	"fmt"
)

// Class is what an error means for the caller that decides whether to continue.
type Class int

// The classes. NotYet is waited for on create, Busy there, on update and delete, Lost is looked
// into by tag; everything else fails at once.
const (
	Other Class = iota
	NotFound
	// NotYet: something made moments ago is not visible or assumable everywhere.
	NotYet
	// Busy: something that is going away still holds on, or an earlier change is under way.
	Busy
	// Lost: the call may or may not have taken effect.
	Lost
	Throttled
	Denied
	// SignedOut: the credentials have ended, and with them everything that the walk could still do.
	SignedOut
)

// Advice is an error and what to do about it: a command alone, or words. The text does not say it again, because it
// is shown on a line of its own.
type Advice struct {
	Err error
	Do  string
}

// Advise gives an error what to do about it.
func Advise(err error, do string) error { return &Advice{err, do} }

func (e *Advice) Error() string { return e.Err.Error() }

func (e *Advice) Unwrap() error { return e.Err }

// Try is what to do about it.
func (e *Advice) Try() string { return e.Do }

// AdviceOf is what to do about an error, "" where none says it: the outermost advice counts, because
// it knows most of what was being done.
func AdviceOf(err error) string {
	var advised interface {
		error
		Try() string
	}
	if errors.As(err, &advised) {
		return advised.Try()
	}
	return ""
}

// NotManaged is the refusal of something that has the name we want and is not karmactl's.
type NotManaged struct {
	Key  Key
	What string // "load balancer karmacadabra-prod"
	ID   string
	// Adopt is what the user runs or tags to hand it to karmactl.
	Adopt string
}

func (e *NotManaged) Error() string {
	return fmt.Sprintf("%s (%s) exists and is not karmactl's: it lacks the tag karmactl:key=%s: %s, or rename or delete it",
		e.What, e.ID, e.Key, e.Adopt)
}

// PlanStale is the refusal to do something that the plan did not show.
type PlanStale struct {
	Key  Key
	Verb Verb
	Want Verb
	// Field is the change that was not shown; "" when the verb itself differs.
	Field string
}

func (e *PlanStale) Error() string {
	what := fmt.Sprintf("it would %s now, the plan showed %s", e.Verb, e.Want)
	if e.Field != "" {
		what = fmt.Sprintf("field %s would change too, which the plan did not show", e.Field)
	}
	return fmt.Sprintf("the world moved since the plan: %s: %s", e.Key, what)
}

// Try is what to do then.
func (e *PlanStale) Try() string { return "karmactl plan" }

// Irreplaceable is the refusal to replace what holds data or addresses.
type Irreplaceable struct {
	Key    Key
	Change Change
}

func (e *Irreplaceable) Error() string {
	return fmt.Sprintf("%s of %s cannot change from %s to %s in place, and karmactl does not replace it by itself: change it back, or take the stack down and up again",
		e.Change.Field, e.Key, e.Change.Was, e.Change.Now)
}

// ErrInterrupted is the outcome of nodes that a Ctrl-C kept from being finished.
var ErrInterrupted = errors.New("interrupted")
