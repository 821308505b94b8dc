package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// CertificateSpec is what we own of a certificate.
type CertificateSpec struct {
	// Domain is the first name, which the certificate is listed under.
	Domain string
	// Names are all names, the domain among them.
	Names Set
	// Status is "" for one that is or can still be issued; one that failed, timed
	// out or expired can only be replaced.
	Status string
	Tags   cloud.Tags
}

// certificateKey is the key of the one certificate, by which what is derived
// from it finds it too.
const certificateKey engine.Key = "certificate"

// Certificate is the request for a certificate, which costs nothing. It is
// there once AWS says which records prove the domain; that it is issued is
// CertificateValidation. Its names cannot change, so it is replaced instead.
type Certificate struct {
	engine.Ref
	*Env
	Domain string
	// SANs are further names, such as *.agents.example.com.
	SANs []string
}

// Disposable is true: another certificate serves as well.
func (c *Certificate) Disposable() {}

func (c *Certificate) Key() engine.Key      { return certificateKey }
func (c *Certificate) Needs() []engine.Node { return nil }

func (c *Certificate) Want() CertificateSpec {
	names := append([]string{c.Domain}, c.SANs...)
	return CertificateSpec{Domain: c.Domain, Names: slices.Compact(setOf(names)), Tags: c.TagsOf(c.Key())}
}

// certificates are the stack's certificates in detail. One whose ARN is known is
// asked for alone: AWS lists neither tags nor status changes, so a listing costs a
// call for the tags of each certificate of the account, and an account has few of
// these calls a second.
func (h *Env) certificates(ctx context.Context, look engine.Look) ([]candidate[*types.CertificateDetail], error) {
	if look.ID != "" && !engine.IsUnknown(look.ID) {
		one, err := cloud.List(ctx, h.Inventory, "certificate "+look.ID, look.NotOlder, func(ctx context.Context) ([]candidate[*types.CertificateDetail], error) {
			return h.certificate(ctx, &look.ID)
		})
		if err != nil || len(one) > 0 {
			return one, err
		}
	}
	return cloud.List(ctx, h.Inventory, "certificate", look.NotOlder, func(ctx context.Context) ([]candidate[*types.CertificateDetail], error) {
		listed, err := cloud.Pages(ctx, acm.NewListCertificatesPaginator(h.Clients.ACM, &acm.ListCertificatesInput{}),
			func(out *acm.ListCertificatesOutput) []types.CertificateSummary { return out.CertificateSummaryList })
		var all []candidate[*types.CertificateDetail]
		for _, c := range listed {
			if c.Type != types.CertificateTypeAmazonIssued {
				continue
			}
			one, err := h.certificate(ctx, c.CertificateArn)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, err
	})
}

// certificate is one certificate in detail, or none when it is not the stack's.
func (h *Env) certificate(ctx context.Context, arn *string) ([]candidate[*types.CertificateDetail], error) {
	tagged, err := h.Clients.ACM.ListTagsForCertificate(ctx, &acm.ListTagsForCertificateInput{CertificateArn: arn})
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	tags := cloud.FromSDK(tagged.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	if tags[cloud.TagStack] != h.Stack {
		return nil, nil
	}
	out, err := h.Clients.ACM.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: arn})
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	return []candidate[*types.CertificateDetail]{{Item: out.Certificate, ID: aws.ToString(arn), Tags: tags}}, nil
}

func (c *Certificate) Find(ctx context.Context, look engine.Look) (engine.Found[CertificateSpec], error) {
	all, err := c.certificates(ctx, look)
	if err != nil {
		return engine.Found[CertificateSpec]{}, err
	}
	one, duplicates := pick(c.Env, c.Key(), look, all)
	if one.ID == "" {
		return engine.Found[CertificateSpec]{}, nil
	}
	d := one.Item
	found := engine.Found[CertificateSpec]{Phase: engine.Ready, ID: one.ID, Duplicates: duplicates, Spec: CertificateSpec{
		Domain: aws.ToString(d.DomainName), Names: setOf(d.SubjectAlternativeNames), Tags: one.Tags,
	}}
	records := validationRecords(d)
	switch d.Status {
	case types.CertificateStatusPendingValidation, types.CertificateStatusIssued:
		if len(records) == 0 {
			found.Phase, found.Why = engine.Pending, "AWS has not said yet which records prove the domain"
		}
	default:
		found.Phase, found.Spec.Status = engine.Broken, string(d.Status)
		found.Why = strings.TrimSpace(fmt.Sprintf("the certificate is %s %s", d.Status, d.FailureReason))
	}
	found.Outputs = map[string]string{"validation": strings.Join(records, "\n")}
	return found, nil
}

// validationRecords are the records that prove the names, each "name value",
// once; none until AWS has said all of them.
func validationRecords(d *types.CertificateDetail) []string {
	var out []string
	for _, v := range d.DomainValidationOptions {
		if v.ResourceRecord == nil {
			return nil
		}
		out = append(out, aws.ToString(v.ResourceRecord.Name)+" "+aws.ToString(v.ResourceRecord.Value))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Diff compares. The names cannot change, and one that is no good stays so.
func (c *Certificate) Diff(have, want CertificateSpec) []engine.Change {
	return changes(
		essential(fixed("names", have.names(), want.names())),
		essential(fixed("status", have.Status, want.Status)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// names are all names as text, the domain first.
func (s CertificateSpec) names() string {
	others := slices.DeleteFunc(slices.Clone(s.Names), func(name string) bool { return name == s.Domain })
	return strings.TrimSpace(s.Domain + " " + others.String())
}

// Create requests the certificate; the token gives the same one for an hour.
func (c *Certificate) Create(ctx context.Context, want CertificateSpec, token string) (string, error) {
	out, err := c.Clients.ACM.RequestCertificate(ctx, &acm.RequestCertificateInput{
		DomainName: &want.Domain, SubjectAlternativeNames: want.Names, ValidationMethod: types.ValidationMethodDns,
		IdempotencyToken: aws.String(token), Tags: toACMTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.CertificateArn), nil
}

func toACMTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func (c *Certificate) Update(ctx context.Context, id string, have, want CertificateSpec) error {
	return cloud.SyncTags(have.Tags, want.Tags, func(set cloud.Tags) error {
		return failure(c.Clients.ACM.AddTagsToCertificate(ctx, &acm.AddTagsToCertificateInput{CertificateArn: &id, Tags: toACMTags(set)}))
	}, func(gone []string) error {
		var del []types.Tag
		for _, k := range gone {
			del = append(del, types.Tag{Key: aws.String(k)})
		}
		return failure(c.Clients.ACM.RemoveTagsFromCertificate(ctx, &acm.RemoveTagsFromCertificateInput{CertificateArn: &id, Tags: del}))
	})
}

// Delete deletes the certificate. While a listener serves it AWS answers
// ResourceInUseException, which is waited for.
func (c *Certificate) Delete(ctx context.Context, id string) error {
	return failure(c.Clients.ACM.DeleteCertificate(ctx, &acm.DeleteCertificateInput{CertificateArn: &id}))
}
