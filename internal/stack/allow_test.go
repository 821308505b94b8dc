package stack

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// letIn are the ports and blocks that the load balancer's security group lets in.
func (b *stackBench) letIn() []string {
	b.t.Helper()
	var out []string
	b.edit(func(w *awssim.World) {
		for _, g := range w.SecurityGroups {
			if g.Tags["karmactl:key"] != "sg/alb" {
				continue
			}
			for _, r := range g.Ingress {
				out = append(out, fmt.Sprintf("%d %s", r.From, r.CIDR))
			}
		}
	})
	slices.Sort(out)
	return out
}

func TestOnlyAllowedAddressesReachTheLoadBalancer(t *testing.T) {
	const agent = "\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents: {web: {port: 8080}}"
	open := "load_balancer: {}" + agent
	some := "load_balancer: {allow: [203.0.113.0/24, 10.0.0.0/8]}" + agent
	https := "load_balancer: {domain: agents.example.com, allow: [203.0.113.0/24]}" + agent
	for _, c := range []struct {
		files []string
		want  []string
	}{
		{[]string{open}, []string{"80 0.0.0.0/0"}},
		{[]string{open, some}, []string{"80 10.0.0.0/8", "80 203.0.113.0/24"}},
		{[]string{https}, []string{"443 203.0.113.0/24", "80 203.0.113.0/24"}},
		{[]string{some, open}, []string{"80 0.0.0.0/0"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			if got := becomes(t, c.files...).letIn(); !slices.Equal(got, c.want) {
				t.Errorf("it lets in %q, not %q", got, c.want)
			}
		})
	}
}

func TestAnInternalLoadBalancerHasPrivateAddressesAlone(t *testing.T) {
	for _, nat := range []string{"single", "none"} {
		yaml := "network: {nat: " + nat + "}\nload_balancer: {internal: true, domain: agents.example.com}\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents: {web: {port: 8080}}"
		synctest.Test(t, func(t *testing.T) {
			b := becomes(t, yaml)
			b.edit(func(w *awssim.World) {
				for _, l := range w.LoadBalancers {
					if l.Scheme != "internal" || !strings.HasPrefix(l.DNSName, "internal-") || len(l.Subnets) != 2 {
						t.Errorf("%s is %s in %d subnets", l.DNSName, l.Scheme, len(l.Subnets))
					}
					for _, id := range l.Subnets {
						if key := w.Subnets[id].Tags["karmactl:key"]; nat == "single" && !strings.HasPrefix(key, "subnet/private") {
							t.Errorf("it is in %s", key)
						}
					}
				}
			})
			b.cfg = parse(t, strings.Replace(yaml, "internal: true, ", "", 1))
			s := b.fresh(true)
			res, err := b.walk(false, s.Steps()...).Up(t.Context())
			if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), "scheme of alb cannot change from internal to internet-facing in place") {
				t.Errorf("a plan that would face the internet says %v, %v", err, res.Err())
			}
		})
	}
}
