package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// secretsOf are the lines of one agent: variable, value, how old; then its tasks' older ones.
func (b *bench) secretsOf(agent string) (values, older []string) {
	b.t.Helper()
	time.Sleep(5 * time.Second) // what was written is seen by then
	b.sim.ResetCalls()
	ag, _ := b.cfg.Agent(agent)
	w := &Secrets{Env: b.home(), Config: b.cfg, Cluster: provision.ClusterName(b.cfg.Stack())}
	all, err := w.Look(context.Background(), []agents.Agent{ag})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.sim.Calls() {
		if !cloud.Reads(c.Operation) || strings.HasPrefix(c.Operation, "Get") && c.Service != "STS" {
			b.t.Errorf("a look at metadata makes the call %s", c.Name())
		}
	}
	for _, v := range all[0].Values {
		values = append(values, fmt.Sprint(v.Env, " ", v.Value))
	}
	for _, t := range all[0].Tasks {
		older = append(older, t.Older...)
	}
	return values, older
}

func TestEverySourceOfAValueIsLookedAtByMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(cfg *agents.Config) {
			cfg.Agents[0].Secrets = append(cfg.Agents[0].Secrets,
				agents.Secret{Env: "FROM_NOWHERE", Key: "k", From: "team/nothing", Optional: true},
				agents.Secret{Env: "FROM_PARAMETER", From: "/team/parameter"},
				agents.Secret{Env: "FROM_SECRET", Key: "k", From: "team/shared"},
				agents.Secret{Env: "NEW", Key: "new", Optional: true},
			)
		})
		ctx, c := context.Background(), b.home().Clients
		parameter := func(value string) {
			_, err := c.SSM.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/team/parameter"), Value: &value, Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
		}
		put := func(name, value string) {
			if _, err := c.SecretsManager.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value}); err != nil {
				t.Fatal(err)
			}
		}
		parameter("one")
		if _, err := c.SecretsManager.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("team/shared"), SecretString: aws.String(`{"k":"one"}`)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		b.up()
		agent := b.cfg.Agents[0].Name

		values, older := b.secretsOf(agent)
		want := []string{"OPENAI_API_KEY yes", "PRIVATE_KEY yes", "FROM_NOWHERE no", "FROM_PARAMETER yes", "FROM_SECRET not known", "NEW no"}
		if !slices.Equal(values, want) || len(older) > 0 {
			t.Fatalf("after up: %q, older %q", values, older)
		}

		parameter("two")
		if _, older = b.secretsOf(agent); !slices.Equal(older, []string{"FROM_PARAMETER"}) {
			t.Errorf("after a new parameter older are %q", older)
		}
		put("team/shared", `{"k":"two"}`)
		if _, older = b.secretsOf(agent); !slices.Equal(older, []string{"FROM_PARAMETER", "FROM_SECRET"}) {
			t.Errorf("after a new secret older are %q", older)
		}
		put("karmacadabra/"+agent, `{"private_key":"two"}`)
		values, older = b.secretsOf(agent)
		if want[0], want[1], want[5] = "OPENAI_API_KEY not known", "PRIVATE_KEY not known", "NEW not known"; !slices.Equal(values, want) || len(older) != 4 {
			t.Errorf("after another program wrote it: %q, older %q", values, older)
		}
	})
}
