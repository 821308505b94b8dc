package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// expirySoon is when a plan says that a certificate which AWS does not renew expires. ACM
// itself tells its owner 45 days before: https://docs.aws.amazon.com/acm/latest/userguide/supported-events.html
const expirySoon = 45 * 24 * time.Hour

// checkCertificate refuses a certificate that the agents could not be served with, with all
// reasons at once. warning is what its owner should know of one that can. It only reads.
func checkCertificate(ctx context.Context, api *acm.Client, cfg *agents.Config, now time.Time) (warning string, err error) {
	arn := cfg.LoadBalancer.Certificate
	out, err := api.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: &arn})
	if cloud.IsNotFound(err) {
		return "", fmt.Errorf("load_balancer.certificate: there is no %s in this account and region", arn)
	}
	if err != nil {
		return "", err
	}
	c := out.Certificate
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	switch expires := aws.ToTime(c.NotAfter); {
	case !expires.IsZero() && !now.Before(expires) || c.Status == types.CertificateStatusExpired:
		add("it expired%s", on(expires))
	case c.Status != types.CertificateStatusIssued:
		add("its status is %s, not ISSUED%s", c.Status, failed(c))
	case aws.ToTime(c.NotBefore).After(now):
		add("it is not valid before %s", c.NotBefore.Format(time.DateOnly))
	}
	if key := strings.ReplaceAll(string(c.KeyAlgorithm), "_", "-"); key == "RSA-1024" {
		add("its key is %s, which clients refuse: RSA of 2048 bits or more, or ECDSA", key)
	}
	if !forServers(c.ExtendedKeyUsages) {
		add("its extended key usage is not that of a server (TLS Web Server Authentication)")
	}
	names := append(slices.Clone(c.SubjectAlternativeNames), aws.ToString(c.DomainName))
	for _, host := range cfg.HTTPSNames() {
		if !slices.ContainsFunc(names, func(name string) bool { return covers(name, host) }) {
			add("it does not cover %s, where agents answer: it is for %s", host, strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", "))
		}
	}
	if len(problems) > 0 {
		return "", errors.New("load_balancer.certificate " + arn + " cannot be used; nothing was changed:\n  - " + strings.Join(problems, "\n  - "))
	}
	if expires := aws.ToTime(c.NotAfter); c.Type == types.CertificateTypeImported && !expires.IsZero() && expires.Sub(now) < expirySoon {
		return fmt.Sprintf("load_balancer.certificate is imported, so AWS does not renew it, and it expires on %s: import its successor under the same ARN", expires.Format(time.DateOnly)), nil
	}
	return "", nil
}

func on(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " on " + t.Format(time.DateOnly)
}

func failed(c *types.CertificateDetail) string {
	if c.FailureReason == "" {
		return ""
	}
	return " (" + string(c.FailureReason) + ")"
}

// forServers: a certificate that names no usage is for all.
func forServers(usages []types.ExtendedKeyUsage) bool {
	return len(usages) == 0 || slices.ContainsFunc(usages, func(u types.ExtendedKeyUsage) bool {
		switch u.Name {
		case types.ExtendedKeyUsageNameTlsWebServerAuthentication, types.ExtendedKeyUsageNameAny, types.ExtendedKeyUsageNameNone:
			return true
		}
		return false
	})
}

// covers tells whether a name of a certificate is that of a host. A wildcard takes one label:
// https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html
func covers(name, host string) bool {
	name = strings.ToLower(name)
	if name == host {
		return true
	}
	tail, wild := strings.CutPrefix(name, "*.")
	label, below, _ := strings.Cut(host, ".")
	return wild && label != "*" && below == tail
}
