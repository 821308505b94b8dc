package tasks

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Names are the names of the agents' services, by agent. An agent that is not among
// them has a service of its own name.
type Names map[string]string

// Service is the name of an agent's service.
func (n Names) Service(agent string) string { return cmp.Or(n[agent], agent) }

// Agent is whose a service is; one that no agent has is its own.
func (n Names) Agent(service string) string {
	for agent, name := range n {
		if name == service {
			return agent
		}
	}
	return service
}

// Services reads the agents' services as Services does, with the agent as the name of
// each. Its real name is the end of its ARN: see ID.
func (n Names) Services(ctx context.Context, api ServicesAPI, cluster string, agents []string) ([]types.Service, error) {
	of, names := map[string]string{}, make([]string, len(agents))
	for i, a := range agents {
		names[i] = n.Service(a)
		of[names[i]] = a
	}
	all, err := Services(ctx, api, cluster, names)
	for i, s := range all {
		all[i].ServiceName = aws.String(of[aws.ToString(s.ServiceName)])
	}
	return all, err
}

// ByAgent puts each task of a service into the group of its agent, which Agent reads.
func (n Names) ByAgent(all []types.Task) []types.Task {
	for i, t := range all {
		if service, is := strings.CutPrefix(aws.ToString(t.Group), "service:"); is {
			all[i].Group = aws.String("service:" + n.Agent(service))
		}
	}
	return all
}
