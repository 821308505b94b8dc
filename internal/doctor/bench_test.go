package doctor

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// bench is the shipped stack, up in a simulated account.
type bench struct {
	t   *testing.T
	sim *awssim.Sim
	cfg *agents.Config
	c   *cloud.Clients
}

func newBench(t *testing.T, change func(*agents.Config)) *bench {
	t.Helper()
	cfg, err := agents.Load(filepath.Join("..", "..", "config", "agents.yaml"), "")
	if err != nil {
		t.Fatal(err)
	}
	cfg.File = "agents.yaml"
	if change != nil {
		change(cfg)
	}
	clock := engine.RealClock{}
	sim, err := awssim.New(awssim.Options{Clock: clock, Latency: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	b := &bench{t: t, sim: sim, cfg: cfg, c: cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.LostReplies))}
	home := &provision.Env{
		Stack: cfg.Stack(), Project: cfg.Project, Tags: cfg.Tags, Clock: clock,
		Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: cfg.Region}, Clients: b.c, Inventory: cloud.NewInventory(clock),
	}
	st := stack.New(cfg, home, stack.GuessLookup(cfg))
	res, err := engine.Walk{Steps: st.Steps(), Record: engine.NewMemory(clock), Clock: clock, Classify: cloud.Classify, Apply: true}.Up(t.Context())
	if err == nil {
		err = res.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) edit(f func(*awssim.World)) {
	b.t.Helper()
	if err := b.sim.Edit(f); err != nil {
		b.t.Fatal(err)
	}
}

func serviceOf(w *awssim.World, agent string) *awssim.Service {
	for _, s := range w.Services {
		if s.Name == agent {
			return s
		}
	}
	return nil
}

// stop has ECS start the validator's task again, and gives it the time to fail.
func (b *bench) stop() {
	b.t.Helper()
	cluster := b.cfg.Stack()
	tasks, err := b.c.ECS.ListTasks(b.t.Context(), &ecs.ListTasksInput{Cluster: &cluster, ServiceName: aws.String("validator")})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, arn := range tasks.TaskArns {
		if _, err := b.c.ECS.StopTask(b.t.Context(), &ecs.StopTaskInput{Cluster: &cluster, Task: &arn}); err != nil {
			b.t.Fatal(err)
		}
	}
	time.Sleep(4 * time.Minute)
}

// container changes what the validator's next task is started from.
func (b *bench) container(f func(*ecstypes.ContainerDefinition)) {
	b.edit(func(w *awssim.World) {
		d := w.TaskDefinitions[serviceOf(w, "validator").Config.TaskDefinition]
		f(&d.Definition.ContainerDefinitions[0])
	})
	b.stop()
}

// mayOnlyLook has the account know its caller by the published policy for who
// looks, or as its administrator.
func (b *bench) mayOnlyLook(only bool) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "iam-policy-read.json"))
	if err != nil {
		b.t.Fatal(err)
	}
	policies := []string{string(text)}
	if !only {
		policies = nil
	}
	if err := b.sim.Edit(func(w *awssim.World) { w.Operator.Policies = policies }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) examine(names ...string) *Report {
	b.t.Helper()
	book, err := cost.Open(b.cfg.Region, "")
	if err != nil {
		b.t.Fatal(err)
	}
	p := Input{Cfg: b.cfg, Agents: b.cfg.Agents, Book: book, Clock: engine.RealClock{}, Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: b.cfg.Region}, Clients: cloud.NewClients(cloud.WithOptions(b.sim.Config(), cloud.ReadOnly))}
	if len(names) > 0 {
		p.Agents = slices.DeleteFunc(slices.Clone(p.Agents), func(a agents.Agent) bool { return !slices.Contains(names, a.Name) })
	}
	b.mayOnlyLook(true)
	defer b.mayOnlyLook(false)
	b.sim.ResetCalls()
	r, err := Examine(context.Background(), p)
	if err != nil {
		b.t.Fatal(err)
	}
	if wrote := b.sim.Mutations(); len(wrote) > 0 {
		b.t.Errorf("it writes: %v", wrote)
	}
	for _, c := range b.sim.Calls() {
		if c.Operation == "GetSecretValue" || c.Operation == "GetParameters" || c.Operation == "GetParameter" {
			b.t.Errorf("it reads a secret's value: %s", c.Name())
		}
	}
	return r
}

// madeUp are ids that AWS makes up.
var madeUp = regexp.MustCompile(`\b((?:subnet|vpc|rtb|nat|sg|vpce|eipalloc|igw|ns)-)[0-9a-f]{8,}|(arn:aws:elasticloadbalancing:\S+/)[0-9a-f]{8,}|\b\d+\.\d+\.\d+\.\d+\b|(task )[0-9a-f]{8}\b|\b\d\d:\d\d:\d\d\b`)

func text(r *Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n  cause    %s\n", f.Check, f.Agent, f.Problem, f.Cause)
		for _, e := range f.Evidence {
			fmt.Fprintf(&b, "  evidence %s\n", e)
		}
		fmt.Fprintf(&b, "  fix      %s\n", f.Fix)
	}
	fmt.Fprintf(&b, "passed: %s\n", strings.Join(r.Passed, " "))
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, p := range r.Past {
		fmt.Fprintf(&b, "past: %s\n", p)
	}
	return madeUp.ReplaceAllString(b.String(), "$1$2$3…")
}
