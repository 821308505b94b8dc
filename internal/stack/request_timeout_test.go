package stack

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// slowAgents are two agents behind a load balancer that waits two minutes, of which the
// second is given up after 30 s.
const slowAgents = `
network: {nat: none}
load_balancer: {idle_timeout: 2m}
defaults: {calls: all, image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  patient: {port: 9001}
  hasty: {port: 9001, request_timeout: 30s}
`

// asked is the status of a request to an agent whose answer takes so long, and how long
// it took.
func (b *stackBench) asked(agent, takes string) (int, time.Duration) {
	b.t.Helper()
	host := ""
	b.edit(func(w *awssim.World) {
		for _, lb := range w.LoadBalancers {
			host = lb.DNSName
		}
	})
	began := time.Now()
	resp, err := (&http.Client{Transport: b.sim.RoundTripper()}).Get("http://" + host + "/" + agent + "/health?takes=" + takes)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, time.Since(began)
}

func TestARequestMayTakeAsLongAsTheLoadBalancerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, slowAgents))
		b.upStack(nil)
		for _, c := range []struct {
			agent, takes string
			status       int
			after        time.Duration
		}{
			{"patient", "20s", http.StatusOK, 20 * time.Second},
			{"patient", "119s", http.StatusOK, 119 * time.Second},
			{"patient", "10m", http.StatusGatewayTimeout, 2 * time.Minute},
			{"hasty", "29s", http.StatusOK, 29 * time.Second},
			{"hasty", "31s", http.StatusGatewayTimeout, 30 * time.Second},
		} {
			if status, took := b.asked(c.agent, c.takes); status != c.status || took != c.after {
				t.Errorf("%s, %s: %d after %s, not %d after %s", c.agent, c.takes, status, took, c.status, c.after)
			}
		}
	})
}

// TestAServiceWithoutATimeoutGetsOne: a service of an earlier version has none, and AWS
// means 15 s by that.
func TestAServiceWithoutATimeoutGetsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, slowAgents))
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for _, x := range w.Services {
				setTimeout(x, nil)
			}
			for _, task := range w.Tasks {
				task.Config = w.Services[task.Service].Config
			}
		})
		if status, _ := b.asked("patient", "16s"); status != http.StatusGatewayTimeout {
			t.Errorf("without a timeout 16 s end in %d", status)
		}
		shown := b.planStack()
		o, _ := shown.Get("service/patient")
		if len(o.Changes) != 1 || o.Changes[0].Field != "request_timeout" || o.Changes[0].Was != "15s" || o.Changes[0].Now != "2m0s" {
			t.Errorf("the plan shows %v", o.Changes)
		}
		b.upStack(shown)
		if status, _ := b.asked("patient", "16s"); status != http.StatusOK {
			t.Errorf("with one 16 s end in %d", status)
		}
	})
}
