package fleet

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// The outcomes of a run whose task ECS has forgotten. Step Functions knows an execution for 90 days.
const (
	runSucceeded = "succeeded"
	runFailed    = "failed"
)

// taskTakes is less than any task on Fargate takes from its start to its end: an execution that was shorter ran none.
const taskTakes = 10 * time.Second

// taskListed is for how long ECS lists a task that has stopped at least, less some minutes.
const taskListed = 55 * time.Minute

// led adds what Step Functions knows of a job's newest run: one call for each such job.
func (w *Watcher) led(ctx context.Context, j agents.Job, s *JobStatus, schedules map[string]schedulertypes.ScheduleSummary) error {
	if j.Retries > 0 {
		s.Attempts = j.Attempts()
	}
	schedule, there := schedules[j.Name]
	if !j.ByStateMachine() || w.Executions == nil || !there {
		return nil
	}
	x, err := w.newestExecution(ctx, j, schedule)
	if err != nil || x == nil {
		return err
	}
	own := s.Last != nil && !s.Last.Started.Before(*x.StartDate) // it has started the newest task
	switch {
	case x.Status == sfntypes.ExecutionStatusRunning:
		if own {
			s.Last.Again = s.Last.Ended != nil && s.Last.Attempt > 0
		}
		return nil
	case own && s.Last.Listed:
		return nil
	}
	began, ended, last := x.StartDate.UTC(), aws.ToTime(x.StopDate), s.Last
	none := !own && w.Clock.Now().Sub(ended) < taskListed // or ECS would list its task
	if !own {
		last = &document.JobRun{Started: began}
	}
	switch x.Status {
	case sfntypes.ExecutionStatusSucceeded:
		if none || !own && ended.Sub(began) < taskTakes {
			s.LeftOut = &began
			return nil
		}
		last.Outcome = runSucceeded
	case sfntypes.ExecutionStatusFailed:
		if none {
			s.NotStarted = &began
			return nil
		}
		last.Outcome = runFailed
	default: // a person stopped it
		return nil
	}
	s.Last = last
	return nil
}

// newestExecution is the newest of a job's state machine; nil is none.
func (w *Watcher) newestExecution(ctx context.Context, j agents.Job, schedule schedulertypes.ScheduleSummary) (*sfntypes.ExecutionListItem, error) {
	in, err := arn.Parse(aws.ToString(schedule.Arn)) // the account's, of which nothing else tells here
	if err != nil {
		return nil, err
	}
	account := cloud.Account{ID: in.AccountID, Partition: in.Partition, Region: in.Region}
	out, err := w.Executions.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(provision.StateMachineARN(account, w.Cluster, j.Name)), MaxResults: 1})
	if err != nil || len(out.Executions) == 0 {
		return nil, cloud.IgnoreNotFound(err)
	}
	return &out.Executions[0], nil
}

// attemptOf is which attempt of a run a task is, 0 of one that is no attempt.
func attemptOf(t types.Task) int {
	if t.Overrides == nil {
		return 0
	}
	for _, c := range t.Overrides.ContainerOverrides {
		for _, e := range c.Environment {
			if aws.ToString(e.Name) == agents.AttemptVariable {
				n, _ := strconv.Atoi(aws.ToString(e.Value)) // another program's is no number of ours
				return n
			}
		}
	}
	return 0
}
