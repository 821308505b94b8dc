package provision

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// CertificateValidationSpec is which certificate is waited for.
type CertificateValidationSpec struct {
	Certificate string
}

// CertificateValidation is the wait until the certificate is issued: minutes
// after its records are in the DNS. It makes nothing and deletes nothing; its id
// is the certificate's, for a listener to serve.
type CertificateValidation struct {
	engine.Ref
	*Env
	Certificate *Certificate
	Records     *ValidationRecords

	// given: it is there already and not the stack's; see GivenCertificate.
	given bool
	// over: a delete is done at once, though the certificate is still there.
	over atomic.Bool
}

// GivenCertificate is a certificate that is there already, as a reference: it is no step of
// a walk, so nothing changes, waits for or deletes it.
func GivenCertificate(h *Env, arn string) *CertificateValidation {
	v := &CertificateValidation{Env: h, given: true}
	v.SetObserved(arn, nil)
	return v
}

// IsGiven tells whether the certificate is there already, and not the stack's.
func (v *CertificateValidation) IsGiven() bool { return v.given }

// Disposable is true: another certificate is waited for instead.
func (v *CertificateValidation) Disposable() {}

func (v *CertificateValidation) Key() engine.Key      { return "certificate-validation" }
func (v *CertificateValidation) Needs() []engine.Node { return []engine.Node{v.Certificate, v.Records} }

// Patience is long: AWS says that issuing can take 30 minutes.
// https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
func (v *CertificateValidation) Patience() time.Duration { return 45 * time.Minute }

func (v *CertificateValidation) Want() CertificateValidationSpec {
	return CertificateValidationSpec{Certificate: v.Certificate.ID()}
}

// Find tells how far the certificate is: the one just settled, or before that
// the one with its tags.
func (v *CertificateValidation) Find(ctx context.Context, look engine.Look) (engine.Found[CertificateValidationSpec], error) {
	if v.over.Load() {
		return engine.Found[CertificateValidationSpec]{}, nil
	}
	if v.Certificate != nil && v.Certificate.ID() != "" {
		look.ID = v.Certificate.ID()
	}
	all, err := v.certificates(ctx, look)
	if err != nil {
		return engine.Found[CertificateValidationSpec]{}, err
	}
	c, _ := pick(v.Env, certificateKey, look, all)
	if c.ID == "" {
		return engine.Found[CertificateValidationSpec]{}, nil
	}
	found := engine.Found[CertificateValidationSpec]{Phase: engine.Ready, ID: c.ID, Spec: CertificateValidationSpec{Certificate: c.ID}}
	switch c.Item.Status {
	case types.CertificateStatusIssued:
	case types.CertificateStatusPendingValidation:
		found.Phase, found.Why = engine.Pending, "AWS has not seen the validation record yet"
	default:
		found.Phase, found.Why = engine.Broken, fmt.Sprintf("the certificate is %s %s", c.Item.Status, c.Item.FailureReason)
	}
	return found, nil
}

// Diff compares. Another certificate is another wait, with another id.
func (v *CertificateValidation) Diff(have, want CertificateValidationSpec) []engine.Change {
	return essential(fixed("certificate", have.Certificate, want.Certificate))
}

// Create makes nothing: what there is to wait for is the certificate.
func (v *CertificateValidation) Create(_ context.Context, want CertificateValidationSpec, _ string) (string, error) {
	return want.Certificate, nil
}

// Update changes nothing: Find sees the certificate that is wanted.
func (v *CertificateValidation) Update(context.Context, string, CertificateValidationSpec, CertificateValidationSpec) error {
	return nil
}

// Delete ends the wait. The certificate itself is deleted after what serves it.
func (v *CertificateValidation) Delete(context.Context, string) error {
	v.over.Store(true)
	return nil
}
