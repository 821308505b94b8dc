package provision

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// leftovers are revisions that an interrupted deletion has deregistered and not
// deleted. They are looked for only where a revision was recorded.
func (t *TaskDefinition) leftovers(ctx context.Context, id string) (engine.Found[TaskDefinitionSpec], error) {
	if id == "" {
		return engine.Found[TaskDefinitionSpec]{}, nil
	}
	left, err := t.revisions(ctx, t.Family(t.Agent.Name), types.TaskDefinitionStatusInactive)
	if err != nil || len(left) == 0 {
		return engine.Found[TaskDefinitionSpec]{}, err
	}
	return engine.Found[TaskDefinitionSpec]{
		Phase: engine.Broken, Discard: true, ID: id, Why: fmt.Sprintf("%d revisions are deregistered and none is active", len(left)),
	}, nil
}

// erase deletes revisions that are deregistered. One that is gone already is no failure.
func (t *TaskDefinition) erase(ctx context.Context, arns []string) error {
	out, err := t.Clients.ECS.DeleteTaskDefinitions(ctx, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: arns})
	if err != nil {
		return err
	}
	for _, f := range out.Failures {
		if why := aws.ToString(f.Reason); why != "MISSING" {
			return fmt.Errorf("%s cannot be deleted: %s %s", aws.ToString(f.Arn), why, aws.ToString(f.Detail))
		}
	}
	return nil
}

// revisions are the ARNs of a family's revisions that have a status.
func (t *TaskDefinition) revisions(ctx context.Context, family string, status types.TaskDefinitionStatus) ([]string, error) {
	return cloud.Pages(ctx, ecs.NewListTaskDefinitionsPaginator(t.Clients.ECS, &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family, Status: status}),
		func(out *ecs.ListTaskDefinitionsOutput) []string { return out.TaskDefinitionArns })
}

// latest describes the latest active revision of the family.
func (t *TaskDefinition) latest(ctx context.Context, look engine.Look) (engine.Found[TaskDefinitionSpec], error) {
	var found engine.Found[TaskDefinitionSpec]
	family := t.Family(t.Agent.Name)
	out, err := t.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &family, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	switch {
	case cloud.Is(err, "ClientException") && strings.Contains(err.Error(), "Unable to describe task definition"):
		return t.leftovers(ctx, look.ID)
	case err != nil:
		return found, err
	case out.TaskDefinition.Status != types.TaskDefinitionStatusActive:
	default:
		arn := aws.ToString(out.TaskDefinition.TaskDefinitionArn)
		spec := readTaskDefinition(t.Agent.Name, out.TaskDefinition, fromECSTags(out.Tags))
		if !spec.Tags.Ours(t.Stack, t.Key()) && look.ID == "" {
			return found, t.foreign(t.Key(), "task definition "+family, arn)
		}
		found = foundRevision(arn, spec)
	}
	return found, nil
}

// taken is the revision that was taken over, where the latest one is not karmactl's: what the
// other program registered beside it has perhaps never run.
func (t *TaskDefinition) taken(ctx context.Context, look engine.Look, latest engine.Found[TaskDefinitionSpec]) (engine.Found[TaskDefinitionSpec], error) {
	if latest.Phase != engine.Ready || latest.ID == look.ID || latest.Spec.Tags.Ours(t.Stack, t.Key()) {
		return latest, nil
	}
	out, err := t.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &look.ID, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
	if err != nil {
		return latest, err
	}
	if out.TaskDefinition.Status != types.TaskDefinitionStatusActive {
		return latest, nil
	}
	return foundRevision(look.ID, readTaskDefinition(t.Agent.Name, out.TaskDefinition, fromECSTags(out.Tags))), nil
}

// RetireRevisions deletes the revisions that karmactl has registered of an agent since
// taken, the revision that was taken over with it. Those of the family's other owner stay.
func (h *Env) RetireRevisions(ctx context.Context, agent, taken string) error {
	t := &TaskDefinition{Env: h, Agent: agents.Agent{Name: agent}}
	active, err := t.revisions(ctx, h.Family(agent), types.TaskDefinitionStatusActive)
	if err != nil {
		return err
	}
	for _, arn := range active {
		if tasks.Revision(arn) <= tasks.Revision(taken) {
			continue
		}
		out, err := h.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
		if err != nil {
			return err
		}
		if !fromECSTags(out.Tags).Ours(h.Stack, t.Key()) {
			continue
		}
		if _, err := h.Clients.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &arn}); err != nil {
			return err
		}
		if err := t.erase(ctx, []string{arn}); err != nil {
			return err
		}
	}
	return nil
}
