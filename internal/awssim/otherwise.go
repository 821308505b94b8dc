package awssim

// ReadOtherwise has every read answered from a copy of the world that edit has
// changed, as AWS answers a setting in words of its own, or as a policy of the
// account decides it. Writes change the world itself. Nil ends it.
func (s *Sim) ReadOtherwise(edit func(*World)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.otherwise, s.instead = edit, nil
}

// readOtherwise puts the changed copy in the place of the world, and returns what
// puts the world back. The lock is held.
func (s *Sim) readOtherwise() (back func()) {
	if s.otherwise == nil {
		return func() {}
	}
	if s.instead == nil {
		s.instead = s.copies.detach(s.world).(*World)
		s.otherwise(s.instead)
	}
	world := s.world
	s.world, s.services = s.instead, nil
	return func() { s.world, s.services = world, nil }
}
