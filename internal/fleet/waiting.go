package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// Waiting is why an agent has no service yet, and the command that ends the wait.
type Waiting struct {
	Why, Command string
	// Or is another way that may end it, for people.
	Or string
}

// Waits looks at what `up` waits for before it makes an agent's service: an image, and
// a value for each secret that is required. It reads metadata, and no value. Agents that wait
// for nothing are not in it.
func Waits(ctx context.Context, home *provision.Env, cfg *agents.Config, of []agents.Agent) (map[string]Waiting, error) {
	out := map[string]Waiting{}
	if len(of) == 0 {
		return out, nil
	}
	secrets := Secrets{Env: home, Config: cfg, Cluster: provision.ClusterName(cfg.Stack())}
	values, err := secrets.Look(ctx, of)
	if err != nil {
		return nil, err
	}
	for i, a := range of {
		if w, waits := valueMissing(a, values[i], cfg.Secrets.Nested != ""); waits {
			out[a.Name] = w
			continue
		}
		none, err := imageMissing(ctx, a, home)
		if err != nil {
			return nil, err
		}
		if none {
			m := provision.NoImage(a.Name)
			out[a.Name] = Waiting{Why: m.Reason, Command: m.Command}
		}
	}
	return out, nil
}

// valueMissing says which required secret has no value, as `up` does.
func valueMissing(a agents.Agent, known AgentSecrets, nested bool) (Waiting, bool) {
	all := a.AllSecrets()
	for i, v := range known.Values {
		if v.Value != NoValue || all[i].Optional {
			continue
		}
		m := provision.NoValue(a.Name, all[i])
		w := Waiting{Why: m.Reason, Command: m.Command}
		if nested && all[i].From == "" {
			w.Or = "karmactl secrets sync if the nested secret has it"
		}
		return w, true
	}
	return Waiting{}, false
}

// imageMissing tells whether an agent that builds its own image has pushed none.
func imageMissing(ctx context.Context, a agents.Agent, home *provision.Env) (bool, error) {
	if a.Image != "" {
		return false, nil
	}
	name := home.RepositoryName(a.Name)
	out, err := home.Clients.ECR.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &name})
	if cloud.IsNotFound(err) {
		return true, nil
	}
	return err == nil && len(out.ImageDetails) == 0, err
}

// hasNoService is an agent that nothing is known to keep from having one.
const hasNoService = "has no service"

// without is what there is to see of each agent that has no service, by name, and of the jobs that wait where nothing
// has one. What up waits for is the cause.
func (w *Watcher) without(ctx context.Context, st *Status, services []types.Service) map[string]Attention {
	var of []agents.Agent
	for _, a := range w.Agents {
		if !slices.ContainsFunc(services, func(s types.Service) bool { return aws.ToString(s.ServiceName) == a.Name }) {
			of = append(of, a)
		}
	}
	out := map[string]Attention{}
	for _, a := range of {
		out[a.Name] = Attention{Agent: a.Name, About: AboutTasks, Problem: hasNoService, Command: "karmactl up --only " + a.Name}
	}
	if len(services) == 0 {
		of = append(of, ownOf(w.Jobs)...)
	}
	for _, x := range w.waits(ctx, st, of) {
		out[x.Agent] = x
	}
	return out
}

// waits is what up waits for before it makes the services of some agents, or the schedules of jobs with an image.
func (w *Watcher) waits(ctx context.Context, st *Status, of []agents.Agent) (out []Attention) {
	if w.Waits == nil || len(of) == 0 {
		return nil
	}
	waits, err := w.Waits(ctx, of)
	if err != nil {
		st.Notes = append(st.Notes, fmt.Errorf("what is not up waits for is not known: %w", err))
	}
	for _, a := range of {
		if x, is := waits[a.Name]; is {
			about := AboutTasks
			if slices.ContainsFunc(w.Jobs, func(j agents.Job) bool { return j.Name == a.Name }) {
				about = AboutJob
			}
			out = append(out, Attention{Agent: a.Name, About: about, Problem: waitsFor + x.Why, Command: x.Command})
		}
	}
	return out
}

// waitsFor begins the problem of what up waits for.
const waitsFor = "waits: "
