package tail

import "sync"

// said remembers what the user was told.
type said struct {
	mu   sync.Mutex
	what map[string]bool
}

// first reports whether it is said for the first time.
func (s *said) first(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what[what] {
		return false
	}
	if s.what == nil {
		s.what = map[string]bool{}
	}
	s.what[what] = true
	return true
}
