package awssim

// hasBucket tells whether a bucket exists.
func (s *Sim) hasBucket(string) bool { return false }
