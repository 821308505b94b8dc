package awssim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	dns "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// How long ACM takes: the records are known some seconds after the request, a
// certificate is issued about a minute after the records are in the DNS, and
// not at all after three days.
const (
	certificateRecords  = 5 * time.Second
	certificateIssued   = 60 * time.Second
	certificateTimesOut = 72 * time.Hour
	// certificateToken is how long a token gives the same certificate.
	certificateToken = time.Hour
	// One that is in use is renewed so long before it expires:
	// https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
	certificateLasts  = 395 * 24 * time.Hour
	certificateRenews = 60 * 24 * time.Hour
)

// Certificate is a simulated certificate.
type Certificate struct {
	ARN    string
	Domain string
	// Names are the domain and the other names, in the order given.
	Names   []string
	Token   string
	Status  types.CertificateStatus
	Failure types.FailureReason
	Tags    cloud.Tags
	Created time.Time
	// Seen is when all records were first in the DNS.
	Seen time.Time
	// Imported tells that its owner had it from elsewhere: AWS neither proves nor renews it.
	Imported bool
	// Key is its algorithm, "" is AWS's own choice. Usages are what it is for, of which none is all.
	Key    types.KeyAlgorithm
	Usages []types.ExtendedKeyUsageName
	// Issued and Expires are zero before it is issued.
	Issued, Expires time.Time
}

func (s *Sim) certificateNoun() noun {
	return noun{
		ops: []operation{
			on("ACM.RequestCertificate", s.requestCertificate, "DomainName", "SubjectAlternativeNames", "ValidationMethod", "IdempotencyToken", "Tags"),
			on("ACM.DescribeCertificate", s.describeCertificate, "CertificateArn"),
			on("ACM.ListCertificates", s.listCertificates).pages("CertificateSummaryList", 100, 1000),
			on("ACM.ListTagsForCertificate", s.listTagsForCertificate, "CertificateArn"),
			on("ACM.AddTagsToCertificate", s.addTagsToCertificate, "CertificateArn", "Tags"),
			on("ACM.RemoveTagsFromCertificate", s.removeTagsFromCertificate, "CertificateArn", "Tags"),
			on("ACM.DeleteCertificate", s.deleteCertificate, "CertificateArn"),
		},
		settle: s.settleCertificates,
		each: func(tell func(thing)) {
			for _, c := range s.world.Certificates {
				tell(thing{kind: "certificate", name: c.ARN, tags: c.Tags})
			}
		},
	}
}

// settleCertificates issues a certificate whose records are in the DNS, renews one that is in
// use, and lets all others expire.
func (s *Sim) settleCertificates() {
	for _, c := range s.world.Certificates {
		if c.Status == types.CertificateStatusIssued && !c.Expires.IsZero() {
			if !c.Imported && !s.now().Before(c.Expires.Add(-certificateRenews)) && len(s.inUseBy(c.ARN)) > 0 {
				c.Expires = s.now().Add(certificateLasts)
			}
			if !s.now().Before(c.Expires) {
				c.Status = types.CertificateStatusExpired
			}
		}
		if c.Status != types.CertificateStatusPendingValidation {
			continue
		}
		all := true
		for _, n := range c.Names {
			name, value := validationRecord(s.world.Account, n)
			all = all && s.published(name, dns.RRTypeCname, value)
		}
		switch {
		case !all:
			c.Seen = time.Time{}
		case c.Seen.IsZero():
			c.Seen = s.now()
		}
		switch {
		case !c.Seen.IsZero() && !s.now().Before(c.Seen.Add(certificateIssued)):
			c.Status = types.CertificateStatusIssued
			c.Issued, c.Expires = s.now(), s.now().Add(certificateLasts)
		case !s.now().Before(c.Created.Add(certificateTimesOut)):
			c.Status = types.CertificateStatusValidationTimedOut
		}
	}
}

// validationRecord is the CNAME that proves a name: the same in an account for
// a name and its wildcard, in every certificate.
func validationRecord(account, name string) (record, value string) {
	base := strings.TrimPrefix(name, "*.")
	sum := sha256.Sum256([]byte(account + base))
	h := hex.EncodeToString(sum[:])
	return "_" + h[:32] + "." + base + ".", "_" + h[32:] + ".acm-validations.aws."
}

// certificateName: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
var (
	certificateName    = lazyregexp.New(`^(\*\.)?(([A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+([A-Za-z0-9-]{1,62}[A-Za-z0-9])$`)
	certificateToken32 = lazyregexp.New(`^\w{1,32}$`)
)

// certificateNames is AWS's default of names a certificate.
const certificateNames = 10

func (s *Sim) requestCertificate(in *acm.RequestCertificateInput) (*acm.RequestCertificateOutput, error) {
	token := aws.ToString(in.IdempotencyToken)
	if in.IdempotencyToken != nil && !certificateToken32.MatchString(token) {
		return nil, fail("ValidationException", "Value '%s' at 'idempotencyToken' failed to satisfy constraint: 1 to 32 letters, digits and underscores", token)
	}
	domain := aws.ToString(in.DomainName)
	names := []string{domain}
	for _, n := range in.SubjectAlternativeNames {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if len(names) > certificateNames {
		return nil, fail("LimitExceededException", "A certificate takes at most %d names", certificateNames)
	}
	for _, n := range names {
		if len(n) > 253 || !certificateName.MatchString(n) {
			return nil, fail("ValidationException", "'%s' is not a valid domain name", n)
		}
	}
	if in.ValidationMethod != types.ValidationMethodDns {
		return nil, fail("ValidationException", "validation by '%s' is not simulated", in.ValidationMethod)
	}
	tags := cloud.FromSDK(in.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	for _, c := range s.world.Certificates {
		if token != "" && c.Token == token && s.now().Before(c.Created.Add(certificateToken)) && slices.Equal(c.Names, names) {
			return &acm.RequestCertificateOutput{CertificateArn: aws.String(c.ARN)}, nil
		}
	}
	c := &Certificate{
		ARN: s.world.arn("acm", "certificate/"+s.world.uuid()), Domain: domain, Names: names, Token: token,
		Status: types.CertificateStatusPendingValidation, Tags: tags, Created: s.now(),
	}
	s.world.Certificates[c.ARN] = c
	return &acm.RequestCertificateOutput{CertificateArn: aws.String(c.ARN)}, nil
}

func (s *Sim) certificate(arn *string) (*Certificate, error) {
	c := s.world.Certificates[aws.ToString(arn)]
	if c == nil || !s.visible(c.Created) {
		return nil, fail("ResourceNotFoundException", "Could not find certificate %s.", aws.ToString(arn))
	}
	return c, nil
}

// inUseBy are the load balancers that serve a certificate.
func (s *Sim) inUseBy(arn string) []string {
	var out []string
	for _, l := range sorted(s.world.Listeners) {
		if l.Certificate == arn && !slices.Contains(out, l.LoadBalancer) {
			out = append(out, l.LoadBalancer)
		}
	}
	return out
}

func (s *Sim) describeCertificate(in *acm.DescribeCertificateInput) (*acm.DescribeCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	d := &types.CertificateDetail{
		CertificateArn: aws.String(c.ARN), DomainName: aws.String(c.Domain), SubjectAlternativeNames: slices.Clone(c.Names), Status: c.Status,
		Type: types.CertificateTypeAmazonIssued, CreatedAt: aws.Time(c.Created), FailureReason: c.Failure, InUseBy: s.inUseBy(c.ARN),
		Subject: aws.String("CN=" + c.Domain), Issuer: aws.String("Amazon"), KeyAlgorithm: cmp.Or(c.Key, "RSA-2048"), SignatureAlgorithm: aws.String("SHA256WITHRSA"),
		RenewalEligibility: types.RenewalEligibilityIneligible,
		//nolint:staticcheck // deprecated for what one asks; AWS still answers it
		Options: &types.CertificateOptions{CertificateTransparencyLoggingPreference: types.CertificateTransparencyLoggingPreferenceEnabled},
	}
	for _, u := range c.Usages {
		d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, types.ExtendedKeyUsage{Name: u, OID: aws.String(usageOIDs[u])})
	}
	if !c.Issued.IsZero() {
		d.NotBefore, d.NotAfter = aws.Time(c.Issued), aws.Time(c.Expires)
	}
	if c.Imported {
		d.Type, d.ImportedAt = types.CertificateTypeImported, aws.Time(c.Created)
		return &acm.DescribeCertificateOutput{Certificate: d}, nil
	}
	if !c.Issued.IsZero() {
		d.IssuedAt = aws.Time(c.Issued)
	}
	if len(d.InUseBy) > 0 {
		d.RenewalEligibility = types.RenewalEligibilityEligible
	}
	for _, n := range c.Names {
		v := types.DomainValidation{DomainName: aws.String(n), ValidationMethod: types.ValidationMethodDns, ValidationStatus: types.DomainStatusPendingValidation}
		if c.Status == types.CertificateStatusIssued {
			v.ValidationStatus = types.DomainStatusSuccess
		}
		if !s.now().Before(c.Created.Add(certificateRecords)) {
			name, value := validationRecord(s.world.Account, n)
			v.ResourceRecord = &types.ResourceRecord{Name: &name, Type: types.RecordTypeCname, Value: &value}
		}
		d.DomainValidationOptions = append(d.DomainValidationOptions, v)
	}
	return &acm.DescribeCertificateOutput{Certificate: d}, nil
}

// usageOIDs: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12
var usageOIDs = map[types.ExtendedKeyUsageName]string{
	types.ExtendedKeyUsageNameTlsWebServerAuthentication: "1.3.6.1.5.5.7.3.1",
	types.ExtendedKeyUsageNameTlsWebClientAuthentication: "1.3.6.1.5.5.7.3.2",
}

// seedCertificate imports a certificate, when it is not there.
func (s *Sim) seedCertificate(arn string, names []string, since time.Time) {
	if s.world.Certificates[arn] != nil || len(names) == 0 {
		return
	}
	s.world.Certificates[arn] = &Certificate{
		ARN: arn, Domain: names[0], Names: names, Status: types.CertificateStatusIssued, Tags: cloud.Tags{}, Created: since, Imported: true,
		Usages: []types.ExtendedKeyUsageName{types.ExtendedKeyUsageNameTlsWebServerAuthentication}, Issued: since, Expires: since.Add(certificateLasts),
	}
}

func (s *Sim) listCertificates(*acm.ListCertificatesInput) (*acm.ListCertificatesOutput, error) {
	out := &acm.ListCertificatesOutput{}
	for _, c := range sorted(s.world.Certificates) {
		if s.visible(c.Created) {
			kind := types.CertificateTypeAmazonIssued
			if c.Imported {
				kind = types.CertificateTypeImported
			}
			out.CertificateSummaryList = append(out.CertificateSummaryList, types.CertificateSummary{
				CertificateArn: aws.String(c.ARN), DomainName: aws.String(c.Domain), Status: c.Status, Type: kind,
			})
		}
	}
	return out, nil
}

func (s *Sim) listTagsForCertificate(in *acm.ListTagsForCertificateInput) (*acm.ListTagsForCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	return &acm.ListTagsForCertificateOutput{Tags: cloud.ToSDK(c.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) addTagsToCertificate(in *acm.AddTagsToCertificateInput) (*acm.AddTagsToCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	next := maps.Clone(c.Tags)
	for _, t := range in.Tags {
		next[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if err := checkTags(next); err != nil {
		return nil, err
	}
	c.Tags = next
	return &acm.AddTagsToCertificateOutput{}, nil
}

func (s *Sim) removeTagsFromCertificate(in *acm.RemoveTagsFromCertificateInput) (*acm.RemoveTagsFromCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		delete(c.Tags, aws.ToString(t.Key))
	}
	return &acm.RemoveTagsFromCertificateOutput{}, nil
}

func (s *Sim) deleteCertificate(in *acm.DeleteCertificateInput) (*acm.DeleteCertificateOutput, error) {
	c, err := s.certificate(in.CertificateArn)
	if err != nil {
		return nil, err
	}
	if used := s.inUseBy(c.ARN); len(used) > 0 {
		return nil, fail("ResourceInUseException", "Certificate %s is in use by %s.", c.ARN, strings.Join(used, ", "))
	}
	delete(s.world.Certificates, c.ARN)
	return &acm.DeleteCertificateOutput{}, nil
}

// servableCertificate checks that a listener may have a certificate.
func (s *Sim) servableCertificate(arn string) error {
	c := s.world.Certificates[arn]
	if c == nil {
		return fail("CertificateNotFound", "Certificate '%s' not found", arn)
	}
	if c.Status != types.CertificateStatusIssued {
		return fail("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and be issued", arn)
	}
	return nil
}
