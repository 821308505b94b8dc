package logs

import "sync"

// onceSayer tells the user each thing once, and one at a time.
type onceSayer struct {
	mu   sync.Mutex
	what map[string]bool
}

// once hands what to say unless it was said before. The lock is held meanwhile: a say need not guard itself.
func (s *onceSayer) once(what string, say func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.what[what] {
		return
	}
	if s.what == nil {
		s.what = map[string]bool{}
	}
	s.what[what] = true
	say(what)
}
