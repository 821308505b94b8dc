package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

const (
	givenCertificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

	// behindCertificate is a fleet at hosts whose DNS and certificate are their owner's.
	behindCertificate = `
network: {nat: none}
load_balancer: {certificate: "` + givenCertificate + `"}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim", hosts: ["{agent}.example.com"]}
agents:
  front: {port: 8080}
  pay: {port: 8081, hosts: [pay.example.org]}
`
)

// certificateBench is an account with the certificate, as its owner imported it.
func certificateBench(t *testing.T, src string, names ...string) *stackBench {
	b := newStackBench(t, parse(t, src))
	if err := b.sim.Seed(awssim.Seed{Certificates: map[string][]string{givenCertificate: names}}); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestACertificateThatIsThereIsServedAndNeverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := certificateBench(t, behindCertificate, "*.example.com", "pay.example.org")
		before := slices.Clone(b.sim.Inventory())
		b.upStack(nil)
		for _, call := range b.sim.Mutations() {
			if call.Service == "ACM" || call.Service == "Route 53" {
				t.Errorf("up calls %s", call.Name())
			}
		}
		s := b.fresh(true)
		s.alb.SetObserved("alb", map[string]string{"dns_name": "lb.example.net"})
		if got, want := s.URLs(), map[string]string{"front": "https://front.example.com/", "pay": "https://pay.example.org/"}; !cmp.Equal(got, want) {
			t.Errorf("the agents answer at %v, not at %v", got, want)
		}
		served := func() (out []string) {
			b.edit(func(w *awssim.World) {
				for _, l := range w.Listeners {
					if l.Port == 443 {
						out = append(out, l.Certificate)
					}
				}
			})
			return out
		}
		if got := served(); !slices.Equal(got, []string{givenCertificate}) {
			t.Errorf("HTTPS is served with %q", got)
		}
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(plan))
		}

		const other = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-4e5f-6071-8293-a4b5c6d7e8f9"
		if err := b.sim.Seed(awssim.Seed{Certificates: map[string][]string{other: {"example.net"}}}); err != nil {
			t.Fatal(err)
		}
		b.edit(func(w *awssim.World) {
			for _, l := range w.Listeners {
				if l.Port == 443 {
					l.Certificate = other
				}
			}
		})
		if plan := b.planStack(); !plan.Changes() {
			t.Error("the plan does not show that another certificate is served")
		}
		b.upStack(nil)
		if got := served(); !slices.Equal(got, []string{givenCertificate}) {
			t.Errorf("up leaves %q served", got)
		}
		b.downStack()
		left := slices.DeleteFunc(b.sim.Inventory(), func(s string) bool {
			return strings.HasSuffix(s, other) || strings.HasPrefix(s, "service-linked-role ") || slices.Contains(before, s)
		})
		if len(left) > 0 || !slices.ContainsFunc(b.sim.Inventory(), func(s string) bool { return strings.Contains(s, givenCertificate) }) {
			t.Errorf("after down there are %q, and among all: %q", left, b.sim.Inventory())
		}
	})
}

func TestAStackChangesBetweenItsOwnCertificateAndOneThatIsThere(t *testing.T) {
	const own = `
network: {nat: none}
load_balancer: {domain: agents.example.com}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents: {front: {port: 8080}}
`
	given := strings.Replace(own, "agents.example.com}", `agents.example.com, certificate: "`+givenCertificate+`"}`, 1)
	synctest.Test(t, func(t *testing.T) {
		b := certificateBench(t, own, "agents.example.com", "*.agents.example.com")
		certificates := func() int {
			return len(slices.DeleteFunc(b.sim.Inventory(), func(s string) bool { return !strings.HasPrefix(s, "certificate ") }))
		}
		b.upStack(nil)
		for _, step := range []struct {
			src  string
			want int
		}{{given, 1}, {own, 2}} {
			b.cfg = parse(t, step.src)
			b.upStack(nil)
			if n := certificates(); n != step.want {
				t.Errorf("there are %d certificates, not %d", n, step.want)
			}
			if plan := b.planStack(); plan.Changes() {
				t.Errorf("the plan after up is not empty: %s", verbs(plan))
			}
		}
	})
}

func TestACertificateThatCannotServeTheAgentsIsRefusedWithEveryReason(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*awssim.Certificate)
		says []string
		not  string
	}{
		"as it is to be": {func(*awssim.Certificate) {}, nil, ""},
		"unproved": {func(c *awssim.Certificate) {
			c.Imported, c.Status, c.Created = false, types.CertificateStatusPendingValidation, time.Now()
		}, []string{"its status is PENDING_VALIDATION, not ISSUED"}, ""},
		"failed": {func(c *awssim.Certificate) {
			c.Imported, c.Status, c.Failure = false, types.CertificateStatusFailed, types.FailureReasonCaaError
		}, []string{"its status is FAILED, not ISSUED (CAA_ERROR)"}, ""},
		"other names, an old key, for clients, expired": {func(c *awssim.Certificate) {
			c.Names, c.Domain = []string{"example.com", "*.org"}, "example.com"
			c.Key, c.Usages = types.KeyAlgorithmRsa1024, []types.ExtendedKeyUsageName{types.ExtendedKeyUsageNameTlsWebClientAuthentication}
			c.Expires = time.Now().Add(-24 * time.Hour)
		}, []string{
			"it expired on ", "its key is RSA-1024", "its extended key usage is not that of a server",
			"it does not cover front.example.com, where agents answer: it is for *.org, example.com", "it does not cover pay.example.org",
		}, "status"},
		"a wildcard of one label more": {func(c *awssim.Certificate) { c.Names = []string{"*.example.com", "*.pay.example.org"} }, []string{"it does not cover pay.example.org"}, "front.example.com"},
		"not valid yet":                {func(c *awssim.Certificate) { c.Issued = time.Now().Add(48 * time.Hour) }, []string{"it is not valid before "}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := certificateBench(t, behindCertificate, "*.example.com", "pay.example.org")
				b.edit(func(w *awssim.World) { c.edit(w.Certificates[givenCertificate]) })
				said := b.lookedUp()
				for _, want := range c.says {
					if !strings.Contains(said, want) {
						t.Errorf("it does not say %q, but:\n%s", want, said)
					}
				}
				if len(c.says) == 0 && said != "" || c.not != "" && strings.Contains(said, c.not) {
					t.Errorf("it says: %s", said)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, behindCertificate))
		if said := b.lookedUp(); !strings.Contains(said, "there is no "+givenCertificate+" in this account and region") {
			t.Errorf("of one that is not there it says %q", said)
		}
	})
}

func TestAnImportedCertificateThatExpiresSoonIsWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := certificateBench(t, behindCertificate, "*.example.com", "pay.example.org")
		for days, want := range map[int]bool{30: true, 60: false} {
			b.edit(func(w *awssim.World) {
				w.Certificates[givenCertificate].Expires = time.Now().Add(time.Duration(days) * 24 * time.Hour)
			})
			if got := slices.ContainsFunc(b.fresh(true).Warnings(), func(s string) bool { return strings.Contains(s, "is imported, so AWS does not renew it") }); got != want {
				t.Errorf("%d days before it expires: warned is %v", days, got)
			}
		}
	})
}

func TestACertificateCoversNamesAsBrowsersTakeIt(t *testing.T) {
	for _, c := range []struct {
		name, host string
		want       bool
	}{
		{"a.example.com", "a.example.com", true},
		{"A.Example.com", "a.example.com", true},
		{"*.example.com", "a.example.com", true},
		{"*.example.com", "*.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "a.b.example.com", false},
		{"*.com", "*.example.com", false},
		{"*.b.example.com", "*.example.com", false},
		{"example.com", "*.example.com", false},
	} {
		if got := covers(c.name, c.host); got != c.want {
			t.Errorf("%s covers %s is %v", c.name, c.host, got)
		}
	}
}
