package engine

import (
	"context"
	"encoding/json"
	"time"
)

// Entry is what is remembered of a resource between runs: an index, not a mirror.
type Entry struct {
	Key   Key    `json:"-"`
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Needs []Key  `json:"needs,omitempty"`
	// CreatedAt is when karmactl made or adopted it.
	CreatedAt time.Time `json:"createdAt"`
	// Deposed are ids that were replaced and are still to be deleted.
	Deposed []string `json:"deposed,omitempty"`
	// Adopted is how far it is taken over from another program; "" is karmactl's own.
	Adopted Adoption `json:"adopted,omitempty"`
	// Differs are settings that AWS took and reads back otherwise, and what a
	// resource had otherwise when it was taken over.
	Differs []Difference `json:"differs,omitempty"`
	// Taken is what the resource was when it was taken over, by which it is given back; of
	// numbered revisions it is the id. It stays when a resource of karmactl's takes its place.
	Taken json.RawMessage `json:"taken,omitempty"`
	// Known is what the resource knows of that id without asking; see Found.Known.
	Known map[string]string `json:"known,omitempty"`
}

// Recorder remembers ids. Begin returns only when the note is safe, because it
// is what a rerun after a crash looks at; Record and Forget may be written later,
// in the order given.
type Recorder interface {
	Get(Key) (Entry, bool)
	Entries() []Entry
	// InFlight is when a create of key was begun that was never recorded.
	InFlight(Key) (time.Time, bool)
	// Begun lists the keys that are in flight.
	Begun() []Key
	// Begin notes that key is about to be created. A note that an earlier run left
	// is renewed: that run's create has been looked for, and this one is another.
	Begin(ctx context.Context, key Key) error
	Record(Entry)
	Forget(Key)
}

// Known is all that a Recorder knows of: what is recorded, and without an id what
// was begun and may have been made.
func Known(r Recorder) []Entry {
	all := r.Entries()
	for _, k := range r.Begun() {
		if _, recorded := r.Get(k); !recorded {
			all = append(all, Entry{Key: k, Kind: k.Kind()})
		}
	}
	return all
}
