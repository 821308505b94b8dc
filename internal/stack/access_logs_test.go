package stack

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// TestAccessLogsGoWhereTheFileSays turns them on, sees them led elsewhere behind
// our back, and turns them off.
func TestAccessLogsGoWhereTheFileSays(t *testing.T) {
	const bucket, prefix = "access_logs.s3.bucket", "access_logs.s3.prefix"
	synctest.Test(t, func(t *testing.T) {
		with := strings.Replace(swept, "{domain: agents.example.com}", "{domain: agents.example.com, access_logs: our-logs}", 1)
		b := newStackBench(t, parse(t, with))
		balancer := func(edit func(*awssim.LoadBalancer)) {
			t.Helper()
			if err := b.sim.Edit(func(w *awssim.World) {
				for _, l := range w.LoadBalancers {
					edit(l)
				}
				w.Buckets["our-logs"] = &awssim.Bucket{Name: "our-logs", Owner: w.Account, Region: w.Region}
			}); err != nil {
				t.Fatal(err)
			}
		}
		balancer(nil)
		b.upStack(nil)
		for _, elsewhere := range []map[string]string{{bucket: "somebody-elses"}, {prefix: "elsewhere"}, {"access_logs.s3.enabled": "false"}} {
			balancer(func(l *awssim.LoadBalancer) {
				for k, v := range elsewhere {
					l.Attributes[k] = v
				}
			})
			if !(drift{key: "alb", field: "access_logs"}).isShownBy(b.planStack()) {
				t.Errorf("the plan does not show that the logs go to %v", elsewhere)
			}
			b.upStack(nil)
			balancer(func(l *awssim.LoadBalancer) {
				if l.Attributes[bucket] != "our-logs" || l.Attributes[prefix] != "karmacadabra-prod" {
					t.Errorf("after %v the logs go to %s/%s", elsewhere, l.Attributes[bucket], l.Attributes[prefix])
				}
			})
			if again := b.planStack(); again.Changes() {
				t.Errorf("after %v the plan is not empty: %s", elsewhere, verbs(again))
			}
		}
		b.cfg = parse(t, swept)
		b.upStack(nil)
		balancer(func(l *awssim.LoadBalancer) {
			if l.Attributes["access_logs.s3.enabled"] != "false" {
				t.Error("the logs are still on")
			}
		})
	})
}
