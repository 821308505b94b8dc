package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	aastypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// SchedulesAPI is what schedules and bounds need of *applicationautoscaling.Client.
type SchedulesAPI interface {
	DescribeScheduledActions(context.Context, *aas.DescribeScheduledActionsInput, ...func(*aas.Options)) (*aas.DescribeScheduledActionsOutput, error)
	DescribeScalableTargets(context.Context, *aas.DescribeScalableTargetsInput, ...func(*aas.Options)) (*aas.DescribeScalableTargetsOutput, error)
	ListTagsForResource(context.Context, *aas.ListTagsForResourceInput, ...func(*aas.Options)) (*aas.ListTagsForResourceOutput, error)
}

// scaling is how far each agent may be scaled, when, and by whom.
type scaling struct {
	schedules map[string]string
	bounds    map[string]provision.Bounds
	ruled     map[string]provision.Ruled
}

// readScaling asks two things for all agents, and for the tags of those whose bounds are not as agents.yaml says. What
// was read is there beside an error, and unknown says what was not.
func (w *Watcher) readScaling(ctx context.Context) (sc scaling, unknown string, err error) {
	sc = scaling{bounds: map[string]provision.Bounds{}, ruled: map[string]provision.Ruled{}}
	actions, err := provision.ListScheduledActions(ctx, w.Schedules)
	if err != nil {
		return sc, "schedules and bounds are not known", err
	}
	sc.schedules = w.schedules(actions)
	targets, err := provision.ListScalableTargets(ctx, w.Schedules)
	if err != nil {
		return sc, "bounds are not known", err
	}
	for _, t := range targets {
		if refused := w.readBounds(ctx, sc, t, actions); refused != nil {
			unknown, err = "who has set bounds that are not agents.yaml's is not known", refused
		}
	}
	return sc, unknown, err
}

// readBounds reads one agent's, when the target is an agent's.
func (w *Watcher) readBounds(ctx context.Context, sc scaling, t aastypes.ScalableTarget, actions []aastypes.ScheduledAction) error {
	service, ours := strings.CutPrefix(aws.ToString(t.ResourceId), "service/"+w.Cluster+"/")
	name := w.names().Agent(service)
	i := slices.IndexFunc(w.Agents, func(a agents.Agent) bool { return a.Name == name })
	if !ours || i < 0 || t.ScalableDimension != aastypes.ScalableDimensionECSServiceDesiredCount {
		return nil
	}
	is := provision.Bounds{Min: int(aws.ToInt32(t.MinCapacity)), Max: int(aws.ToInt32(t.MaxCapacity))}
	says := provision.Bounds{Min: w.Agents[i].Scale.Min, Max: w.Agents[i].Scale.Max}
	sc.bounds[name] = is
	if is == says {
		return nil
	}
	tags, err := w.Schedules.ListTagsForResource(ctx, &aas.ListTagsForResourceInput{ResourceARN: t.ScalableTargetARN})
	if err != nil {
		return err
	}
	if r := provision.RuledBy(name, aws.ToString(t.ResourceId), tags.Tags[provision.TagScale], is, says, actions); r != nil {
		sc.ruled[name] = *r
	}
	return nil
}

// schedules tells each agent's scheduled actions in words.
func (w *Watcher) schedules(actions []aastypes.ScheduledAction) map[string]string {
	all := map[string][]string{}
	for _, x := range actions {
		service, ours := strings.CutPrefix(aws.ToString(x.ResourceId), "service/"+w.Cluster+"/")
		agent := w.names().Agent(service)
		if !ours || x.ScalableTargetAction == nil {
			continue
		}
		bounds := provision.Bounds{Min: int(aws.ToInt32(x.ScalableTargetAction.MinCapacity)), Max: int(aws.ToInt32(x.ScalableTargetAction.MaxCapacity))}
		all[agent] = append(all[agent], strings.TrimSpace(fmt.Sprintf("%s from %s %s", bounds, agents.PlainCron(aws.ToString(x.Schedule)), aws.ToString(x.Timezone))))
	}
	out := map[string]string{}
	for agent, s := range all {
		slices.Sort(s)
		out[agent] = strings.Join(s, ", ")
	}
	return out
}

// setScaling fills in what was read of an agent's scaling.
func (sc scaling) setScaling(a *AgentStatus) {
	a.Schedule = sc.schedules[a.Name]
	if b, known := sc.bounds[a.Name]; known {
		a.Min, a.Max = &b.Min, &b.Max
	}
	switch r, other := sc.ruled[a.Name]; {
	case !other:
	case r.Schedule != "" || r.Action != "":
		a.RuledBy = r.Schedule + r.Action
	default:
		a.RuledBy = "hand"
	}
}
