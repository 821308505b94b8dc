package document

import "time"

// State is what state list tells.
type State struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Lineage tells states of different origin apart.
	Lineage string `json:"lineage"`
	// Serial grows with each write.
	Serial int64 `json:"serial"`
	// Resources are by their keys.
	Resources map[string]Entry `json:"resources"`
	// InFlight are keys whose creation was begun and not recorded, and since when.
	InFlight map[string]time.Time `json:"in_flight,omitempty"`
}

// StateEntry is what state show tells of one key.
type StateEntry struct {
	Head
	// Key is the resource's key.
	Key string `json:"key"`
	Entry
}

// Entry is what is recorded of a resource.
type Entry struct {
	// ResourceKind is the resource's kind: the first part of its key.
	ResourceKind string `json:"resource_kind"`
	// ID is an id or an ARN.
	ID string `json:"id"`
	// Needs are the keys that it refers to.
	Needs []string `json:"needs,omitempty"`
	// CreatedAt is when karmactl made it or took it into the state.
	CreatedAt time.Time `json:"created_at"`
	// Deposed are ids of ones that it has taken the place of, still to be deleted.
	Deposed []string `json:"deposed,omitempty"`
	// Adopted is begun, shared or whole for what was taken over from another program: shared
	// is that the other one has it still; not there for what karmactl made.
	Adopted string `json:"adopted,omitempty"`
	// Differs are settings that AWS reads back otherwise than they were sent, and what
	// stays as it was when it was taken over.
	Differs []Difference `json:"differs,omitempty"`
}

// Difference is a setting that AWS reads back in words of its own.
type Difference struct {
	// Field is its name.
	Field string `json:"field"`
	// Want is what was sent.
	Want string `json:"want"`
	// Read is what AWS reads back.
	Read string `json:"read"`
}

// StateChange is what became of the state as a whole, or of one key of it, by state rm, restore, import and unlock.
type StateChange struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Command is state rm, state restore, state import or state unlock.
	Command string `json:"command"`
	// DryRun: nothing was changed.
	DryRun bool `json:"dry_run"`
	// Changed: something was changed, or would be.
	Changed bool `json:"changed"`
	// Key is the one that is forgotten; state rm's.
	Key string `json:"key,omitempty"`
	// ID is the id of its resource, which stays.
	ID string `json:"id,omitempty"`
	// Serial is the state's after state restore and state import.
	Serial int64 `json:"serial,omitempty"`
	// Resources are how many keys the state has then.
	Resources *int `json:"resources,omitempty"`
	// Lock is the one that state unlock breaks; not there where there is none, or none that can be read.
	Lock *Lock `json:"lock,omitempty"`
}

// Lock is who works on a stack.
type Lock struct {
	// ID is what --id of state unlock takes.
	ID string `json:"id"`
	// Who is user@host.
	Who string `json:"who"`
	// PID is the number of the process on that host.
	PID int `json:"pid"`
	// Command is what was run.
	Command string `json:"command"`
	// Since is when it was taken.
	Since time.Time `json:"since"`
}

// StateHistory is what state history tells.
type StateHistory struct {
	Head
	// Versions are newest first.
	Versions []StateVersion `json:"versions"`
}

// StateVersion is a version of the state.
type StateVersion struct {
	// ID is what `state rollback` takes.
	ID string `json:"id"`
	// Time is when it was written.
	Time time.Time `json:"time"`
	// Bytes is its size.
	Bytes int64 `json:"bytes"`
	// Serial grows with each write; not there where it is not known.
	Serial int64 `json:"serial,omitempty"`
	// Current: it is the one in use.
	Current bool `json:"current"`
}

// History is who changed the stack, when and with which command.
type History struct {
	Head
	// Stack is PROJECT-ENVIRONMENT.
	Stack string `json:"stack"`
	// Region is AWS's.
	Region string `json:"region"`
	// Runs are newest first.
	Runs []Run `json:"runs"`
	// Complete: there are no older runs.
	Complete bool `json:"complete"`
}

// Run is a command that changed the state.
type Run struct {
	// Who is the caller as AWS knows it; "" where an older karmactl did not note it.
	Who string `json:"who"`
	// Command is what was run; "" like who.
	Command string `json:"command"`
	// Began is when the first change was noted.
	Began time.Time `json:"began"`
	// Ended is when the last change was noted.
	Ended time.Time `json:"ended"`
	// Made are the keys of resources that were made.
	Made []string `json:"made"`
	// Changed are the keys of resources that have another ID, or another content.
	Changed []string `json:"changed"`
	// Deleted are the keys of resources that went.
	Deleted []string `json:"deleted"`
}
