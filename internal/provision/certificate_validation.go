package provision

import "github.com/karmacadabra/karmactl/internal/engine"

// CertificateValidation is a certificate that has been issued.
type CertificateValidation struct {
	engine.Ref
	*Home
}

func (v *CertificateValidation) Key() engine.Key      { return "certificate-validation" }
func (v *CertificateValidation) Needs() []engine.Node { return nil }
