package awssim

// ReadOtherwise has every read answered from a copy of the world that edit has
// changed, as AWS answers a setting in words of its own, or as a policy of the
// account decides it. Writes change the world itself. Nil ends it.
func (s *Sim) ReadOtherwise(edit func(*World)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.otherwise = edit
}

// readOtherwise puts the changed copy in the place of the world, and returns what
// puts the world back. The lock is held.
func (s *Sim) readOtherwise() (back func()) {
	if s.otherwise == nil {
		return func() {}
	}
	world := s.world
	s.world = s.copies.detach(world).(*World)
	s.services = nil
	s.otherwise(s.world)
	return func() { s.world, s.services = world, nil }
}
