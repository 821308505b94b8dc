package fleet

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// droppedFor is how far back a start that was given up is told of.
const droppedFor = 24 * time.Hour

// triedFor is how long a schedule tries again, and some minutes for what is told late.
const triedFor = provision.JobTriedFor + 5*time.Minute

// droppedStarts is what CloudWatch said last, and when.
type droppedStarts struct {
	all []time.Time
	at  time.Time
}

// readDropped is when EventBridge Scheduler gave up starting a job of the stack, newest first: the metric is of all
// schedules of the group together. One metric by the minute costs $0.00001 a look.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
func (w *Watcher) readDropped(ctx context.Context) ([]time.Time, error) {
	now := w.Clock.Now()
	if len(w.Jobs) == 0 || !w.starts.at.IsZero() && now.Sub(w.starts.at) < measureEvery {
		return w.starts.all, nil
	}
	results, err := cloud.Pages(ctx, cloudwatch.NewGetMetricDataPaginator(w.Metrics, &cloudwatch.GetMetricDataInput{
		MetricDataQueries: []cwtypes.MetricDataQuery{
			query("dropped", "AWS/Scheduler", "InvocationDroppedCount", "Sum", dimensions("ScheduleGroup", provision.ScheduleGroupName(w.Cluster))),
		},
		StartTime: aws.Time(now.Add(-droppedFor)), EndTime: aws.Time(now.Add(time.Minute)), ScanBy: cwtypes.ScanByTimestampDescending,
	}), func(out *cloudwatch.GetMetricDataOutput) []cwtypes.MetricDataResult { return out.MetricDataResults })
	if err != nil {
		return nil, err
	}
	w.starts = droppedStarts{at: now}
	for _, r := range results {
		for i, at := range r.Timestamps {
			if r.Values[i] > 0 {
				w.starts.all = append(w.starts.all, at)
			}
		}
	}
	return w.starts.all, nil
}

// notStarted is the time at which a job was due whose start was given up, or nil. The metric does not say of which
// job: it is each that was due in the hour before, by a schedule that was there, and has not run since.
func notStarted(j agents.Job, s JobStatus, r readings) *time.Time {
	schedule, there := r.jobs[j.Name]
	times, err := j.Times()
	if !there || s.State != JobEnabled || err != nil {
		return nil
	}
	for _, at := range r.dropped {
		due, ok := times.Next(aws.ToTime(schedule.CreationDate), at.Add(-triedFor))
		if ok && !due.After(at) && (s.Last == nil || s.Last.Started.Before(due)) {
			due = due.UTC()
			return &due
		}
	}
	return nil
}
