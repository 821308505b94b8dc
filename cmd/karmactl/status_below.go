package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet"
)

// jobLines tell each job: when it runs, how its last run ended, and when the next one is.
func jobLines(jobs []fleet.JobStatus, now time.Time) []string {
	var out []string
	for _, j := range jobs {
		when := j.Schedule
		if j.Timezone != "UTC" {
			when += " " + j.Timezone
		}
		whose := " of " + j.Agent
		if j.Agent == j.Name { // it has an image of its own
			whose = ""
		}
		parts := []string{fmt.Sprintf("job %s%s: %s", j.Name, whose, when)}
		if j.Running > 0 {
			parts = append(parts, fmt.Sprintf("%d running", j.Running))
		}
		parts = append(parts, lastRunText(j.Last, now)+attemptText(j))
		if j.LeftOut != nil {
			parts = append(parts, fmt.Sprintf("left out %s, as its last run had not ended", fleet.ClockText(*j.LeftOut, j.Timezone)))
		}
		if j.Next != nil {
			parts = append(parts, fmt.Sprintf("next %s (in %s)", fleet.ClockText(*j.Next, j.Timezone), until(j.Next.Sub(now))))
		}
		out = append(out, strings.Join(parts, " · "))
	}
	return out
}

func lastRunText(r *document.JobRun, now time.Time) string {
	switch {
	case r == nil:
		return "has not run yet"
	case !r.Listed && r.Outcome != "":
		return fmt.Sprintf("last %s, %s", ago(now.Sub(r.Started)), r.Outcome)
	case !r.Listed:
		return fmt.Sprintf("last %s (ECS forgets exit codes after an hour)", ago(now.Sub(r.Started)))
	case r.Ended == nil:
		return "started " + ago(now.Sub(r.Started))
	case r.ExitCode == nil:
		return fmt.Sprintf("last %s, did not start", ago(now.Sub(*r.Ended)))
	}
	if r.TimedOut {
		return fmt.Sprintf("last %s, %s", ago(now.Sub(*r.Ended)), r.Reason)
	}
	return fmt.Sprintf("last %s, exit code %d", ago(now.Sub(*r.Ended)), *r.ExitCode)
}

// attemptText says which attempt a job's newest run is at, where there are more than one.
func attemptText(j fleet.JobStatus) string {
	if j.Last == nil || j.Last.Attempt == 0 || j.Attempts < 2 {
		return ""
	}
	text := fmt.Sprintf(", attempt %d of %d", j.Last.Attempt, j.Attempts)
	if j.Last.Again {
		text += ", another comes"
	}
	return text
}

// until tells a duration to come in its largest unit.
func until(d time.Duration) string { return strings.TrimSuffix(ago(d), " ago") }

// costNow prices the tasks that there are; nil while nothing is up, or it cannot be told.
func costNow(s *session, st *fleet.Status) (*document.StatusCost, error) {
	count, some, up := map[string]int{}, 0, false
	for _, a := range st.Agents {
		count[a.Name] = a.Running + a.Pending
		some += count[a.Name]
		up = up || a.Revision > 0
	}
	if !up || len(st.Running) == 0 && some > 0 { // then the tasks could not be read, which is in the notes
		return nil, nil
	}
	prices, err := s.app.book(s.cfg)
	if err != nil {
		return nil, err
	}
	var running []cost.Task
	for _, t := range st.Running {
		running = append(running, cost.Task(t))
	}
	r, err := cost.RunRate(s.cfg, count, running, prices)
	if err != nil {
		return nil, err
	}
	out := &document.StatusCost{PricesAsOf: prices.AsOf, Budget: s.cfg.Budget.MonthlyUSD, Missing: itemNames(r.Lacks)}
	if len(r.Lacks) > 0 {
		return out, nil
	}
	out.Today, out.Month = cost.USD(r.Today), cost.USD(r.Month)
	v, err := cost.CheckBudget(r.Month, out.Budget)
	out.Over = v.Over
	return out, err
}

func costLine(c *document.StatusCost) string {
	if len(c.Missing) > 0 {
		return fmt.Sprintf("what it costs is not known: %d prices are missing (karmactl cost refresh fetches them)", len(c.Missing))
	}
	out := fmt.Sprintf("as it is now it costs $%s today, $%s a month", c.Today, c.Month)
	switch {
	case c.Over:
		return out + ": over the budget of " + c.Budget + " (karmactl cost --savings)"
	case c.Budget != "":
		return out + ", budget " + c.Budget
	}
	return out
}

// readDrift plans and lists what differs. The notes are what differs and is no drift: settings
// that AWS reads back in words of its own. Without a state that can be read, the resources are found by their tags.
func readDrift(ctx context.Context, s *session) (drift []document.Drift, compared int, notes []string, err error) {
	var rec engine.Recorder = engine.NewMemory(s.clock)
	about := scope{looks: true}
	if store, err := s.readState(ctx); err == nil {
		rec, about.asleep = store, store.Hibernation()
	} else {
		s.app.term.Notef("drift without the state, by tags: %v", s.explain(err))
	}
	p, err := s.planUp(ctx, rec, about)
	if err != nil {
		return nil, 0, nil, err
	}
	drift = []document.Drift{}
	kept := 0
	for _, ch := range p.doc().Changes {
		drift = append(drift, document.Drift{Key: ch.Key, Verb: ch.Verb, Fields: ch.Fields})
	}
	for _, o := range p.res.Outcomes {
		if e, ok := rec.Get(o.Key); ok && e.Adopted != "" {
			kept += len(o.Differs)
			continue
		}
		for _, d := range o.Differs {
			notes = append(notes, fmt.Sprintf("%s: %s", o.Key, d))
		}
	}
	if kept > 0 {
		notes = append(notes, fmt.Sprintf("%d settings stay as they were when the fleet was taken over: karmactl state show KEY lists a resource's", kept))
	}
	return drift, len(p.res.Outcomes), notes, p.res.Err()
}

// manyDrifted is how much drift is listed; more is counted.
const manyDrifted = 12

// driftLines say what was compared and what is not as agents.yaml wants it.
func driftLines(doc document.Status, full bool) []string {
	if len(doc.Drift) == 0 {
		return []string{fmt.Sprintf("drift: none, all %d resources are as agents.yaml wants them", doc.Compared)}
	}
	if len(doc.Drift) > manyDrifted && !full {
		n := map[string]int{}
		for _, d := range doc.Drift {
			n[d.Verb]++
		}
		var parts []string
		for _, v := range []struct{ verb, text string }{
			{"create", "%d to create"}, {"update", "%d to change"}, {"replace", "%d to replace"}, {"delete", "%d to destroy"},
		} {
			if n[v.verb] > 0 {
				parts = append(parts, fmt.Sprintf(v.text, n[v.verb]))
			}
		}
		return []string{fmt.Sprintf("drift: %d of the %d resources of agents.yaml: %s: karmactl status --drift --full lists them", len(doc.Drift), doc.Compared, strings.Join(parts, ", "))}
	}
	var out []string
	for _, d := range doc.Drift {
		fields := make([]string, len(d.Fields))
		for i, f := range d.Fields {
			fields[i] = f.Field
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("drift: %s %s %s", d.Verb, d.Key, strings.Join(fields, ", "))))
	}
	return out
}
