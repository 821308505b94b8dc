package rollout

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

var update = flag.Bool("update", false, "write the golden files")

// Text is all of the lines.
func (d *Deployment) Text() string {
	var b strings.Builder
	for _, l := range append([]TextLine{d.Title()}, d.Lines()...) {
		b.WriteString(l.Lead + l.Text + "\n")
	}
	return b.String()
}

// bench is the shipped configuration with the validator alone, in a simulated account.
type bench struct {
	t    *testing.T
	sim  *awssim.Sim
	home *provision.Env
	cfg  *agents.Config
	rec  *engine.Memory
	// late is how long a deployment that is timed runs before it is followed.
	late time.Duration
	// failFast ends the following at the failure.
	failFast bool
	// say hears what is told of a deployment.
	say func(Line)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	cfg, err := agents.Load("../../../config/agents.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range cfg.Agents {
		if a.Name == "validator" {
			a.Calls = nil
			cfg.Agents = []agents.Agent{a}
			break
		}
	}
	clock := engine.RealClock{}
	sim, err := awssim.New(awssim.Options{Clock: clock, Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	// Everything here, pushes among it, is done with the published rights.
	if err := sim.Edit(func(w *awssim.World) {
		for _, name := range []string{"read", "change", "network"} {
			text, err := os.ReadFile("../../../docs/iam-policy-" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			w.Operator.Policies = append(w.Operator.Policies, string(text))
		}
	}); err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, sim: sim, cfg: cfg, rec: engine.NewMemory(clock), home: &provision.Env{
		Stack: cfg.Stack(), Project: cfg.Project, Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"},
		Clients: cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.LostReplies)), Inventory: cloud.NewInventory(clock), Clock: clock,
		Images: &provision.Registries{Transport: sim.Registry()},
	}}
}

// walk walks the stack; image "-" is an `up`.
func (f *bench) walk(image string) *engine.Result {
	f.t.Helper()
	return f.walked(image, true)
}

func (f *bench) walked(image string, apply bool) *engine.Result {
	f.t.Helper()
	ctx := context.Background()
	facts, err := stack.ReadLookup(ctx, f.cfg, f.home)
	if err != nil {
		f.t.Fatal(err)
	}
	st := stack.New(f.cfg, f.home, facts)
	w := engine.Walk{Steps: st.Steps(), Record: f.rec, Clock: f.home.Clock, Classify: cloud.Classify, Apply: apply}
	if image != "-" {
		st.Deploy(map[string]string{"validator": image}, nil)
		w.Only = st.OnlyOf([]string{"validator"})
	}
	res, err := w.Up(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		f.t.Fatal(err)
	}
	return res
}

func (f *bench) agent() *Agent {
	h := f.home
	return &Agent{
		ECS: h.Clients.ECS, Logs: h.Clients.Logs, Targets: h.Clients.ELB, Images: h.Clients.ECR, Region: h.Account.Region, Repository: h.RepositoryName("validator"), Clock: h.Clock, Name: "validator", Cluster: h.ClusterName(), Service: "validator",
		Family: h.Family("validator"), LogGroup: h.LogGroupName("validator"), Say: f.say,
	}
}

// push brings a stand-in image into the agent's repository.
func (f *bench) push(tag string) string {
	f.t.Helper()
	ctx := context.Background()
	img, err := (&Images{Transport: f.sim.Registry()}).Open(ctx, "public.ecr.aws/x/agent:"+tag, agents.ArchX86)
	if err != nil {
		f.t.Fatal(err)
	}
	p := &Pusher{ECR: f.home.Clients.ECR, Transport: f.sim.Registry()}
	if err := p.SignIn(ctx); err != nil {
		f.t.Fatal(err)
	}
	if _, err := p.Push(ctx, f.home.RepositoryURI("validator"), img, nil); err != nil {
		f.t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		f.t.Fatal(err)
	}
	return f.home.RepositoryURI("validator") + "@" + digest.String()
}

// begin changes the service and returns what follows the deployment.
func (f *bench) begin(image string) func(limit time.Duration) *Deployment {
	f.t.Helper()
	_, follow := f.beginAs(f.agent(), image)
	return follow
}

// beginAs is begin by an agent of the test's own, and names the deployment.
func (f *bench) beginAs(ag *Agent, image string) (arn string, follow func(limit time.Duration) *Deployment) {
	f.t.Helper()
	ctx := context.Background()
	before, err := ag.ReadBaseline(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	res := f.walk(image)
	td, _ := res.Get("task-definition/validator")
	arn, err = ag.FindNew(ctx, before, td.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return arn, func(limit time.Duration) *Deployment {
		d, err := ag.Follow(ctx, arn, td.ID, before.TaskDefinition, FollowOptions{Limit: limit, FailFast: f.failFast})
		if err != nil {
			f.t.Error(err)
		}
		return d
	}
}

func (f *bench) edit(change func(*awssim.World)) {
	f.t.Helper()
	if err := f.sim.Edit(change); err != nil {
		f.t.Fatal(err)
	}
}

// stop stops the deployment that was begun last once its first task has started.
func (f *bench) stop(how types.StopServiceDeploymentStopType) error {
	ctx := context.Background()
	arn, _, _, err := f.agent().Current(ctx)
	if err != nil {
		return err
	}
	if err := f.home.Clock.Wait(ctx, time.Minute); err != nil {
		return err
	}
	_, err = f.home.Clients.ECS.StopServiceDeployment(ctx, &ecs.StopServiceDeploymentInput{ServiceDeploymentArn: &arn, StopType: how})
	return err
}
