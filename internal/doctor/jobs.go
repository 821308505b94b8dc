package doctor

import (
	"fmt"
	"slices"

	"github.com/karmacadabra/karmactl/internal/fleet"
)

// checkJobs takes over what `status` says of jobs, and says what up waits for before it makes a schedule.
func checkJobs(sn *snapshot) []Finding {
	var out []Finding
	waits := map[string]bool{}
	for _, a := range sn.ownJobs() {
		w, is := sn.waiting[a.Name]
		if !is || slices.ContainsFunc(sn.jobs, func(j fleet.JobStatus) bool { return j.Name == a.Name && j.State != fleet.JobAbsent }) {
			continue
		}
		waits[a.Name] = true
		f := Finding{Agent: a.Name, Problem: "the job has no schedule, so nothing starts it"}
		f.Cause, f.Fix = waitsFor(w)
		out = append(out, f)
	}
	for _, j := range sn.jobs {
		for _, p := range sn.attention[j.Name] {
			if p.About == fleet.AboutJob && !waits[j.Name] {
				out = append(out, jobFinding(sn, j, p))
			}
		}
	}
	return out
}

func jobFinding(sn *snapshot, j fleet.JobStatus, p fleet.Attention) Finding {
	f := Finding{Agent: j.Name, Problem: "the job " + p.Problem, Cause: "its schedule is not as " + sn.Cfg.File + " wants it", Fix: p.Command}
	switch l := j.Last; {
	case j.State != fleet.JobEnabled:
	case j.NotStarted != nil:
		f.Cause = "Fargate had no room, a quota was full, or the schedule's role has lost rights: the first two are over by themselves"
		f.Fix = "karmactl up --only " + j.Agent + ", and then " + p.Command
	case l != nil:
		f.Cause, f.Evidence = "the command "+fmt.Sprintf("%q", sn.Cfg.Jobs[j.Name].Command)+" says why in its log", []string{"task " + l.Task, l.Reason}
		if l.ExitCode == nil && l.Outcome == "" {
			f.Cause = "its task never ran, so there is no log"
		}
	}
	return f
}
