package stack

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

var slow = awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond}

// bench is a simulated account with a stack's Env over it.
type bench struct {
	t    *testing.T
	sim  *awssim.Sim
	home *provision.Env
	rec  *engine.Memory
}

// newBench makes one. Call it inside synctest.Test: minutes of waiting then take no time.
func newBench(t *testing.T, opts awssim.Options) *bench {
	t.Helper()
	opts.Clock = engine.RealClock{}
	sim, err := awssim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	return &bench{t: t, sim: sim, rec: engine.NewMemory(opts.Clock), home: &provision.Env{
		Stack:     "karmacadabra-prod",
		Project:   "karmacadabra",
		Account:   cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"},
		Tags:      cloud.Tags{"Project": "karmacadabra"},
		Clients:   cloud.NewClients(cloud.WithOptions(sim.Config(), cloud.LostReplies)),
		Inventory: cloud.NewInventory(opts.Clock),
		Clock:     opts.Clock,
	}}
}

func (b *bench) walk(apply bool, steps ...engine.Step) engine.Walk {
	return engine.Walk{Steps: steps, Record: b.rec, Clock: b.home.Clock, Classify: cloud.Classify, Apply: apply}
}

// up makes the steps true and fails the test when it cannot.
func (b *bench) up(steps ...engine.Step) *engine.Result {
	b.t.Helper()
	res, err := b.walk(true, steps...).Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// plan tells what up would do.
func (b *bench) plan(steps ...engine.Step) *engine.Result {
	b.t.Helper()
	res, err := b.walk(false, steps...).Up(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Err(); err != nil {
		b.t.Fatal(err)
	}
	return res
}

// edit changes the simulated account behind karmactl's back, long enough ago
// that no listing from before it is trusted any more.
func (b *bench) edit(f func(*awssim.World)) {
	b.t.Helper()
	if err := b.sim.Edit(f); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
}

func verbs(res *engine.Result) string {
	s := ""
	for _, o := range res.Outcomes {
		if o.Verb != engine.None {
			s += string(o.Verb) + " " + string(o.Key) + " "
			for _, c := range o.Changes {
				s += "(" + c.Field + ": " + c.Was + " -> " + c.Now + ") "
			}
		}
	}
	return s
}

// value reads a secret back, flat.
func (b *bench) value(name string) map[string]string {
	b.t.Helper()
	out, err := b.readSecret(name)
	if err != nil {
		b.t.Fatal(err)
	}
	var v map[string]string
	if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &v); err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) readSecret(name string) (*secretsmanager.GetSecretValueOutput, error) {
	return b.home.Clients.SecretsManager.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: &name})
}

func (b *bench) put(name, value string) {
	b.t.Helper()
	_, err := b.home.Clients.SecretsManager.PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value})
	if err != nil {
		b.t.Fatal(err)
	}
}
