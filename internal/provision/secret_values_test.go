package provision

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
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// overwriting makes the walk of `secrets sync` or `secrets set` over one agent,
// and runs it.
func (b *bench) overwriting(store agents.Store, o *SecretInput) ([]string, *engine.Result) {
	b.t.Helper()
	time.Sleep(5 * time.Second) // what was written is seen by then
	cfg := &agents.Config{Secrets: agents.Secrets{Nested: "karmacadabra", Entry: "{agent}-agent", Store: store}}
	x := &SecretSync{}
	x.Add(b.home, cfg, secretive("validator"), o)
	res := b.up(x.Steps...)
	var got []string
	for _, f := range x.Actions() {
		got = append(got, fmt.Sprint(f.Key, " ", f.Action))
	}
	return got, res
}

func (b *bench) mustSee(got []string, want ...string) {
	b.t.Helper()
	if !slices.Equal(got, want) {
		b.t.Fatalf("became %q, not %q", got, want)
	}
}

func TestSyncWritesOnlyWhatDiffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		got, _ := b.overwriting(agents.StoreSecretsManager, FromNested())
		b.mustSee(got, "openai_api_key created", "private_key created", "token missing")

		b.sim.ResetCalls()
		got, _ = b.overwriting(agents.StoreSecretsManager, FromNested())
		b.mustSee(got, "openai_api_key unchanged", "private_key unchanged", "token missing")
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("a second sync writes: %s", m[0].Name())
		}

		b.put("karmacadabra/validator", `{"private_key":"old","openai_api_key":"sk-simulated-not-a-key-of-validator","other":{"n":12345678}}`)
		b.sim.ResetCalls()
		got, _ = b.overwriting(agents.StoreSecretsManager, FromNested())
		b.mustSee(got, "openai_api_key unchanged", "private_key updated", "token missing")
		out, err := b.home.Clients.SecretsManager.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("karmacadabra/validator")})
		if err != nil || strings.Contains(*out.SecretString, `"old"`) || !strings.Contains(*out.SecretString, `"other":{"n":12345678}`) {
			t.Fatalf("what is not of the agent's keys did not stay, or the old value did: %v", err)
		}
		time.Sleep(5 * time.Second)
		if res := b.plan(engine.Manage(b.secret("validator"))); res.Changes() {
			t.Fatalf("the plan after a sync is not empty: %s", verbs(res))
		}
	})
}

func TestAGivenValueIsMergedIntoTheSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		got, _ := b.overwriting(agents.StoreSecretsManager, WithValue("token", "mine"))
		b.mustSee(got, "openai_api_key created", "private_key created", "token created")
		got, _ = b.overwriting(agents.StoreSecretsManager, WithValue("token", "another"))
		b.mustSee(got, "token updated")
		b.sim.ResetCalls()
		got, _ = b.overwriting(agents.StoreSecretsManager, WithValue("token", "another"))
		b.mustSee(got, "token unchanged")
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("an equal value is written: %s", m[0].Name())
		}
		if v := b.value("karmacadabra/validator"); v["token"] != "another" || len(v) != 3 {
			t.Fatalf("the secret has %v", secretValues(v))
		}
	})
}

// A SecureString that is written without naming a key is encrypted with AWS's own from then on.
func TestAParameterKeepsItsKeyWhenItIsOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.overwriting(agents.StoreSSM, FromNested())
		const name, key = "/karmacadabra/prod/validator/private_key", "arn:aws:kms:us-east-1:000000000000:key/ours"
		keyed := func(change string) (was string) {
			if err := b.sim.Edit(func(w *awssim.World) {
				if change != "" {
					w.Parameters[name].KeyID = change
				}
				was = w.Parameters[name].KeyID
			}); err != nil {
				t.Fatal(err)
			}
			return was
		}
		keyed(key)
		got, _ := b.overwriting(agents.StoreSSM, WithValue("private_key", "mine"))
		b.mustSee(got, "private_key updated")
		if now := keyed(""); now != key {
			t.Errorf("its key is %q now", now)
		}
	})
}

func TestADeletedSecretIsHadBackBeforeItIsOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.overwriting(agents.StoreSecretsManager, WithValue("token", "mine"))
		b.down(engine.Manage(b.secret("validator")))
		got, _ := b.overwriting(agents.StoreSecretsManager, WithValue("token", "another"))
		b.mustSee(got, "token updated")
		if v := b.value("karmacadabra/validator"); v["token"] != "another" || len(v) != 3 {
			t.Fatalf("the secret has %v", secretValues(v))
		}
	})
}

func TestParametersAreOverwrittenOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		got, _ := b.overwriting(agents.StoreSSM, FromNested())
		b.mustSee(got, "openai_api_key created", "private_key created", "token missing")
		got, _ = b.overwriting(agents.StoreSSM, WithValue("private_key", "mine"))
		b.mustSee(got, "private_key updated")
		out, err := b.home.Clients.SSM.GetParameter(context.Background(), &ssm.GetParameterInput{Name: aws.String("/karmacadabra/prod/validator/private_key"), WithDecryption: aws.Bool(true)})
		if err != nil || *out.Parameter.Value != "mine" || out.Parameter.Type != "SecureString" {
			t.Fatalf("the parameter is not what was given: %v", err)
		}
		b.sim.ResetCalls()
		got, _ = b.overwriting(agents.StoreSSM, WithValue("private_key", "mine"))
		b.mustSee(got, "private_key unchanged")
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("an equal value is written: %s", m[0].Name())
		}
		got, _ = b.overwriting(agents.StoreSSM, FromNested())
		b.mustSee(got, "openai_api_key unchanged", "private_key updated", "token missing")
	})
}

func TestWhatIsTooLongOrNotJSONIsRefusedWithoutTellingIt(t *testing.T) {
	for _, tc := range []struct{ name, flat, given, want string }{
		{"not JSON", "canary-7f3a", "mine", "is not a JSON object of keys and values"},
		{"too long", `{"private_key":"canary-7f3a"}`, strings.Repeat("canary-7f3a", 6000), "more than the 65536 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.up(engine.Manage(b.secret("validator")))
				b.put("karmacadabra/validator", tc.flat)
				time.Sleep(5 * time.Second)
				s := b.secret("validator")
				s.Input = WithValue("token", tc.given)
				res, err := b.walk(true, engine.Manage(s)).Up(context.Background())
				if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), tc.want) || strings.Contains(res.Err().Error(), "canary") {
					t.Fatalf("got %v, %v", err, res.Err())
				}
			})
		})
	}
}

func TestNoVerbPrintsAValue(t *testing.T) {
	o := WithValue("token", "canary-7f3a")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, x := range []any{o, *o, o.given} {
			if text := fmt.Sprintf(verb, x); strings.Contains(text, "canary") || !strings.Contains(text, "token") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func TestAValueThatAWSQuotesIsLeftOut(t *testing.T) {
	for _, store := range []agents.Store{agents.StoreSecretsManager, agents.StoreSSM} {
		t.Run(string(store), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.overwriting(store, FromNested())
				quoting := &smithy.GenericAPIError{Code: "ValidationException", Message: "Value 'canary-7f3a' at 'value' failed to satisfy constraint"}
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					if strings.HasPrefix(c.Operation, "Put") {
						return awssim.Fault{Before: quoting}
					}
					return awssim.Fault{}
				})
				time.Sleep(5 * time.Second)
				x := &SecretSync{}
				cfg := &agents.Config{Secrets: agents.Secrets{Store: store}}
				x.Add(b.home, cfg, secretive("validator"), WithValue("private_key", "canary-7f3a"))
				res, err := b.walk(true, x.Steps...).Up(context.Background())
				if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), "quotes a value") || strings.Contains(res.Err().Error(), "canary") {
					t.Fatalf("got %v, %v", err, res.Err())
				}
			})
		})
	}
}

func TestAValueThatNoEnvironmentVariableHoldsIsRefused(t *testing.T) {
	for value, text := range map[string]bool{"": true, "ключ\r\n🔑": true, "kp\xff\xfe\x80raw": false, "a\x00b": false} {
		if err := CheckSecretValue(value); (err == nil) != text {
			t.Errorf("%q: %v", value, err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.put("karmacadabra", `{"validator-agent":{"private_key":"a\u0000b"}}`)
		if _, err := b.nested().values(context.Background(), "validator", []string{"private_key"}); err == nil || !strings.Contains(err.Error(), "private_key in validator-agent") {
			t.Errorf("got %v", err)
		}
	})
}
