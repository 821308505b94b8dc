package provision

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// secure is an edge with a domain.
type secure struct {
	*edgeBench
	zone  string
	cert  *Certificate
	valid *CertificateValidation
	https *Listener
	extra []engine.Step
}

func newSecure(t *testing.T) *secure {
	t.Helper()
	s := &secure{edgeBench: newEdgeBench(t)}
	_ = s.sim.Edit(func(w *awssim.World) {
		s.zone = w.SeedHostedZone("example.com", false)
		w.SeedHostedZone("agents.example.com", true)
	})
	s.build()
	return s
}

func (s *secure) build() {
	s.edgeBench.build()
	h := s.home
	s.http.Redirect = true
	s.cert = &Certificate{Env: h, Domain: "agents.example.com", SANs: []string{"*.agents.example.com"}}
	records := &ValidationRecords{Env: h, Certificate: s.cert, Zone: s.zone}
	s.valid = &CertificateValidation{Env: h, Certificate: s.cert, Records: records}
	s.https = &Listener{Env: h, LoadBalancer: s.lb, Port: 443, Protocol: "HTTPS", Certificate: s.valid, Agents: s.http.Agents}
	s.rules = nil
	s.extra = []engine.Step{engine.Manage(s.cert), engine.Manage(records), engine.Manage(s.valid), engine.Manage(s.https)}
	for i, g := range s.groups {
		s.extra = append(s.extra,
			engine.Manage(&ListenerRule{Env: h, Listener: s.https, Group: g, Agent: g.Agent, Host: g.Agent + ".agents.example.com", Priority: 100 + i}),
			engine.Manage(&ListenerRule{Env: h, Listener: s.https, Group: g, Agent: g.Agent, Path: "/" + g.Agent, StripPrefix: true, Priority: 200 + i}),
		)
	}
	for _, name := range []string{"agents.example.com", "*.agents.example.com"} {
		s.extra = append(s.extra, engine.Manage(&Record{Env: h, Zone: s.zone, Name: name, Type: "A", Alias: s.lb}))
	}
}

func (s *secure) steps() []engine.Step { return append(s.edgeBench.steps(), s.extra...) }

func TestADomainGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		s.lifecycle(s.steps()...)
		_ = s.sim.Edit(func(w *awssim.World) {
			if n := len(w.HostedZones[s.zone].Records); n != 0 {
				t.Errorf("down leaves %d records", n)
			}
		})
	})
}

func TestAnAgentAnswersAtItsOwnName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		s.up(s.steps()...)
		web := &http.Client{Transport: s.sim.RoundTripper()}
		for url, want := range map[string]string{
			"https://validator.agents.example.com/health": "503",
			"https://agents.example.com/validator/health": "503",
			"http://agents.example.com/validator/health":  "503", // by way of the redirect
			"https://agents.example.com/nobody":           "no such agent",
		} {
			resp, err := web.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), want) {
				t.Errorf("%s says %s, want %s", url, b, want)
			}
		}
	})
}

func TestAnotherNameReplacesTheCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		s.up(s.steps()...)
		old := s.cert.ID()
		s.cert.SANs = append(s.cert.SANs, "www.example.com")
		shown := s.plan(s.steps()...)
		w := s.walk(true, s.steps()...)
		w.Shown = shown
		res, err := w.Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err != nil {
			t.Fatal(err)
		}
		if verb(res, "certificate") != engine.Replace || verb(res, "listener/https") != engine.Update {
			t.Errorf("got %s", verbs(res))
		}
		_ = s.sim.Edit(func(w *awssim.World) {
			if w.Certificates[old] != nil || len(w.Certificates) != 1 {
				t.Errorf("%d certificates are left", len(w.Certificates))
			}
		})
		s.build()
		s.cert.SANs = append(s.cert.SANs, "www.example.com")
		if res := s.plan(s.steps()...); res.Changes() {
			t.Errorf("the plan after the change is not empty: %s", verbs(res))
		}
	})
}

func TestAStrangersRecordIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		_ = s.sim.Edit(func(w *awssim.World) {
			w.HostedZones[s.zone].Records["agents.example.com. A"] = &awssim.DNSRecord{Name: "agents.example.com.", Type: "A", TTL: 60, Values: []string{"192.0.2.1"}}
		})
		res, err := s.walk(false, s.steps()...).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := res.Get("record/agents.example.com"); o.Err == nil || !strings.Contains(o.Err.Error(), "192.0.2.1") {
			t.Errorf("got %v", o.Err)
		}
	})
}

func TestWaitingForACertificateAsksForNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		_ = s.sim.Edit(func(w *awssim.World) {
			for i := range 50 {
				arn := fmt.Sprintf("arn:aws:acm:us-east-1:%s:certificate/%08d-0000-4000-8000-000000000000", w.Account, i)
				w.Certificates[arn] = &awssim.Certificate{ARN: arn, Domain: "other.example.com", Names: []string{"other.example.com"}, Status: "ISSUED"}
			}
		})
		s.up(s.steps()...)
		asked := 0
		for _, c := range s.sim.Calls() {
			if c.Name() == "ACM.ListTagsForCertificate" {
				asked++
			}
		}
		if asked > 250 { // the listings before there is an ARN, and one call a look
			t.Errorf("%d calls for the tags of certificates, in an account with 50 others", asked)
		}
	})
}

// TestTheEdgeSurvivesEveryFault loses the reply of each mutating call once, and
// kills the process after each once: a rerun then converges and nothing is there twice.
func TestTheEdgeSurvivesEveryFault(t *testing.T) {
	total := 0
	synctest.Test(t, func(t *testing.T) {
		s := newSecure(t)
		s.up(s.steps()...)
		total = len(s.sim.Mutations())
	})
	for n := 1; n <= total; n++ {
		for i, f := range []struct {
			name string
			awssim.Fault
		}{
			{"reply lost", awssim.Fault{After: awssim.LostConnection()}},
			{"server error", awssim.Fault{After: awssim.ServerError()}},
			{"killed", awssim.Fault{Kill: true}},
		} {
			if !inTurn(n, i, 3) {
				continue
			}
			name := f.name
			synctest.Test(t, func(t *testing.T) {
				s := newSecure(t)
				op := ""
				s.sim.Inject(func(c awssim.Call) awssim.Fault {
					if c.Mutating && c.N == n && op == "" {
						op = c.Name()
						return f.Fault
					}
					return awssim.Fault{}
				})
				if _, err := s.walk(true, s.steps()...).Up(context.Background()); err != nil {
					t.Fatal(err)
				}
				s.sim.Inject(nil)
				s.build()
				s.up(s.steps()...)
				if res := s.plan(s.steps()...); res.Changes() {
					t.Errorf("%s at call %d (%s): the plan after the rerun is not empty: %s", name, n, op, verbs(res))
				}
				_ = s.sim.Edit(func(w *awssim.World) {
					if len(w.LoadBalancers) != 1 || len(w.TargetGroups) != 3 || len(w.Listeners) != 2 || len(w.ListenerRules) != 6 || len(w.Certificates) != 1 {
						t.Errorf("%s at call %d (%s): %d load balancers, %d target groups, %d listeners, %d rules, %d certificates",
							name, n, op, len(w.LoadBalancers), len(w.TargetGroups), len(w.Listeners), len(w.ListenerRules), len(w.Certificates))
					}
				})
			})
		}
	}
	if total < 20 {
		t.Errorf("only %d mutating calls were tried", total)
	}
}
