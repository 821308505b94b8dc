package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// appearsWithin is how long a new deployment may take to be listed.
const appearsWithin = time.Minute

// Baseline is what a service was deployed with before something is changed.
type Baseline struct {
	// TaskDefinition is the ARN that it runs.
	TaskDefinition string
	// Usual is how long its deployments took that succeeded: the middle one of the last five; 0 without any.
	Usual time.Duration
	known []string
}

// ReadBaseline notes which deployments there are, to tell the next one from them.
func (a *Agent) ReadBaseline(ctx context.Context) (Baseline, error) {
	var svc *types.Service
	var lines []types.ServiceDeploymentBrief
	var unlisted error
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		svc, err = a.service(gctx)
		return err
	})
	g.Go(func() error {
		lines, unlisted = a.deployments(gctx) // an error counts where there is a service
		return nil
	})
	if err := g.Wait(); err != nil || svc == nil {
		return Baseline{}, err
	}
	b := Baseline{TaskDefinition: aws.ToString(svc.TaskDefinition)}
	for _, l := range lines {
		b.known = append(b.known, aws.ToString(l.ServiceDeploymentArn))
	}
	b.Usual = usual(lines)
	return b, unlisted
}

// usual is how long the last deployments took that succeeded, from a list that begins with the newest.
func usual(lines []types.ServiceDeploymentBrief) time.Duration {
	const last = 5
	var took []time.Duration
	for _, l := range lines {
		if l.Status == types.ServiceDeploymentStatusSuccessful && l.CreatedAt != nil && l.FinishedAt != nil && len(took) < last {
			took = append(took, l.FinishedAt.Sub(*l.CreatedAt))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
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

// NameImage says in a deployment's document which image its revision runs, and what a person called it.
func (a *Agent) NameImage(ctx context.Context, doc *Deployment) error {
	if doc.Revision == 0 {
		return nil
	}
	d, err := a.revision(ctx, fmt.Sprintf("%s:%d", a.Family, doc.Revision))
	if err != nil {
		return err
	}
	c := container(a.Name, d)
	doc.Image, doc.Tag = aws.ToString(c.Image), c.DockerLabels[provision.LabelTag]
	return nil
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
			return "", engine.Advise(fmt.Errorf("the deployment of %s does not show in the list of the service's deployments yet", a.Name), "karmactl deploy "+a.Name+" --resume")
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
	reads := NewReads(a.ECS, a.Clock, a.Cluster)
	d, err := reads.deployment(ctx, aws.ToString(lines[0].ServiceDeploymentArn), a.Clock.Now())
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
