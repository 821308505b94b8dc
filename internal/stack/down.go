package stack

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Orphans are the recorded resources that are not in the stack any more.
func (s *Stack) Orphans(entries []engine.Entry) []engine.Step {
	var out []engine.Step
	for _, e := range entries {
		if _, wanted := s.groups[e.Key]; wanted {
			continue
		}
		if k, ok := kind(e.Key.Kind()); ok {
			m := k.Of(s.Env, e.Key.Name())
			if f, is := m.node.(*provision.FileSystem); is {
				s.files = f
			}
			out = append(out, engine.Orphan(m.step, e.Needs))
		} else {
			s.notes = append(s.notes, fmt.Sprintf("%s (%s) is recorded and of a kind that this karmactl does not know: it is left alone", e.Key, e.ID))
		}
	}
	return out
}

// Keep is why something is not deleted: what holds data that cannot be had back,
// and what belongs to the account.
func Keep(o DownOptions) func(engine.Key) string {
	return func(key engine.Key) string {
		if k, ok := kind(key.Kind()); ok && k.Kept != nil {
			return k.Kept(key.Name(), o)
		}
		return ""
	}
}
