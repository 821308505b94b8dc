package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

const (
	// every is how often a deployment is looked at: what it became is known at
	// most that much later than AWS knows it.
	every = 500 * time.Millisecond
	// eventsEvery is how often the service itself is asked for what it has to say.
	eventsEvery = 5 * time.Second
	// appearsWithin is how long a new deployment may take to be listed.
	appearsWithin = time.Minute
)

// Baseline is what a service was deployed with before something is changed.
type Baseline struct {
	// Exists is false for a service that is not made yet.
	Exists bool
	// TaskDefinition is the ARN that it runs.
	TaskDefinition string
	known          []string
}

// ReadBaseline notes which deployments there are, to tell the next one from them.
func (a *Agent) ReadBaseline(ctx context.Context) (Baseline, error) {
	svc, err := a.service(ctx)
	if err != nil || svc == nil {
		return Baseline{}, err
	}
	b := Baseline{Exists: true, TaskDefinition: aws.ToString(svc.TaskDefinition)}
	lines, err := a.deployments(ctx)
	for _, l := range lines {
		b.known = append(b.known, aws.ToString(l.ServiceDeploymentArn))
	}
	return b, err
}

// service is nil when there is none.
func (a *Agent) service(ctx context.Context) (*types.Service, error) {
	out, err := a.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &a.Cluster, Services: []string{a.Service}})
	if err != nil {
		return nil, err
	}
	for _, s := range out.Services {
		if aws.ToString(s.Status) == "ACTIVE" {
			return &s, nil
		}
	}
	return nil, nil
}

// CurrentDeployment is what a service runs, for a deploy that had nothing to change.
func (a *Agent) CurrentDeployment(ctx context.Context) (*Deployment, error) {
	d := &Deployment{Agent: a.Name, Outcome: Unchanged, Log: []string{}}
	svc, err := a.service(ctx)
	if err != nil || svc == nil {
		return d, err
	}
	d.Revision = tasks.Revision(aws.ToString(svc.TaskDefinition))
	d.Previous, d.Verified = d.Revision, svc.RunningCount > 0
	for _, x := range svc.Deployments {
		d.Verified = d.Verified && x.RolloutState == types.DeploymentRolloutStateCompleted
	}
	return d, nil
}

// Image is the image of the latest revision; "" when there is none.
func (a *Agent) Image(ctx context.Context) (string, error) {
	d, err := a.revision(ctx, a.Family)
	if cloud.Is(err, "ClientException") { // AWS has no code of its own for a family without a revision
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(container(a.Name, d).Image), nil
}

// ImageOf is the image of a revision by its number, "" for none.
func (a *Agent) ImageOf(ctx context.Context, revision int) (string, error) {
	if revision == 0 {
		return "", nil
	}
	d, err := a.revision(ctx, fmt.Sprintf("%s:%d", a.Family, revision))
	if err != nil {
		return "", err
	}
	return aws.ToString(container(a.Name, d).Image), nil
}

// deployments lists the service's deployments, the newest first. AWS keeps 90 days.
func (a *Agent) deployments(ctx context.Context) ([]types.ServiceDeploymentBrief, error) {
	var all []types.ServiceDeploymentBrief
	in := &ecs.ListServiceDeploymentsInput{Cluster: &a.Cluster, Service: &a.Service, MaxResults: aws.Int32(100)}
	for { // the SDK has no paginator for it
		out, err := a.ECS.ListServiceDeployments(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.ServiceDeployments...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	slices.SortStableFunc(all, func(x, y types.ServiceDeploymentBrief) int {
		return aws.ToTime(y.CreatedAt).Compare(aws.ToTime(x.CreatedAt))
	})
	return all, nil
}

// FindNew finds the deployment that was begun after ReadBaseline: the new one whose
// revision is the task definition that was asked for, so that a deployment that
// another program begins at the same moment is not taken for it.
func (a *Agent) FindNew(ctx context.Context, before Baseline, taskDefinition string) (string, error) {
	began := a.Clock.Now()
	for {
		lines, err := a.deployments(ctx)
		if err != nil {
			return "", err
		}
		for _, l := range lines {
			if slices.Contains(before.known, aws.ToString(l.ServiceDeploymentArn)) {
				continue
			}
			td, err := a.deployed(ctx, aws.ToString(l.TargetServiceRevisionArn))
			if err != nil {
				return "", err
			}
			if td == taskDefinition {
				return aws.ToString(l.ServiceDeploymentArn), nil
			}
		}
		if a.Clock.Now().Sub(began) > appearsWithin {
			return "", fmt.Errorf("the deployment of %s does not show in the list of the service's deployments: karmactl deploy %s --resume follows it once it does", a.Name, a.Name)
		}
		if err := a.Clock.Wait(ctx, every); err != nil {
			return "", err
		}
	}
}

// deployed is the task definition of a service revision, or "".
func (a *Agent) deployed(ctx context.Context, revision string) (string, error) {
	if revision == "" {
		return "", nil
	}
	out, err := a.ECS.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{revision}})
	if err != nil || len(out.ServiceRevisions) == 0 {
		return "", err
	}
	return aws.ToString(out.ServiceRevisions[0].TaskDefinition), nil
}

// Current is the deployment of the service that was begun last, for --resume.
func (a *Agent) Current(ctx context.Context) (arn, taskDefinition, previous string, err error) {
	lines, err := a.deployments(ctx)
	if err != nil {
		return "", "", "", err
	}
	if len(lines) == 0 {
		return "", "", "", fmt.Errorf("%s has no deployment to follow", a.Name)
	}
	if taskDefinition, err = a.deployed(ctx, aws.ToString(lines[0].TargetServiceRevisionArn)); err != nil {
		return "", "", "", err
	}
	d, err := a.deployment(ctx, aws.ToString(lines[0].ServiceDeploymentArn))
	if err != nil {
		return "", "", "", err
	}
	for _, s := range d.SourceServiceRevisions {
		if previous, err = a.deployed(ctx, aws.ToString(s.Arn)); err != nil {
			return "", "", "", err
		}
	}
	return aws.ToString(lines[0].ServiceDeploymentArn), taskDefinition, previous, nil
}

func (a *Agent) deployment(ctx context.Context, arn string) (*types.ServiceDeployment, error) {
	out, err := a.ECS.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{arn}})
	if err != nil {
		return nil, err
	}
	if len(out.ServiceDeployments) == 0 {
		return nil, fmt.Errorf("deployment %s is gone", arn)
	}
	return &out.ServiceDeployments[0], nil
}

// watch is one deployment being followed.
type watch struct {
	*Agent
	doc *Deployment
	arn string
	// taskDefinition and previous are ARNs.
	taskDefinition, previous string
	began                    time.Time
	told                     map[string]bool // tasks and events
	row, lastEvent           string
	asked                    time.Time
	failures                 int32
	desired                  int32
	// group is the ARN of the target group, "" until it is known.
	group  string
	looked time.Time
	blind  bool // it was said that tasks cannot be looked at
	tasks  []TaskRow
	phases map[string]string // by task
}

// Follow follows one deployment to its own end. That the service is steady is not
// success: after AWS has rolled back it is steady too. After limit it stops
// looking, while the deployment continues; 0 is no limit.
func (a *Agent) Follow(ctx context.Context, arn, taskDefinition, previous string, limit time.Duration) (*Deployment, error) {
	w := &watch{
		Agent: a, arn: arn, taskDefinition: taskDefinition, previous: previous, began: a.Clock.Now(), told: map[string]bool{}, phases: map[string]string{},
		doc: &Deployment{Agent: a.Name, Revision: tasks.Revision(taskDefinition), Previous: tasks.Revision(previous), Log: []string{}},
	}
	if taskDefinition == previous {
		w.previous = ""
	}
	for {
		next := a.Clock.Now().Add(every)
		d, err := a.deployment(ctx, arn)
		if err != nil {
			return w.doc, err
		}
		ended := d.FinishedAt != nil || over(d.Status)
		if !ended {
			w.look(ctx, d)
		}
		w.showRow(d)
		if err := w.listen(ctx, d, ended); err != nil {
			return w.doc, err
		}
		if ended {
			return w.doc, w.end(ctx, d)
		}
		if limit > 0 && a.Clock.Now().Sub(w.began) >= limit {
			w.timedOut(limit)
			return w.doc, nil
		}
		if err := a.Clock.Wait(ctx, max(0, next.Sub(a.Clock.Now()))); err != nil {
			return w.doc, err
		}
	}
}

func over(s types.ServiceDeploymentStatus) bool {
	switch s {
	case types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusStopped, types.ServiceDeploymentStatusRollbackSuccessful, types.ServiceDeploymentStatusRollbackFailed:
		return true
	}
	return false
}

// showRow tells how far each revision is, when that has changed.
func (w *watch) showRow(d *types.ServiceDeployment) {
	p, row := w.progress(d), ""
	if t, now := d.TargetServiceRevision, p.Revisions[0]; t != nil {
		w.desired = max(w.desired, t.RequestedTaskCount)
		row = fmt.Sprintf("rev %d %s · desired %d · running %d · pending %d · failed %d", now.Revision, now.State, now.Desired, now.Running, t.PendingTaskCount, now.Failed)
	}
	for _, was := range p.Revisions[1:] {
		row += fmt.Sprintf(" | rev %d · running %d", was.Revision, was.Running)
	}
	if row != w.row && row != "" {
		w.row = row
		w.tell(Line{About: "rollout", Text: row, Progress: p})
	}
}

func words(s types.ServiceDeploymentStatus) string {
	return strings.ToLower(strings.ReplaceAll(string(s), "_", " "))
}

// listen tells the service's events, and looks at tasks that have failed.
func (w *watch) listen(ctx context.Context, d *types.ServiceDeployment, ended bool) error {
	failed := false
	if b := d.DeploymentCircuitBreaker; b != nil && b.FailureCount > w.failures {
		w.failures, failed = b.FailureCount, true
	}
	if ended && d.Status != types.ServiceDeploymentStatusSuccessful || failed {
		if err := w.failedTasks(ctx, d); err != nil {
			return err
		}
	}
	now := w.Clock.Now()
	if !ended && !w.asked.IsZero() && now.Sub(w.asked) < eventsEvery {
		return nil
	}
	w.asked = now
	svc, err := w.service(ctx)
	if err != nil || svc == nil {
		return err
	}
	for _, lb := range svc.LoadBalancers {
		w.group = aws.ToString(lb.TargetGroupArn)
	}
	for _, e := range slices.Backward(svc.Events) {
		id, text := aws.ToString(e.Id), tasks.PlainEvent(w.Service, aws.ToString(e.Message))
		if w.told[id] || e.CreatedAt != nil && d.CreatedAt != nil && e.CreatedAt.Before(*d.CreatedAt) {
			continue
		}
		w.told[id], w.lastEvent = true, text
		w.say("event", text)
	}
	return nil
}

// errGone is for a service that is not there.
var errGone = errors.New("there is no such service")
