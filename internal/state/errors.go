package state

import (
	"errors"
	"fmt"
)

// What a Backend answers. They are wrapped, with the place, in what it returns.
var (
	// ErrAbsent: there is nothing there yet.
	ErrAbsent = errors.New("does not exist")
	// ErrNoBucket: not even the bucket is there. For a plan that is an empty
	// state; up makes the bucket before it opens the state to write.
	ErrNoBucket = errors.New("the state bucket does not exist")
	// ErrConflict: it is not what was read before; nothing was written.
	ErrConflict = errors.New("changed by another writer")
)

// What a Store and a Lock refuse.
var (
	// ErrReadOnly is a write to a store that was opened to plan.
	ErrReadOnly = errors.New("the state was opened to be read only")
	// ErrClosed is a write to a store that was closed.
	ErrClosed = errors.New("the state is closed already")
	// ErrLockLost is the cause with which the context of a lost lock ends.
	ErrLockLost = errors.New("the lock on the state was lost")
)

// restoreOne is the way back, and wayBack lists the versions of the state that karmactl state restore takes.
const (
	restoreOne = "karmactl state restore VERSION brings back an earlier one"
	wayBack    = "karmactl state history"
)

// TruncatedError is a state that ends in the middle.
type TruncatedError struct{ Size int }

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the state is cut off after %d bytes: a copy or a write was interrupted", e.Size)
}

// CorruptError is something that is not a state, or contradicts itself.
type CorruptError struct{ Why string }

func (e *CorruptError) Error() string {
	return fmt.Sprintf("the state cannot be read: %s: it was edited or overwritten by something else", e.Why)
}

// NewerError is a state of a schema that this karmactl does not know.
type NewerError struct {
	Version int
	Known   int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("the state has schema %d, this karmactl knows up to %d: a newer karmactl wrote it: use that one, or go back", e.Version, e.Known)
}

// UnknownKeyError is a JSON key that would be lost with the next write.
type UnknownKeyError struct{ Key string }

func (e *UnknownKeyError) Error() string {
	return fmt.Sprintf("the state has the key %q, which this karmactl does not know and would lose: it was edited by hand or written by another build: use the karmactl that wrote it, or go back", e.Key)
}

// ElsewhereError is the state of another stack, account or region. To continue
// would make everything a second time there, or forget it here.
type ElsewhereError struct {
	// What differs: "stack", "account" or "region".
	What  string
	Here  string
	State string
}

func (e *ElsewhereError) Error() string {
	do := map[string]string{
		"stack":   "check project and environment in agents.yaml and --env, or name that stack's own state with --state",
		"account": "log in to account " + e.State + " (--profile), or name this account's own state with --state",
		"region":  "use --region " + e.State + ", or name this region's own state with --state",
	}[e.What]
	return fmt.Sprintf("the state belongs to %s %s, and this is %s %s: %s", e.What, e.State, e.What, e.Here, do)
}

// ConflictError is the refusal to overwrite what another karmactl wrote.
type ConflictError struct {
	URI string
	// Gone: the state was deleted while this run worked; NoBucket: and its bucket with it.
	Gone     bool
	NoBucket bool
}

func (e *ConflictError) Error() string {
	switch {
	case e.NoBucket:
		return fmt.Sprintf("the bucket of the state %s was deleted while this run worked: the next up makes the bucket and finds by tag what was made; karmactl down finds it too", e.URI)
	case e.Gone:
		return fmt.Sprintf("the state %s was deleted while this run worked: nothing is written over that: the next up finds by tag what was made, or "+restoreOne, e.URI)
	}
	return fmt.Sprintf("another karmactl wrote the state %s while this run worked: it is not overwritten: wait until the other has finished and run this again, which finds by tag what was made", e.URI)
}

func (e *ConflictError) Unwrap() error { return ErrConflict }

// Try is how to find an earlier version, or to make the bucket again; "" where another run has written.
func (e *ConflictError) Try() string {
	switch {
	case e.NoBucket:
		return "karmactl up"
	case e.Gone:
		return wayBack
	}
	return ""
}

// UnsavedError is what Close returns when the last write failed.
type UnsavedError struct {
	URI string
	// File holds the emergency copy; "" when that could not be written either.
	File string
	Err  error
	// FileErr is why there is no emergency copy.
	FileErr error
}

func (e *UnsavedError) Error() string {
	what := fmt.Sprintf("the last state was not saved to %s: %v", e.URI, e.Err)
	switch {
	case e.File == "":
		return fmt.Sprintf("%s: nor was a copy beside you: %v: the next up finds by tag what was made", what, e.FileErr)
	case errors.Is(e.Err, ErrConflict):
		return fmt.Sprintf("%s (what this run knew is in %s)", what, e.File)
	default:
		return fmt.Sprintf("%s: it is in %s, which karmactl state import pushes back", what, e.File)
	}
}

func (e *UnsavedError) Unwrap() error { return e.Err }

// Try makes or pushes what was not saved; "" where another run has written since.
func (e *UnsavedError) Try() string {
	switch {
	case e.File == "":
		return "karmactl up"
	case errors.Is(e.Err, ErrConflict):
		return ""
	}
	return "karmactl state import " + e.File
}

// LineageError refuses to import the state of another beginning.
type LineageError struct {
	There  string
	Import string
}

func (e *LineageError) Error() string {
	return fmt.Sprintf("the state there has lineage %s, the one to import %s: they do not descend from each other: look at both (karmactl state list), and use --force if the import is the right one", e.There, e.Import)
}

// SerialError refuses to import what is not newer than the state that is there.
type SerialError struct {
	There  int64
	Import int64
}

func (e *SerialError) Error() string {
	return fmt.Sprintf("the state there has serial %d, the one to import %d: it was written again since: look at both (karmactl state list), and use --force if the import is the right one", e.There, e.Import)
}
