package rollout

import (
	"context"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

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
	for _, l := range d.Lines() {
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
		for _, name := range []string{"read", "change"} {
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
		st.Deploy(map[string]string{"validator": image})
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
		ECS: h.Clients.ECS, Logs: h.Clients.Logs, Targets: h.Clients.ELB, Images: h.Clients.ECR, Region: h.Account.Region, Clock: h.Clock, Name: "validator", Cluster: h.ClusterName(), Service: "validator",
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
	ctx, ag := context.Background(), f.agent()
	before, err := ag.ReadBaseline(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	res := f.walk(image)
	td, _ := res.Get("task-definition/validator")
	arn, err := ag.FindNew(ctx, before, td.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return func(limit time.Duration) *Deployment {
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

const patience = 20 * time.Minute

// matrix is every way in which a deployment ends, each in an account of its own.
func matrix() []struct {
	name string
	ends func(f *bench) string
} {
	deploy := func(tag string) func(f *bench) string {
		return func(f *bench) string {
			f.walk("-")
			return f.begin(f.push(tag))(patience).Text()
		}
	}
	refused := func(tag string) func(f *bench) string {
		return func(f *bench) string {
			_, err := (&Images{Transport: f.sim.Registry()}).Open(context.Background(), "public.ecr.aws/x/agent:"+tag, agents.ArchX86)
			if err == nil {
				return "it was taken"
			}
			return err.Error() + "\n"
		}
	}
	stopped := func(how types.StopServiceDeploymentStopType) func(f *bench) string {
		return func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("unhealthy"))
			if err := f.stop(how); err != nil {
				return err.Error()
			}
			return follow(patience).Text()
		}
	}
	return []struct {
		name string
		ends func(f *bench) string
	}{
		{"it works", deploy("v2")},
		{"crash at start", deploy("crash")},
		{"out of memory", deploy("oom")},
		{"fails its health check", deploy("unhealthy")},
		{"no such image", refused("missing")},
		{"wrong architecture", refused("arm64-only")},
		{"the image is gone when the task starts", func(f *bench) string {
			f.walk("-")
			image := f.push("v2")
			f.edit(func(w *awssim.World) { w.Repositories["karmacadabra/validator"].Images = nil })
			return f.begin(image)(patience).Text()
		}},
		{"a secret without a value", func(f *bench) string {
			f.walk("-")
			f.cfg.Agents[0].Secrets[0].Key, f.cfg.Agents[0].Secrets[0].Optional = "key_without_a_value", false
			out := ""
			for _, o := range f.walk(f.push("v2")).With(engine.AwaitingUser) {
				if o.Missing != nil && !strings.Contains(out, o.Missing.Reason) {
					out += o.Missing.Reason + ": " + o.Missing.Command + "\n"
				}
			}
			return out
		}},
		{"a secret's key is gone when the task starts", func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("v2"))
			f.lose("private_key")
			return follow(patience).Text()
		}},
		{"a secret is gone when the task starts", func(f *bench) string {
			f.walk("-")
			follow := f.begin(f.push("v2"))
			f.lose("")
			return follow(patience).Text()
		}},
		{"no Spot capacity", func(f *bench) string {
			f.walk("-")
			f.edit(func(w *awssim.World) { w.NoSpotCapacity = true })
			return f.begin(f.push("v2"))(3 * time.Minute).Text()
		}},
		{"the first revision of all crashes", func(f *bench) string {
			f.cfg.Agents[0].Image = ""
			f.walk("-")
			return f.begin(f.push("crash"))(patience).Text()
		}},
		{"superseded", func(f *bench) string {
			f.walk("-")
			first := f.begin(f.push("unhealthy"))
			second := f.begin(f.push("v2"))
			return first(patience).Text() + second(patience).Text()
		}},
		{"stopped by the user, and rolled back", stopped(types.StopServiceDeploymentStopTypeRollback)},
		{"stopped by the user, and left as it is", stopped(types.StopServiceDeploymentStopTypeAbort)},
		{"timed out", func(f *bench) string {
			f.walk("-")
			return f.begin(f.push("v2"))(2 * time.Second).Text()
		}},
		{"scaled to 0", func(f *bench) string {
			f.walk("-")
			f.edit(func(w *awssim.World) {
				for _, x := range w.Services {
					x.Desired = 0
				}
			})
			return f.begin(f.push("v2"))(patience).Text()
		}},
	}
}

func TestEveryEndOfADeploymentSaysWhatHappenedAndWhy(t *testing.T) {
	ids := regexp.MustCompile(`\b[0-9a-f]{32}\b|\b[0-9a-f]{8}\b|karmacadabra-prod-[0-9a-f]{6}-[0-9a-f]{6}|validator-[A-Z2-7]{6}\b`)
	var got strings.Builder
	for _, c := range matrix() {
		synctest.Test(t, func(t *testing.T) {
			got.WriteString("# " + c.name + "\n" + ids.ReplaceAllString(c.ends(newBench(t)), "ID") + "\n")
		})
	}
	const file = "testdata/matrix.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsPushedIsKnownToECRAndComesBackByDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, ctx := newBench(t), context.Background()
		img, err := (&Images{Transport: f.sim.Registry()}).Open(ctx, "public.ecr.aws/x/agent:v2", agents.ArchX86)
		if err != nil {
			t.Fatal(err)
		}
		p := &Pusher{ECR: f.home.Clients.ECR, Transport: f.sim.Registry()}
		if err := p.SignIn(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = p.Push(ctx, f.home.RepositoryURI("validator"), img, nil)
		if err == nil || !strings.Contains(err.Error(), "NAME_UNKNOWN") {
			t.Fatalf("a push to a repository that is not there: %v", err)
		}
		f.walk("-")
		image := f.push("v2")
		out, err := f.home.Clients.ECR.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: aws.String("karmacadabra/validator")})
		if err != nil || len(out.ImageDetails) != 1 || !strings.HasSuffix(image, aws.ToString(out.ImageDetails[0].ImageDigest)) || len(out.ImageDetails[0].ImageTags) != 1 {
			t.Fatalf("ECR knows %v of %s: %v", out, image, err)
		}
		back, err := (&Images{Transport: f.sim.Registry()}).Open(ctx, image, agents.ArchX86)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := back.Digest(); err != nil || !strings.HasSuffix(image, d.String()) {
			t.Errorf("%s came back as %s: %v", image, d, err)
		}
	})
}
