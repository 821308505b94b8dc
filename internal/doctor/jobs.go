package doctor

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/fleet"
)

// checkJobs takes over what `status` says of jobs.
func checkJobs(sn *snapshot) []Finding {
	var out []Finding
	for _, j := range sn.jobs {
		for _, p := range sn.attention[j.Name] {
			if p.About != fleet.AboutJob {
				continue
			}
			f := Finding{Agent: j.Name, Problem: "the job " + p.Problem, Cause: "its schedule is not as " + sn.Cfg.File + " wants it", Fix: p.Command}
			if l := j.Last; j.State == fleet.JobEnabled && l != nil {
				f.Cause, f.Evidence = "the command "+fmt.Sprintf("%q", sn.Cfg.Jobs[j.Name].Command)+" says why in its log", []string{"task " + l.Task, l.Reason}
				if l.ExitCode == nil {
					f.Cause = "its task never ran, so there is no log"
				}
			}
			out = append(out, f)
		}
	}
	return out
}
