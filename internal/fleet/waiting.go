package fleet

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

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
