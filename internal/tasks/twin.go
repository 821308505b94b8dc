package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Twin is an agent that runs in another cluster of the account and region, too: the same
// image by its digest, with the same command. A web server may; what acts on its own acts twice.
type Twin struct {
	Agent string
	// Runs is what runs there, such as "service old-bot", Cluster where.
	Runs, Cluster string
	// Same are the variables that both take from the same secret, or that name the same queue.
	Same []string
}

// String is the agent and where it runs, too: "bot (service old-bot in acme-prod)".
func (t Twin) String() string { return fmt.Sprintf("%s (%s in %s)", t.Agent, t.Runs, t.Cluster) }

// Twins are those of the agents of a cluster.
func (n Names) Twins(ctx context.Context, api *ecs.Client, own string, agents []string) ([]Twin, error) {
	r := &twins{api: api, definitions: map[string]*types.TaskDefinition{}}
	mine, err := r.running(ctx, own)
	if err != nil {
		return nil, err
	}
	runs := map[string]process{}
	for _, t := range n.ByAgent(mine) {
		if c, has := Container(t, Agent(t)); has && c.ImageDigest != nil && slices.Contains(agents, Agent(t)) {
			if runs[Agent(t)], err = r.process(ctx, t, c); err != nil {
				return nil, err
			}
		}
	}
	arns, err := cloud.Pages(ctx, ecs.NewListClustersPaginator(api, &ecs.ListClustersInput{}), func(out *ecs.ListClustersOutput) []string { return out.ClusterArns })
	if err != nil {
		return nil, fmt.Errorf("list the clusters: %w", err)
	}
	var out []Twin
	for _, arn := range arns {
		if len(runs) == 0 || ID(arn) == own {
			continue
		}
		some, err := r.in(ctx, ID(arn), agents, runs)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// twins is a search under way; the task definitions are by ARN.
type twins struct {
	api         *ecs.Client
	definitions map[string]*types.TaskDefinition
}

func (r *twins) running(ctx context.Context, cluster string) ([]types.Task, error) {
	all, err := Of(ctx, r.api, cluster, "", types.DesiredStatusRunning)
	if err != nil {
		return nil, fmt.Errorf("read the tasks of %s: %w", cluster, err)
	}
	return all, nil
}

// in are the twins in one cluster, the first of each agent.
func (r *twins) in(ctx context.Context, cluster string, agents []string, runs map[string]process) ([]Twin, error) {
	others, err := r.running(ctx, cluster)
	if err != nil {
		return nil, err
	}
	found := map[string]Twin{}
	for _, t := range others {
		for _, c := range t.Containers {
			for _, a := range agents {
				mine, known := runs[a]
				if _, again := found[a]; again || !known || mine.digest != aws.ToString(c.ImageDigest) {
					continue
				}
				other, err := r.process(ctx, t, c)
				if err != nil {
					return nil, err
				}
				if mine.as(other) {
					found[a] = Twin{Agent: a, Runs: strings.Replace(aws.ToString(t.Group), ":", " ", 1), Cluster: cluster, Same: mine.same(other)}
				}
			}
		}
	}
	var out []Twin
	for _, a := range agents {
		if t, is := found[a]; is {
			out = append(out, t)
		}
	}
	return out, nil
}

// process is what a container runs, and what it is given: where its secrets come from, and
// the queues, by variable.
type process struct {
	digest              string
	entryPoint, command []string
	given               map[string]string
}

// as tells whether another process runs the same. What a task overrides is its command alone:
// "Environment variables, command, cpu, memory" have overrides, the entry point has none.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerOverride.html
func (p process) as(other process) bool {
	return p.digest == other.digest && slices.Equal(p.entryPoint, other.entryPoint) && slices.Equal(p.command, other.command)
}

// queues notes the variables that name a queue.
func (p process) queues(env []types.KeyValuePair) {
	for _, e := range env {
		if v := aws.ToString(e.Value); queue(v) {
			p.given[aws.ToString(e.Name)] = v
		}
	}
}

// override is what a task was started with in place of what its definition says.
func (p *process) override(o types.ContainerOverride) {
	if len(o.Command) > 0 {
		p.command = o.Command
	}
	for _, e := range o.Environment {
		delete(p.given, aws.ToString(e.Name))
	}
	p.queues(o.Environment)
}

// queue tells whether a value names a queue: by its ARN, in whichever partition, or by its URL,
// which has AWS's old host names, too.
// https://docs.aws.amazon.com/general/latest/gr/sqs-service.html
func queue(value string) bool {
	if rest, is := strings.CutPrefix(value, "arn:"); is {
		_, rest, _ = strings.Cut(rest, ":")
		return strings.HasPrefix(rest, "sqs:")
	}
	return strings.Contains(value, "sqs.") || strings.Contains(value, "queue.amazonaws.com")
}

func (r *twins) process(ctx context.Context, t types.Task, c types.Container) (process, error) {
	p := process{digest: aws.ToString(c.ImageDigest), given: map[string]string{}}
	arn := aws.ToString(t.TaskDefinitionArn)
	if r.definitions[arn] == nil {
		out, err := r.api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
		if err != nil {
			return p, fmt.Errorf("read the task definition %s: %w", ID(arn), err)
		}
		r.definitions[arn] = out.TaskDefinition
	}
	for _, d := range r.definitions[arn].ContainerDefinitions {
		if aws.ToString(d.Name) != aws.ToString(c.Name) {
			continue
		}
		p.entryPoint, p.command = d.EntryPoint, d.Command
		for _, s := range d.Secrets {
			p.given[aws.ToString(s.Name)] = aws.ToString(s.ValueFrom)
		}
		p.queues(d.Environment)
	}
	if o := t.Overrides; o != nil {
		for _, d := range o.ContainerOverrides {
			if aws.ToString(d.Name) == aws.ToString(c.Name) {
				p.override(d)
			}
		}
	}
	return p, nil
}

// same are the variables that both have from the same place, sorted. Their values are told to no one.
func (p process) same(other process) []string {
	var out []string
	for name, from := range p.given {
		if from != "" && other.given[name] == from {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
