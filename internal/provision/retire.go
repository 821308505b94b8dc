package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

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
