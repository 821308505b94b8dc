package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// JobStatus is how a job is.
type JobStatus = document.JobStatus

// AboutJob is what a job's trouble is about.
const AboutJob = "job"

// The states of a job's schedule.
const (
	JobEnabled  = "enabled"
	JobDisabled = "disabled"
	JobAbsent   = "absent" // nothing starts it
)

// readJobs are the schedules of the stack's jobs by name: one call for all.
func (w *Watcher) readJobs(ctx context.Context) (map[string]schedulertypes.ScheduleSummary, error) {
	if len(w.Jobs) == 0 {
		return nil, nil
	}
	group := provision.ScheduleGroupName(w.Cluster)
	all, err := cloud.Pages(ctx, scheduler.NewListSchedulesPaginator(w.Scheduler, &scheduler.ListSchedulesInput{GroupName: &group}),
		func(out *scheduler.ListSchedulesOutput) []schedulertypes.ScheduleSummary { return out.Schedules })
	if err != nil && !cloud.IsNotFound(err) {
		return nil, err
	}
	out := map[string]schedulertypes.ScheduleSummary{}
	for _, x := range all {
		out[aws.ToString(x.Name)] = x
	}
	return out, nil
}

func (w *Watcher) hasJobs(agent string) bool {
	return slices.ContainsFunc(w.Jobs, func(j agents.Job) bool { return j.Agent == agent })
}

// ownOf are the jobs that have an image of their own, as agents.
func ownOf(jobs []agents.Job) (out []agents.Agent) {
	for _, j := range jobs {
		if j.HasImage() {
			out = append(out, j.Own)
		}
	}
	return out
}

// jobs tell how each job is, and what is wrong with it. What is asked of each is asked at once.
func (w *Watcher) jobs(ctx context.Context, st *Status, r readings) {
	all, notes := make([]JobStatus, len(w.Jobs)), make([][]error, len(w.Jobs))
	var g errgroup.Group
	for i, j := range w.Jobs {
		g.Go(func() error {
			all[i], notes[i] = w.job(ctx, j, r)
			return nil
		})
	}
	_ = g.Wait() // what could not be read is in notes
	st.Jobs, st.Notes = append(st.Jobs, all...), append(st.Notes, slices.Concat(notes...)...)
	var absent []agents.Job
	for i, s := range all {
		if s.State == JobAbsent {
			absent = append(absent, w.Jobs[i])
		}
	}
	waits := w.waits(ctx, st, ownOf(absent))
	st.Attention = append(st.Attention, waits...)
	for i, s := range st.Jobs {
		problem, command := trouble(s, starts(w.Jobs[i]), w.Clock.Now())
		if problem != "" && !slices.ContainsFunc(waits, func(x Attention) bool { return x.Agent == s.Name }) {
			st.Attention = append(st.Attention, Attention{Agent: s.Name, About: AboutJob, Problem: problem, Command: command})
		}
	}
}

// job tells how one is. A run that ECS has forgotten, which is after an hour, is looked for in the job's log: one call.
func (w *Watcher) job(ctx context.Context, j agents.Job, r readings) (s JobStatus, notes []error) {
	s = JobStatus{Name: j.Name, Agent: j.Agent, Schedule: j.Schedule, Timezone: j.Timezone}
	if r.jobs != nil {
		s.State, s.Next = w.planned(j, r.jobs)
	}
	s.Running, s.Last = lastRun(j, provision.FamilyName(w.Cluster, j.Name), r.tasks)
	if s.Last == nil {
		var err error
		if s.Last, err = w.loggedRun(ctx, j.Name); err != nil {
			notes = append(notes, fmt.Errorf("the last run of %s is not known: %w", j.Name, err))
		}
	}
	s.NotStarted = notStarted(j, s, r)
	if err := w.led(ctx, j, &s, r.jobs); err != nil {
		notes = append(notes, fmt.Errorf("whether %s is tried again is not known: %w", j.Name, err))
	}
	return s, notes
}

// planned is the state of a job's schedule, and when it runs next.
func (w *Watcher) planned(j agents.Job, schedules map[string]schedulertypes.ScheduleSummary) (state string, next *time.Time) {
	x, there := schedules[j.Name]
	switch {
	case !there:
		return JobAbsent, nil
	case x.State != schedulertypes.ScheduleStateEnabled:
		return JobDisabled, nil
	}
	times, err := j.Times()
	if err != nil {
		return JobEnabled, nil
	}
	if at, ok := times.Next(aws.ToTime(x.CreationDate), w.Clock.Now()); ok {
		return JobEnabled, &at
	}
	return JobEnabled, nil
}

// lastRun is how many of a family's tasks run, and its newest run that ECS still lists.
func lastRun(job agents.Job, family string, all []types.Task) (running int, last *document.JobRun) {
	var newest *types.Task
	for i, t := range all {
		if aws.ToString(t.Group) != "family:"+family {
			continue
		}
		if aws.ToString(t.DesiredStatus) == string(types.DesiredStatusRunning) {
			running++
		}
		if newest == nil || aws.ToTime(t.CreatedAt).After(aws.ToTime(newest.CreatedAt)) {
			newest = &all[i]
		}
	}
	if newest == nil {
		return 0, nil
	}
	last = &document.JobRun{Task: tasks.ID(aws.ToString(newest.TaskArn)), Started: aws.ToTime(newest.CreatedAt).UTC(), Listed: true, Attempt: attemptOf(*newest)}
	if aws.ToString(newest.LastStatus) == "STOPPED" {
		end := tasks.Ended(*newest, job.Name)
		ended := aws.ToTime(newest.StoppedAt).UTC()
		last.Ended, last.Reason, last.TimedOut = &ended, end.Reason, end.TimedOut
		if end.TimedOut && job.Timeout > 0 {
			last.Reason = "timed out after " + job.TimeoutText()
		}
		if end.ExitCode != nil {
			code := int(*end.ExitCode)
			last.ExitCode = &code
		}
	}
	return running, last
}

// loggedRun is the run that wrote into the job's log last.
func (w *Watcher) loggedRun(ctx context.Context, job string) (*document.JobRun, error) {
	if w.Streams == nil {
		return nil, nil
	}
	group := provision.LogGroupName(w.Cluster, job)
	out, err := w.Streams.DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: &group, OrderBy: logtypes.OrderByLastEventTime, Descending: aws.Bool(true)})
	if cloud.IsNotFound(err) || err == nil && len(out.LogStreams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := out.LogStreams[0]
	name := aws.ToString(s.LogStreamName)
	return &document.JobRun{Task: name[strings.LastIndexByte(name, '/')+1:], Started: time.UnixMilli(aws.ToInt64(s.CreationTime)).UTC()}, nil
}

// starts is who starts a job's task.
func starts(j agents.Job) string {
	if j.ByStateMachine() {
		return "Step Functions"
	}
	return "EventBridge Scheduler"
}

// trouble is what is wrong with a job, and the command that helps.
func trouble(s JobStatus, starter string, now time.Time) (problem, command string) {
	up := "karmactl up --only " + s.Agent
	switch {
	case s.State == JobAbsent:
		return "has no schedule, so nothing starts it", up
	case s.State == JobDisabled:
		return "is not started: its schedule is disabled", up
	case s.NotStarted != nil:
		return fmt.Sprintf("was not started at %s: ECS refused for an hour, and %s gave up", ClockText(*s.NotStarted, s.Timezone), starter), "karmactl run " + s.Name
	case s.Last != nil && s.Last.Outcome == runFailed:
		return fmt.Sprintf("failed in its run of %s", ClockText(s.Last.Started, s.Timezone)), "karmactl logs " + s.Name + " --since 24h"
	case s.Last == nil || s.Last.Ended == nil || s.Last.Again:
		return "", ""
	}
	ago := now.Sub(*s.Last.Ended).Round(time.Second)
	logs := "karmactl logs " + s.Name + " --since 1h"
	times := ""
	if s.Last.Attempt > 1 {
		times = fmt.Sprintf(", in attempt %d of %d", s.Last.Attempt, s.Attempts)
	}
	switch code := s.Last.ExitCode; {
	case code == nil:
		cause := tasks.Explained(s.Name, s.Last.Reason)
		return fmt.Sprintf("did not start %s ago: %s", ago, cmp.Or(cause.Why, s.Last.Reason)), cmp.Or(cause.Command, "karmactl run "+s.Name)
	case s.Last.TimedOut:
		return fmt.Sprintf("failed %s ago%s: %s", ago, times, s.Last.Reason), logs
	case *code != 0:
		return fmt.Sprintf("failed %s ago with exit code %d%s", ago, *code, times), logs
	}
	return "", ""
}

// ClockText is a time as the clocks of a zone show it.
func ClockText(at time.Time, zone string) string {
	if z, err := time.LoadLocation(zone); err == nil {
		at = at.In(z)
	}
	return at.Format("Mon 2 Jan 15:04")
}
