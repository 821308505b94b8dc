package doctor

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// answered is in a target's description: the codes that its checks were answered with.
var answered = lazyregexp.New(`failed with these codes: \[([\d, ]+)\]`)

// checkTargetHealth reads the targets of tasks that run. The tasks that ECS has
// stopped for failing their checks are checkTasks's.
func checkTargetHealth(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		s := sn.Services[a.Name]
		for _, lb := range s.LoadBalancers {
			g, known := sn.groups[aws.ToString(lb.TargetGroupArn)]
			if !known {
				continue
			}
			if f, bad := sn.unhealthy(a, g); bad {
				out = append(out, f)
			}
		}
	}
	return out
}

func (sn *snapshot) unhealthy(a agents.Agent, g elbtypes.TargetGroup) (Finding, bool) {
	f := Finding{Agent: a.Name}
	var unhealthy, all int
	reason := ""
	for _, h := range sn.health[aws.ToString(g.TargetGroupArn)] {
		all++
		if h.TargetHealth.State == elbtypes.TargetHealthStateEnumUnhealthy {
			unhealthy++
			reason = string(h.TargetHealth.Reason)
			f.Evidence = append(f.Evidence, strings.TrimSpace(reason+" "+aws.ToString(h.TargetHealth.Description)))
		}
	}
	path, wanted := aws.ToString(g.HealthCheckPath), a.Health.Path
	switch {
	case path != wanted:
		f.Problem, f.Cause = "the load balancer checks another path", fmt.Sprintf("it asks for %s, and %s says %s", path, sn.Cfg.File, wanted)
		f.Fix = "karmactl up --only " + a.Name
		return f, true
	case unhealthy == 0:
		return f, false
	}
	f.Problem = fmt.Sprintf("%d of %d targets fail their health check: requests end in 502 or 503", unhealthy, max(all, unhealthy))
	f.Cause = fmt.Sprintf("nothing answers at port %d, path %s", a.Port, path)
	if strings.Contains(reason, "ResponseCodeMismatch") {
		f.Cause = fmt.Sprintf("what answers at port %d, path %s, does so with a code that does not count as healthy", a.Port, path)
		if m := answered.FindStringSubmatch(strings.Join(f.Evidence, " ")); m != nil {
			f.Cause = fmt.Sprintf("what answers at port %d, path %s, answers %s, which does not count as healthy", a.Port, path, m[1])
		}
	}
	f.Fix = fmt.Sprintf("karmactl logs %s --level error; or agents: {%s: {port: …, health: {path: …}}} as the program has them", a.Name, a.Name)
	return f, true
}
