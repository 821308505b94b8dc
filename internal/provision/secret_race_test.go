package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const flatName = "karmacadabra/validator"

// colleague writes into the flat secret before karmactl's calls of one operation,
// as a user does who does not know of karmactl's lock: at the console, or in a
// rotation.
type colleague struct {
	b      *bench
	before string
	// writes are the keys and values, one pair a time.
	writes [][2]string
}

// join lets the colleague in between karmactl and AWS.
func (c *colleague) join() {
	plain := c.b.home.Clients
	write := func(ctx context.Context, key, value string) error {
		have := secretValues{}
		out, err := plain.SecretsManager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: new(flatName)})
		switch {
		case cloud.IsNotFound(err): // there is no value yet
		case err != nil:
			return err
		default:
			have = flatten([]byte(*out.SecretString))
		}
		have[key] = value
		text, err := json.Marshal(map[string]string(have))
		if err != nil {
			return err
		}
		_, err = plain.SecretsManager.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: new(flatName), SecretString: new(string(text))})
		return err
	}
	c.b.home.Clients = cloud.NewClients(cloud.WithOptions(c.b.sim.Config(), cloud.LostReplies, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("colleague",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if awsmiddleware.GetOperationName(ctx) == c.before && len(c.writes) > 0 {
					w := c.writes[0]
					c.writes = c.writes[1:]
					if err := write(ctx, w[0], w[1]); err != nil {
						c.b.t.Error(err)
					}
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
	}))
}

// mustHave holds the flat secret against keys and values, and sees that no label
// is left but AWS's own.
func (b *bench) mustHave(want secretValues) {
	b.t.Helper()
	got := secretValues(b.value(flatName))
	for key, value := range want {
		if got[key] != value {
			b.t.Errorf("%s is %q, not %q", key, got[key], value)
		}
	}
	b.mustHaveNoLabel()
}

func (b *bench) mustHaveNoLabel() {
	b.t.Helper()
	d, err := b.home.Clients.SecretsManager.DescribeSecret(context.Background(), &secretsmanager.DescribeSecretInput{SecretId: new(flatName)})
	if err != nil {
		b.t.Fatal(err)
	}
	for version, stages := range d.VersionIdsToStages {
		for _, stage := range stages {
			if !strings.HasPrefix(stage, "AWS") {
				b.t.Errorf("version %s still has the label %s", version, stage)
			}
		}
	}
}

// mustHaveNothingToDo sees that the secret has come to rest: its keys are noted.
func (b *bench) mustHaveNothingToDo() {
	b.t.Helper()
	time.Sleep(5 * time.Second)
	if res := b.plan(engine.Manage(b.secret("validator"))); res.Changes() {
		b.t.Fatalf("the plan afterwards is not empty: %s", verbs(res))
	}
}

func TestAWriterInBetweenLosesNoKey(t *testing.T) {
	for _, tc := range []struct {
		name, before string
		writes       [][2]string
		want         secretValues
	}{
		{"before the version is put", "PutSecretValue", [][2]string{{"theirs", "1"}}, secretValues{"theirs": "1", "token": "mine"}},
		{"before it becomes the current one", "UpdateSecretVersionStage", [][2]string{{"theirs", "1"}}, secretValues{"theirs": "1", "token": "mine"}},
		{"twice", "PutSecretValue", [][2]string{{"theirs", "1"}, {"others", "2"}}, secretValues{"theirs": "1", "others": "2", "token": "mine"}},
		{"who changes a value twice", "PutSecretValue", [][2]string{{"private_key", "1"}, {"private_key", "2"}}, secretValues{"private_key": "2", "token": "mine"}},
		{"who changes the very same value", "PutSecretValue", [][2]string{{"token", "theirs"}}, secretValues{"token": "mine"}},
		{"who is of the same mind", "PutSecretValue", [][2]string{{"token", "mine"}}, secretValues{"token": "mine"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.overwriting(agents.StoreSecretsManager, FromNested())
				(&colleague{b: b, before: tc.before, writes: tc.writes}).join()
				b.overwriting(agents.StoreSecretsManager, WithValue("token", "mine"))
				b.mustHave(tc.want)
				b.mustHaveNothingToDo()
			})
		})
	}
}

func TestAWriterInBetweenLosesNothingToTheFirstCopy(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(b *bench)
	}{
		{"of a secret with an empty value", func(b *bench) {
			b.up(engine.Manage(b.secret("validator")))
			b.put(flatName, "{}")
		}},
		{"of a secret without a value", (*bench).withoutValue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				tc.make(b)
				time.Sleep(5 * time.Second)
				(&colleague{b: b, before: "PutSecretValue", writes: [][2]string{{"private_key", "theirs"}}}).join()
				b.up(engine.Manage(b.secret("validator")))
				b.mustHave(secretValues{"private_key": "theirs"})
				b.mustHaveNothingToDo()
			})
		})
	}
}

// withoutValue makes the flat secret, and no version of it.
func (b *bench) withoutValue() {
	b.t.Helper()
	s := b.secret("validator")
	if _, err := b.home.Clients.SecretsManager.CreateSecret(context.Background(), &secretsmanager.CreateSecretInput{Name: new(flatName), Tags: toSecretTags(s.TagsOf(s.Key()))}); err != nil {
		b.t.Fatal(err)
	}
}

func TestASecretWithoutAValueGetsTheFirstCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.withoutValue()
		time.Sleep(5 * time.Second)
		b.up(engine.Manage(b.secret("validator")))
		if got := secretValues(b.value(flatName)).String(); got != "openai_api_key private_key" {
			t.Fatalf("the flat secret has %s", got)
		}
		b.mustHaveNoLabel()
		b.mustHaveNothingToDo()
	})
}

func TestAWriterWhoNeverStopsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.overwriting(agents.StoreSecretsManager, FromNested())
		time.Sleep(5 * time.Second)
		c := &colleague{b: b, before: "PutSecretValue"}
		for i := range 50 {
			c.writes = append(c.writes, [2]string{"theirs", fmt.Sprint("canary-theirs-", i)})
		}
		c.join()
		s := b.secret("validator")
		s.Input = WithValue("token", "canary-7f3a")
		res, err := b.walk(true, engine.Manage(s)).Up(context.Background())
		if err != nil || res.Err() == nil {
			t.Fatalf("got %v, %v", err, res.Err())
		}
		if text := res.Err().Error(); !strings.Contains(text, "another program wrote") || !strings.Contains(text, "run it again") || strings.Contains(text, "canary") {
			t.Fatalf("it says: %s", text)
		}
		tries := 50 - len(c.writes)
		if tries != overwriteTries {
			t.Errorf("it was tried %d times, not %d", tries, overwriteTries)
		}
		b.mustHave(secretValues{"theirs": fmt.Sprint("canary-theirs-", tries-1), "token": ""})
	})
}

func TestAnOverwriteThatIsCutShortIsMadeUpFor(t *testing.T) {
	for _, tc := range []struct {
		name, op string
		nth      int
		fault    awssim.Fault
	}{
		{"dead after the put", "PutSecretValue", 1, awssim.Fault{Kill: true}},
		{"dead after the swap", "UpdateSecretVersionStage", 1, awssim.Fault{Kill: true}},
		{"the put's reply is lost", "PutSecretValue", 1, awssim.Fault{After: awssim.ServerError()}},
		{"the swap's reply is lost", "UpdateSecretVersionStage", 1, awssim.Fault{After: awssim.ServerError()}},
		{"the label is not taken away", "UpdateSecretVersionStage", 2, awssim.Fault{Before: awssim.ServerError()}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				b.overwriting(agents.StoreSecretsManager, FromNested())
				time.Sleep(5 * time.Second)
				n := 0
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					if c.Operation == tc.op {
						if n++; n == tc.nth {
							return tc.fault
						}
					}
					return awssim.Fault{}
				})
				s := b.secret("validator")
				s.Input = WithValue("token", "mine")
				// Whether this run fails is not the point: the next one makes it good.
				_, _ = b.walk(true, engine.Manage(s)).Up(context.Background())
				if n < tc.nth {
					t.Fatal("the fault was not met")
				}
				b.sim.Inject(nil)
				b.overwriting(agents.StoreSecretsManager, WithValue("token", "mine"))
				if v := b.value(flatName); v["token"] != "mine" || len(v) != 3 {
					t.Fatalf("the secret has %v", secretValues(v))
				}
				b.mustHaveNothingToDo()
				// A label that was left goes with the next value at the latest.
				b.overwriting(agents.StoreSecretsManager, WithValue("token", "another"))
				b.mustHave(secretValues{"token": "another"})
			})
		})
	}
}

func TestUpLeavesAValueThatIsNotJSONAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		b.up(engine.Manage(b.secret("validator")))
		b.put(flatName, "canary-7f3a")
		time.Sleep(5 * time.Second)
		b.sim.ResetCalls()
		res, err := b.walk(true, engine.Manage(b.secret("validator"))).Up(context.Background())
		if err != nil || res.Err() == nil || !strings.Contains(res.Err().Error(), "is not a JSON object") || strings.Contains(res.Err().Error(), "canary") {
			t.Fatalf("got %v, %v", err, res.Err())
		}
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Fatalf("it is written over: %s", m[0].Name())
		}
	})
}
