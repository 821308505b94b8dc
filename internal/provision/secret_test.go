package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

var slow = awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond}

func secretive(name string) agents.Agent {
	return agents.Agent{Name: name, Secrets: []agents.Secret{
		{Env: "OPENAI_API_KEY", Key: "openai_api_key", Optional: true}, {Env: "PRIVATE_KEY", Key: "private_key"}, {Env: "TOKEN", Key: "token", Optional: true},
	}}
}

func (b *bench) nested() *NestedSecret {
	return &NestedSecret{Env: b.home, Name: "karmacadabra", Entry: "{agent}-agent"}
}

func (b *bench) secret(agent string) *Secret {
	return &Secret{Env: b.home, Agent: secretive(agent), Nested: b.nested()}
}

// value reads a secret back, flat.
func (b *bench) value(name string) map[string]string {
	b.t.Helper()
	out, err := b.home.Clients.SecretsManager.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		b.t.Fatal(err)
	}
	var v map[string]string
	if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &v); err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *bench) put(name, value string) {
	b.t.Helper()
	_, err := b.home.Clients.SecretsManager.PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{SecretId: &name, SecretString: &value})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestSecretValuesPrintTheirNamesOnly(t *testing.T) {
	v := secretValues{"private_key": "0xcanary"}
	if got := fmt.Sprintf("%s %v %+v %#v", v, v, v, v); strings.Contains(got, "canary") || !strings.Contains(got, "private_key") {
		t.Errorf("it prints %s", got)
	}
}

func TestSecretsGoThroughTheirLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.lifecycle(
			engine.Manage(b.secret("validator")), engine.Manage(b.secret("karma-hello")),
			engine.Manage(&Parameter{Env: b.home, AgentName: "validator", Name: "private_key", Nested: b.nested()}),
		)
	})
}

func TestTheFirstCopyTakesOnlyTheKeysThatAreNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(engine.Manage(b.secret("validator")))
		if got := secretValues(b.value("karmacadabra/validator")).names(); !slices.Equal(got, []string{"openai_api_key", "private_key"}) {
			t.Fatalf("the flat secret has %v", got)
		}
	})
}

func TestAValueThatIsThereIsNeverOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(engine.Manage(b.secret("validator")))
		b.put("karmacadabra/validator", `{"private_key":"mine"}`)
		b.put("karmacadabra", `{"validator-agent":{"private_key":"another","openai_api_key":"another"}}`)

		s := b.secret("validator")
		res := b.plan(engine.Manage(s))
		if o := res.Outcomes[0]; o.Verb != engine.Update || len(o.Changes) != 1 || o.Changes[0].Field != "keys_noted" {
			t.Fatalf("only the note of its keys is out of date, and the plan has: %s", verbs(res))
		}
		if got := s.available(); !slices.Equal(got, []string{"private_key"}) {
			t.Fatalf("available are %v", got)
		}
		b.up(engine.Manage(b.secret("validator")))
		if v := b.value("karmacadabra/validator"); v["private_key"] != "mine" || len(v) != 1 {
			t.Fatal("up wrote over the user's value")
		}
		if res := b.plan(engine.Manage(b.secret("validator"))); res.Changes() {
			t.Fatalf("the plan is not empty: %s", verbs(res))
		}
	})
}

func TestAPlanOfSecretsThatAreNotedReadsNoValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		steps := []engine.Step{engine.Manage(b.secret("validator")), engine.Manage(b.secret("karma-hello"))}
		b.up(steps...)
		time.Sleep(time.Minute)
		b.sim.ResetCalls()
		b.plan(steps...)
		for _, c := range b.sim.Calls() {
			if c.Name() != "Secrets Manager.DescribeSecret" {
				t.Errorf("a plan of two secrets calls %s", c.Name())
			}
		}
		if n := len(b.sim.Calls()); n != 2 {
			t.Errorf("a plan of two secrets makes %d calls", n)
		}
	})
}

func TestADeletedSecretIsHadBackWithItsValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(engine.Manage(b.secret("validator")))
		b.put("karmacadabra/validator", `{"private_key":"mine"}`)
		b.up(engine.Manage(b.secret("validator")))
		b.down(engine.Manage(b.secret("validator")))
		res := b.up(engine.Manage(b.secret("validator")))
		if v := b.value("karmacadabra/validator"); v["private_key"] != "mine" {
			t.Fatal("the value is another one")
		}
		if notes := res.Outcomes[0].Notes; len(notes) != 1 || notes[0] != Restored+"secret/validator" {
			t.Fatalf("notes are %q", notes)
		}
	})
}

func TestNoSecretIsMadeWithNothingToKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		s, p := b.secret("newcomer"), &Parameter{Env: b.home, AgentName: "newcomer", Name: "token", Nested: b.nested()}
		b.up(engine.Manage(s), engine.Manage(p))
		if m := b.sim.Mutations(); len(m) > 0 || s.ID() != "" || p.ID() != "" {
			t.Fatalf("%d mutating calls, ids %q and %q", len(m), s.ID(), p.ID())
		}
	})
}

func TestASecretOfSomebodyElseIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		_, err := b.home.Clients.SecretsManager.CreateSecret(context.Background(), &secretsmanager.CreateSecretInput{Name: aws.String("karmacadabra/validator"), SecretString: aws.String("{}")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		res, err := b.walk(true, engine.Manage(b.secret("validator"))).Up(context.Background())
		if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), "is not karmactl's") {
			t.Fatalf("got %v, %v", err, res.Err())
		}
	})
}

func TestANestedSecretThatIsNoJSONIsToldWithoutWhatIsInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.put("karmacadabra", "canary-7f3a")
		res, _ := b.walk(false, engine.Manage(b.secret("validator"))).Up(context.Background())
		if err := res.Err(); err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "secrets.nested") {
			t.Fatalf("got %v", err)
		}
		if res, err := b.walk(true, engine.Manage(b.secret("validator"))).Down(context.Background()); err != nil || res.Err() != nil {
			t.Fatalf("a down reads no nested secret: %v, %v", err, res.Err())
		}
	})
}

func TestANumberKeepsItsDigits(t *testing.T) {
	v := flatten([]byte(`{"n":12345678,"t":"a\"b","o":{"x":1},"z":null,"b":true}`))
	want := map[string]string{"n": "12345678", "t": `a"b`, "o": `{"x":1}`, "b": "true"}
	for k, w := range want {
		if v[k] != w {
			t.Errorf("%s is %s, not %s", k, v[k], w)
		}
	}
	if len(v) != len(want) {
		t.Errorf("there are %v", v.names())
	}
}

func TestAParameterIsASecureString(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(engine.Manage(&Parameter{Env: b.home, AgentName: "validator", Name: "private_key", Nested: b.nested()}))
		out, err := b.home.Clients.SSM.GetParameter(context.Background(), &ssm.GetParameterInput{Name: aws.String("/karmacadabra/prod/validator/private_key")})
		if err != nil || out.Parameter.Type != "SecureString" || strings.HasPrefix(*out.Parameter.Value, "0x") {
			t.Fatalf("got %v, %v", out, err)
		}
	})
}
