package doctor

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// checkHealth reads the targets, and the ends of tasks that ECS has stopped for
// failing their checks.
func checkHealth(w *ward) []Finding {
	var out []Finding
	for _, a := range w.Agents {
		s := w.Services[a.Name]
		for _, lb := range s.LoadBalancers {
			g, known := w.groups[aws.ToString(lb.TargetGroupArn)]
			if !known {
				continue
			}
			if f, bad := w.sick(a, g); bad {
				out = append(out, f)
			}
		}
	}
	return out
}

func (w *ward) sick(a agents.Agent, g elbtypes.TargetGroup) (Finding, bool) {
	f := Finding{Agent: a.Name}
	var unhealthy, all int
	reason := ""
	for _, h := range w.health[aws.ToString(g.TargetGroupArn)] {
		all++
		if h.TargetHealth.State == elbtypes.TargetHealthStateEnumUnhealthy {
			unhealthy++
			reason = string(h.TargetHealth.Reason)
			f.Evidence = append(f.Evidence, strings.TrimSpace(reason+" "+aws.ToString(h.TargetHealth.Description)))
		}
	}
	if last := w.lastEnd(a); last != nil && w.short(a) {
		if why := fleet.WhyStopped(*last); strings.Contains(why, "failed ELB health checks") {
			unhealthy, f.Evidence = max(unhealthy, 1), append(f.Evidence, why)
		}
	}
	path, wanted := aws.ToString(g.HealthCheckPath), a.Health.Path
	switch {
	case path != wanted:
		f.Problem, f.Cause = "the load balancer checks another path", fmt.Sprintf("it asks for %s, and %s says %s", path, w.Cfg.File, wanted)
		f.Fix = "karmactl up --only " + a.Name
		return f, true
	case unhealthy == 0:
		return f, false
	}
	f.Problem = fmt.Sprintf("%d of %d targets fail their health check: requests end in 502 or 503", unhealthy, max(all, unhealthy))
	f.Cause = fmt.Sprintf("nothing answers at port %d, path %s", a.Port, path)
	if strings.Contains(reason, "ResponseCodeMismatch") {
		f.Cause = fmt.Sprintf("what answers at port %d does not answer 200 to 499 for %s", a.Port, path)
	}
	f.Fix = fmt.Sprintf("karmactl logs %s --level error; or agents: {%s: {port: …, health: {path: …}}} as the program has them", a.Name, a.Name)
	return f, true
}
