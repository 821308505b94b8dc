package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Known is what metadata alone can tell of a value.
type Known = string

// A key inside a secret is known only where karmactl has noted it in a tag.
const (
	HasValue Known = "yes"
	NoValue  Known = "no"
	NotKnown Known = "not known"
)

// AgentSecrets are the values of one agent, and the tasks that have them.
type AgentSecrets = document.AgentSecrets

// SecretValue is what is known of one variable's value, which is never read.
type SecretValue = document.SecretValue

// SecretTask is a running task. A task reads its values once, before it starts.
type SecretTask = document.SecretTask

// Secrets reads what the agents' secrets are by metadata alone: no value is read,
// so that read-only credentials are enough.
type Secrets struct {
	Env     *provision.Env
	Config  *agents.Config
	Cluster string
}

// Look reads the secrets of some agents, and which tasks use an older version.
func (s *Secrets) Look(ctx context.Context, of []agents.Agent) ([]AgentSecrets, error) {
	sources, err := s.sources(ctx, of)
	if err != nil {
		return nil, err
	}
	running, err := tasks.Of(ctx, s.Env.Clients.ECS, s.Cluster, "", types.DesiredStatusRunning)
	if err != nil && !cloud.Is(err, "ClusterNotFoundException") {
		return nil, fmt.Errorf("the tasks of %s cannot be read: %w", s.Cluster, err)
	}
	slices.SortFunc(running, func(a, b types.Task) int { return aws.ToTime(a.CreatedAt).Compare(aws.ToTime(b.CreatedAt)) })
	injected, err := s.injected(ctx, of, running)
	if err != nil {
		return nil, err
	}
	var out []AgentSecrets
	for _, ag := range of {
		x := AgentSecrets{Agent: ag.Name, Values: []SecretValue{}, Tasks: []SecretTask{}}
		for _, v := range ag.AllSecrets() {
			x.Values = append(x.Values, sources[s.sourceName(ag, v)].value(v))
		}
		for _, t := range running {
			if aws.ToString(t.Group) == "service:"+s.Env.ServiceName(ag.Name) {
				x.Tasks = append(x.Tasks, secretTask(t, injected[aws.ToString(t.TaskDefinitionArn)], sources))
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// sourceName is where an agent's value is.
func (s *Secrets) sourceName(ag agents.Agent, v agents.Secret) string {
	switch {
	case v.From != "":
		return v.From
	case s.Config.Secrets.Store == agents.StoreSSM:
		return s.Env.ParameterName(ag.Name, v.Key)
	}
	return s.Env.SecretName(ag.Name)
}

// sources looks each secret and parameter up once, all at the same time.
func (s *Secrets) sources(ctx context.Context, of []agents.Agent) (map[string]*secretSource, error) {
	all := map[string]*secretSource{}
	for _, ag := range of {
		for _, v := range ag.AllSecrets() {
			name := s.sourceName(ag, v)
			all[name] = &secretSource{name: name}
		}
	}
	var g errgroup.Group
	g.SetLimit(8)
	for _, x := range all {
		g.Go(func() error {
			if err := x.look(ctx, s.Env); err != nil {
				return fmt.Errorf("what AWS says of %s cannot be read: %w", x.name, err)
			}
			return nil
		})
	}
	return all, g.Wait()
}

// injected are the references of the revisions that run, by variable.
func (s *Secrets) injected(ctx context.Context, of []agents.Agent, running []types.Task) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, t := range running {
		arn := aws.ToString(t.TaskDefinitionArn)
		at := slices.IndexFunc(of, func(a agents.Agent) bool { return aws.ToString(t.Group) == "service:"+s.Env.ServiceName(a.Name) })
		if _, known := out[arn]; known || at < 0 {
			continue
		}
		d, err := s.Env.Clients.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
		if err != nil {
			return nil, fmt.Errorf("the revision that runs cannot be read: %w", err)
		}
		out[arn] = map[string]string{}
		for _, c := range d.TaskDefinition.ContainerDefinitions {
			for _, v := range c.Secrets {
				out[arn][variableOf(of[at].Name, aws.ToString(c.Name), aws.ToString(v.Name))] = aws.ToString(v.ValueFrom)
			}
		}
	}
	return out, nil
}

// variableOf names a variable of an agent's task; another container's says whose it is.
func variableOf(agent, container, env string) string {
	if container == "" || container == agent {
		return env
	}
	return env + " of " + container
}

// secretTask tells which of a task's values are not the current ones. It read them
// after it was created, and AWS does not say when: one that was created before the
// current version counts as older.
func secretTask(t types.Task, injected map[string]string, sources map[string]*secretSource) SecretTask {
	x := SecretTask{
		ID: tasks.ID(aws.ToString(t.TaskArn)), Revision: tasks.Revision(aws.ToString(t.TaskDefinitionArn)), Created: aws.ToTime(t.CreatedAt).UTC(), Injected: []string{}, Older: []string{},
	}
	for env, from := range injected {
		x.Injected = append(x.Injected, env)
		for _, src := range sources {
			if src.is(from) && src.changed.After(x.Created) {
				x.Older = append(x.Older, env)
				break
			}
		}
	}
	slices.Sort(x.Injected)
	slices.Sort(x.Older)
	return x
}
