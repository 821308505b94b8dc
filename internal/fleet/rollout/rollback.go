package rollout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// RollbackPlan is what a rollback is going to do.
type RollbackPlan struct {
	// Stop is the deployment in progress that AWS is told to roll back; else the
	// service is set to To.
	Stop string
	// From and To are ARNs of task definitions; To is "" while AWS chooses.
	From string
	To   string
	// Nothing says why there is nothing to do.
	Nothing string
}

// NoService is the error of an agent that was never made, or is gone.
func NoService(agent string) error {
	return engine.Advise(fmt.Errorf("%s has no service, and nothing to go back to", agent), "karmactl up --only "+agent)
}

// Target chooses where a rollback goes: to the revision named, or to the last that
// completed before the one that runs. A deployment that is under way is stopped. After AWS's own rollback the last completed one runs already.
func (a *Agent) Target(ctx context.Context, to int) (RollbackPlan, error) {
	svc, err := a.service(ctx)
	if err != nil {
		return RollbackPlan{}, err
	}
	if svc == nil {
		return RollbackPlan{}, NoService(a.Name)
	}
	lines, err := a.deployments(ctx)
	if err != nil {
		return RollbackPlan{}, err
	}
	b := RollbackPlan{From: aws.ToString(svc.TaskDefinition)}
	if to > 0 {
		return a.named(ctx, b, to)
	}
	if len(lines) > 0 {
		switch lines[0].Status {
		case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
			b.Stop = aws.ToString(lines[0].ServiceDeploymentArn)
			return b, nil
		case types.ServiceDeploymentStatusRollbackRequested, types.ServiceDeploymentStatusRollbackInProgress:
			b.Stop = aws.ToString(lines[0].ServiceDeploymentArn)
			b.Nothing = "AWS is rolling back already"
			return b, nil
		case types.ServiceDeploymentStatusRollbackSuccessful:
			b.Nothing = fmt.Sprintf("AWS has rolled back already: revision %d runs, the last that completed", tasks.Revision(b.From))
			return b, nil
		}
	}
	return a.lastCompleted(ctx, b, lines)
}

// lastCompleted is a rollback to the last revision that completed before the one that runs, and that can still start.
func (a *Agent) lastCompleted(ctx context.Context, b RollbackPlan, lines []types.ServiceDeploymentBrief) (RollbackPlan, error) {
	var expired []string
	for _, l := range lines {
		if l.Status != types.ServiceDeploymentStatusSuccessful {
			continue
		}
		td, err := a.deployed(ctx, aws.ToString(l.TargetServiceRevisionArn))
		if err != nil {
			return b, err
		}
		if td == "" || tasks.Revision(td) >= tasks.Revision(b.From) {
			continue
		}
		d, err := a.revision(ctx, td)
		if cloud.Code(err) == gone || err == nil && d.Status != types.TaskDefinitionStatusActive {
			continue
		}
		if err != nil {
			return b, err
		}
		if there, err := a.hasImage(ctx, d); err != nil || there {
			b.To = td
			return b, err
		}
		expired = append(expired, strconv.Itoa(tasks.Revision(td)))
	}
	if len(expired) > 0 {
		return b, fmt.Errorf("%s has no earlier revision that completed and still has its image (of revision %s it is no longer in ECR): deploy another image instead", a.Name, strings.Join(expired, ", "))
	}
	return b, fmt.Errorf("%s has no earlier revision that completed: deploy another image instead", a.Name)
}

// gone is how DescribeTaskDefinition says that there is none, as after down: it has no code of its own for that.
const gone = "ClientException"

// named is a rollback to a revision that the user names.
func (a *Agent) named(ctx context.Context, b RollbackPlan, to int) (RollbackPlan, error) {
	if tasks.Revision(b.From) == to {
		b.Nothing = fmt.Sprintf("revision %d runs already", to)
		return b, nil
	}
	d, err := a.revision(ctx, fmt.Sprintf("%s:%d", a.Family, to))
	if cloud.Code(err) == gone {
		return b, engine.Advise(fmt.Errorf("%s has no revision %d", a.Name, to), "karmactl rollback "+a.Name+" --list")
	}
	if err != nil {
		return b, err
	}
	if d.Status != types.TaskDefinitionStatusActive {
		return b, engine.Advise(
			fmt.Errorf("revision %d of %s was retired when it was rolled back: deploy its image again", to, a.Name),
			"karmactl deploy "+a.Name+" --image "+aws.ToString(container(a.Name, d).Image),
		)
	}
	there, err := a.hasImage(ctx, d)
	if err == nil && !there {
		return b, fmt.Errorf("the image of revision %d of %s is no longer in ECR (%s): deploy another image instead", to, a.Name, aws.ToString(container(a.Name, d).Image))
	}
	b.To = aws.ToString(d.TaskDefinitionArn)
	return b, err
}

// Begin begins the rollback and returns the ARN of the deployment to follow.
func (a *Agent) Begin(ctx context.Context, b RollbackPlan) (string, error) {
	if b.Nothing != "" {
		return b.Stop, nil
	}
	if b.Stop != "" {
		_, err := a.ECS.StopServiceDeployment(ctx, &ecs.StopServiceDeploymentInput{
			ServiceDeploymentArn: &b.Stop, StopType: types.StopServiceDeploymentStopTypeRollback,
		})
		if err != nil {
			return "", fmt.Errorf("the deployment of %s cannot be stopped: %w", a.Name, err)
		}
		return b.Stop, nil
	}
	before, err := a.ReadBaseline(ctx)
	if err != nil {
		return "", err
	}
	if _, err := a.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &a.Cluster, Service: &a.Service, TaskDefinition: &b.To}); err != nil {
		return "", fmt.Errorf("%s cannot be set to revision %d: %w", a.Name, tasks.Revision(b.To), err)
	}
	return a.FindNew(ctx, before, b.To)
}

// Restart starts the same revision again, with secrets and images read again.
func (a *Agent) Restart(ctx context.Context) error {
	_, err := a.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &a.Cluster, Service: &a.Service, ForceNewDeployment: true})
	return err
}

// Retire deregisters the given revisions that come after the one that runs, so that
// the next `up` starts from the running one and does not bring back what was rolled
// back. A later revision that is not given was registered by another program, and
// stays. Running tasks are not touched.
func (a *Agent) Retire(ctx context.Context, revisions []int) ([]int, error) {
	svc, err := a.service(ctx)
	if err != nil || svc == nil {
		return nil, err
	}
	active, err := a.RevisionsAfter(ctx, tasks.Revision(aws.ToString(svc.TaskDefinition)))
	if err != nil {
		return nil, err
	}
	var retired []int
	for _, n := range active {
		if !slices.Contains(revisions, n) {
			continue
		}
		_, err := a.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String(fmt.Sprintf("%s:%d", a.Family, n))})
		if err != nil {
			return retired, err
		}
		retired = append(retired, n)
	}
	return retired, nil
}

// RevisionsAfter are the active revisions after one, the newest first.
func (a *Agent) RevisionsAfter(ctx context.Context, than int) ([]int, error) {
	arns, err := cloud.Pages(ctx, ecs.NewListTaskDefinitionsPaginator(a.ECS, &ecs.ListTaskDefinitionsInput{FamilyPrefix: &a.Family, Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc}),
		func(out *ecs.ListTaskDefinitionsOutput) []string { return out.TaskDefinitionArns })
	if err != nil {
		return nil, err
	}
	var out []int
	for _, arn := range arns {
		if n := tasks.Revision(arn); n > than {
			out = append(out, n)
		}
	}
	return out, nil
}

// DefaultLimit is how long a deployment is watched.
const DefaultLimit = 15 * time.Minute
