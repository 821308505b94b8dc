package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// waiting is why an agent has no service yet, and the command that ends the wait.
type waiting struct{ why, command string }

// readWaiting looks at what `up` waits for before it makes a service: an image, and
// a value for each secret that is required. It reads metadata, and no value.
func (sn *snapshot) readWaiting(ctx context.Context) error {
	without := slices.DeleteFunc(slices.Clone(sn.Agents), func(a agents.Agent) bool { _, there := sn.Services[a.Name]; return there })
	if len(without) == 0 {
		return nil
	}
	home := &provision.Env{Stack: sn.Cfg.Stack(), Project: sn.Cfg.Project, Account: sn.Account, Clients: sn.Clients, Services: sn.Cfg.ServiceNames()}
	secrets := fleet.Secrets{Env: home, Config: sn.Cfg, Cluster: provision.ClusterName(sn.Cfg.Stack())}
	values, err := secrets.Look(ctx, without)
	if err != nil {
		return err
	}
	for i, a := range without {
		if w, waits := valueMissing(a, values[i], sn.Cfg.Secrets.Nested != ""); waits {
			sn.waiting[a.Name] = w
			continue
		}
		none, err := sn.imageMissing(ctx, a, home)
		if err != nil {
			return err
		}
		if none {
			sn.waiting[a.Name] = waiting{a.Name + " has no image yet", "karmactl deploy " + a.Name + " --build"}
		}
	}
	return nil
}

// valueMissing says which required secret has no value, as `up` does.
func valueMissing(a agents.Agent, known fleet.AgentSecrets, nested bool) (waiting, bool) {
	all := a.AllSecrets()
	for i, v := range known.Values {
		switch {
		case v.Value != fleet.NoValue || all[i].Optional:
		case v.From != "":
			return waiting{fmt.Sprintf("%s gets %s from %s, which has no value for it", a.Name, v.Env, v.From), "give " + v.From + " a value, then karmactl up --only " + a.Name}, true
		default:
			w := waiting{fmt.Sprintf("%s has no value for its secret %s (%s)", a.Name, v.Key, v.Env), "karmactl secrets set " + a.Name + " " + v.Key}
			if nested {
				w.command += ", or karmactl secrets sync if the nested secret has it"
			}
			return w, true
		}
	}
	return waiting{}, false
}

// imageMissing tells whether an agent that builds its own image has pushed none.
func (sn *snapshot) imageMissing(ctx context.Context, a agents.Agent, home *provision.Env) (bool, error) {
	if a.Image != "" {
		return false, nil
	}
	name := home.RepositoryName(a.Name)
	out, err := sn.Clients.ECR.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: &name})
	if cloud.IsNotFound(err) {
		return true, nil
	}
	return err == nil && len(out.ImageDetails) == 0, err
}
