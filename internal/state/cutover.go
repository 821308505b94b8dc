package state

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Cutover is what the fleet's names led to before karmactl cutover moved them, by which
// cutover --back puts them back. It is there from before the first change of a record until
// the last is back.
type Cutover struct {
	Since time.Time `json:"since"`
	// Ready is from when on no resolver keeps an answer with the time to live that was before
	// it was lowered; zero while it is not lowered.
	Ready time.Time `json:"ready,omitzero"`
	// Moved is when all name servers had the new records; zero before.
	Moved time.Time `json:"moved,omitzero"`
	// Zone is the id of the hosted zone.
	Zone string `json:"zone"`
	// Names were led to the load balancer. Where Records have nothing of one, nothing was there.
	Names []string `json:"names"`
	// Records are the record sets as they were.
	Records []RecordSet `json:"records"`
}

// RecordSet is a simple record set of Route 53: values, or an alias.
type RecordSet struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// TTL is in seconds; an alias has none.
	TTL    int64    `json:"ttl,omitempty"`
	Values []string `json:"values,omitempty"`
	// Alias is the name that an alias leads to, AliasZone the hosted zone of that, and Evaluates
	// whether it asks for the target's health.
	Alias     string `json:"alias,omitempty"`
	AliasZone string `json:"aliasZone,omitempty"`
	Evaluates bool   `json:"evaluates,omitempty"`
	// HealthCheck is the id of the check that it is answered with; "" is none.
	HealthCheck string `json:"healthCheck,omitempty"`
}

func (c *Cutover) clone() *Cutover {
	if c == nil {
		return nil
	}
	out := *c
	out.Names, out.Records = slices.Clone(c.Names), slices.Clone(c.Records)
	for i, r := range out.Records {
		out.Records[i].Values = slices.Clone(r.Values)
	}
	return &out
}

// Cutover is the note of a cutover; nil is none.
func (s *Store) Cutover() *Cutover {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Cutover.clone()
}

// NoteCutover writes the note of a cutover, nil to forget it, and returns when that is safe.
func (s *Store) NoteCutover(ctx context.Context, c *Cutover) error {
	c = c.clone()
	if c != nil {
		c.Since, c.Ready, c.Moved = plainTime(c.Since), plainTime(c.Ready), plainTime(c.Moved)
	}
	err := s.change(func(st *State) bool {
		if reflect.DeepEqual(st.Cutover, c) {
			return false
		}
		st.Cutover = c
		return true
	})
	if err == nil {
		err = s.Flush(ctx)
	}
	if err != nil {
		return fmt.Errorf("noting in the state where the names led: %w", err)
	}
	return nil
}

// plainTime is without zone and monotonic reading.
func plainTime(t time.Time) time.Time { return t.UTC().Round(0) }
