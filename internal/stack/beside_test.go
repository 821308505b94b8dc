package stack

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

const (
	besideAnother = `
load_balancer: {domain: agents.example.com, records: false}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}
agents:
  scout: {port: 9001}
`
	oldBalancer = "old-1.us-east-1.elb.amazonaws.com"
)

// leadTo makes the domain's records aliases of a load balancer, as their owner does by hand.
func (b *stackBench) leadTo(balancer string) {
	b.edit(func(w *awssim.World) {
		for _, z := range w.HostedZones {
			if z.Name != "example.com." {
				continue
			}
			for _, name := range []string{"agents.example.com.", "*.agents.example.com."} {
				z.Records[name+" A"] = &awssim.DNSRecord{Name: name, Type: "A", Alias: "dualstack." + balancer + ".", AliasZone: "Z35SXDOTRQ7X7K"}
			}
		}
	})
}

// aliases are where the names of the zones lead.
func (b *stackBench) aliases() map[string]string {
	out := map[string]string{}
	b.edit(func(w *awssim.World) {
		for _, z := range w.HostedZones {
			for _, r := range z.Records {
				if r.Alias != "" {
					out[r.Name] = r.Alias
				}
			}
		}
	})
	return out
}

func TestAFleetIsBuiltBesideAnotherAndTakesRecordsOverThatLeadToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, besideAnother))
		b.leadTo(oldBalancer)
		before := b.aliases()
		if len(before) != 2 {
			t.Fatalf("the other fleet has %v", before)
		}
		b.upStack(nil)
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(plan))
		}
		if now := b.aliases(); !maps.Equal(now, before) {
			t.Errorf("the names led to %v, and lead to %v after up", before, now)
		}
		proved := slices.ContainsFunc(b.sim.Inventory(), func(s string) bool { return strings.HasPrefix(s, "record _") })
		if !proved {
			t.Error("nothing proves the domain to ACM")
		}
		b.settled()
		own := ""
		b.edit(func(w *awssim.World) {
			for _, l := range w.LoadBalancers {
				own = l.DNSName
			}
		})
		if got := b.fresh(true).Warnings(); !strings.Contains(strings.Join(got, "\n"), "load_balancer.records is false") {
			t.Errorf("the plan warns of %q", got)
		}
		for host, path := range map[string]string{"agents.example.com": "/scout/health", "scout.agents.example.com": "/health"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+own+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			resp, err := b.sim.RoundTripper().RoundTrip(req)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s%s by the load balancer's own name: %v, %v", host, path, resp, err)
			}
		}

		b.cfg = parse(t, strings.Replace(besideAnother, ", records: false", "", 1))
		s := b.fresh(true)
		w := b.walk(false, s.Steps()...)
		if res, err := w.Up(t.Context()); err != nil {
			t.Fatal(err)
		} else if err := res.Err(); err == nil || !strings.Contains(err.Error(), "records: false") {
			t.Errorf("with the names leading elsewhere the plan says %v, not how to build beside", err)
		}
		b.leadTo(own)
		b.sim.ResetCalls()
		if plan := b.planStack(); plan.Changes() {
			t.Errorf("the plan of records that lead here is not empty: %s", verbs(plan))
		}
		b.upStack(nil)
		for _, call := range b.sim.Mutations() {
			t.Errorf("taking the records over calls %s", call.Name())
		}
	})
}
