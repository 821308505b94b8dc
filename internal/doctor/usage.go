package doctor

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// check5xx and checkUsage take over what `status` says of metrics, so that the two
// never contradict each other.
func check5xx(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.status {
		if a.Errors5xx == nil || *a.Errors5xx == 0 {
			continue
		}
		out = append(out, Finding{
			Agent: a.Name, Problem: fmt.Sprintf("%d answers 5xx in the last hour", *a.Errors5xx), Cause: "the program answered so, or its tasks ended while requests were under way",
			Evidence: []string{"HTTPCode_Target_5XX_Count of its target group"}, Fix: "karmactl logs " + a.Name + " --level error --since 1h",
		})
	}
	return out
}

func checkUsage(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.status {
		for _, p := range sn.attention[a.Name] {
			if p.About == fleet.AboutUsage {
				out = append(out, Finding{Agent: a.Name, Problem: "its " + p.Problem, Cause: "it needs more than it has", Fix: p.Command})
			}
		}
	}
	return out
}

// checkSpot counts the Spot tasks that AWS took back from agents that have too few since: ECS tells of them for an
// hour. Where others run in their place it is past.
func checkSpot(sn *snapshot) []Finding {
	var out []Finding
	for _, a := range sn.Agents {
		n := 0
		var evidence []string
		for _, t := range sn.Tasks[a.Name] {
			if end := tasks.Ended(t, a.Name); end.Spot {
				n++
				evidence = append(evidence, fmt.Sprintf("task %s, told to stop at %s: %s", tasks.Short(aws.ToString(t.TaskArn)), aws.ToTime(t.StoppingAt).UTC().Format("15:04:05"), end.Reason))
			}
		}
		if n == 0 || !sn.short(a) {
			continue
		}
		c := tasks.Explained(a.Name, "Your Spot Task was interrupted.")
		problem := "AWS took a Spot task back within the last hour"
		if n > 1 {
			problem = fmt.Sprintf("AWS took %d Spot tasks back within the last hour", n)
		}
		out = append(out, Finding{
			Agent: a.Name, Problem: problem, Cause: fmt.Sprintf("%s; after SIGTERM a task has %s (stop_timeout)", c.Why, a.StopTimeout), Evidence: evidence, Fix: c.Fix(),
		})
	}
	return out
}

// past is what went wrong within the last hour and is over, of the agents that have
// no finding: tasks that failed, or that AWS took back, and were replaced.
func (sn *snapshot) past(explained map[string]bool) []string {
	var out []string
	for _, a := range sn.Agents {
		for _, p := range sn.attention[a.Name] {
			switch {
			case explained[a.Name]:
			case p.About == fleet.AboutPast:
				out = append(out, a.Name+": "+p.Problem)
			case p.About == fleet.AboutSpot && !sn.short(a):
				out = append(out, a.Name+": "+p.Problem+", and has all its tasks again")
			}
		}
	}
	return out
}
