package awssim

// PlatformWorld is the part of the account that belongs to the platform group.
type PlatformWorld struct{}

func newPlatformWorld() PlatformWorld { return PlatformWorld{} }

func (s *Sim) platformOperations() []operation { return nil }

func (s *Sim) settlePlatform() {}
