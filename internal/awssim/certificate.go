package awssim

// servableCertificate checks that a listener may have a certificate.
func (s *Sim) servableCertificate(string) error { return nil }
