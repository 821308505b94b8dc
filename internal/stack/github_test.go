package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// ofMain is what the tests let in, with the published policies.
func ofMain(t *testing.T) GitHub {
	t.Helper()
	return GitHub{
		Repository: "acme/agents", Branch: "main", Bucket: "karmactl-ours",
		Read: publishedPolicy(t, "iam-policy-read.json"), Change: publishedPolicy(t, "iam-policy-change.json"),
		Network: publishedPolicy(t, "iam-policy-network.json"),
	}
}

func publishedPolicy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gitHubBench is an account in which workflows get in.
type gitHubBench struct {
	*bench
	cfg *agents.Config
	g   GitHub
}

func newGitHubBench(t *testing.T, cfg *agents.Config) *gitHubBench {
	t.Helper()
	b := &gitHubBench{newBench(t, slow), cfg, ofMain(t)}
	b.home.Stack, b.home.Project, b.home.RolePath = cfg.Stack(), cfg.Project, cfg.RolePath
	return b
}

// run is one run of the command, which knows nothing of the one before.
func (b *gitHubBench) run(remove bool) (*engine.Result, error) {
	b.home.Inventory = cloud.NewInventory(b.home.Clock)
	a, err := NewGitHubAccess(b.cfg, b.home, b.g)
	if err != nil {
		return nil, err
	}
	if err := a.Read(context.Background(), remove); err != nil {
		return nil, err
	}
	w := engine.Walk{Steps: a.Steps(), Record: engine.NewMemory(b.home.Clock), Clock: b.home.Clock, Classify: cloud.Classify, Keep: a.Keep, Apply: true}
	walk := w.Up
	if remove {
		walk = w.Down
	}
	res, err := walk(context.Background())
	if err == nil {
		err = res.Err()
	}
	return res, err
}

func (b *gitHubBench) must(remove bool) *engine.Result {
	b.t.Helper()
	res, err := b.run(remove)
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

// mayTake tells which of the two roles the subject of a token gets.
func (b *gitHubBench) mayTake(subject string) string {
	roles := rolesOfGitHub(b.home)
	var got []string
	for _, r := range []*provision.Role{roles.Plan, roles.Deploy} {
		if b.sim.WebIdentityMayTake(r.Name(), provision.GitHubIssuer, "sts.amazonaws.com", subject) {
			got = append(got, r.Kind)
		}
	}
	return strings.Join(got, " ")
}

// left is what an account has of roles and providers.
func (b *gitHubBench) left() (left string) {
	b.t.Helper()
	if err := b.sim.Edit(func(w *awssim.World) {
		left = fmt.Sprintf("%d roles, %d providers", len(w.Roles), len(w.OIDCProviders))
	}); err != nil {
		b.t.Fatal(err)
	}
	return left
}

func TestWorkflowsOfOneRepositoryGetInAndNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGitHubBench(t, parse(t, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\ndefaults: {image: \"public.ecr.aws/x/agent:v1\"}\nagents: {a: {}}\n"+
			"permissions_boundary: \"arn:aws:iam::aws:policy/AdministratorAccess\"\nrole_path: /agents/\n"))
		b.edit(func(w *awssim.World) {
			w.Operator.Policies = []string{b.g.Read, b.g.Change, b.g.Network, publishedPolicy(t, "iam-policy-ci.json")}
		})
		if res := b.must(false); res.Count(engine.Create) != 3 {
			t.Errorf("made %s", verbs(res))
		}
		for subject, want := range map[string]string{
			"repo:acme/agents:pull_request":         "plan",
			"repo:acme/agents:ref:refs/heads/main":  "deploy",
			"repo:acme/agents:ref:refs/heads/other": "", "repo:acme/other:pull_request": "", "repo:acme/agents:environment:production": "",
		} {
			if got := b.mayTake(subject); got != want {
				t.Errorf("%s gets %q, want %q", subject, got, want)
			}
		}
		for _, r := range b.roles() {
			if r.Path != "/agents/" || r.Boundary == "" || r.Tags["Project"] == "" {
				t.Errorf("%s has path %s, boundary %q and tags %v", r.Name, r.Path, r.Boundary, r.Tags)
			}
		}
		b.sim.ResetCalls()
		if res := b.must(false); res.Changes() || len(b.sim.Mutations()) > 0 {
			t.Errorf("a second run does %s in %d writes", verbs(res), len(b.sim.Mutations()))
		}
		b.g.Environment = "production"
		if res := b.must(false); res.Count(engine.Update) != 1 || b.mayTake("repo:acme/agents:environment:production") != "deploy" || b.mayTake("repo:acme/agents:ref:refs/heads/main") != "" {
			t.Errorf("with an environment: %s", verbs(res))
		}
		b.must(true)
		if left := b.left(); left != "0 roles, 0 providers" {
			t.Error("what is left:", left)
		}
		b.sim.ResetCalls()
		if res := b.must(true); res.Changes() || len(b.sim.Mutations()) > 0 {
			t.Errorf("a second removal does %s", verbs(res))
		}
	})
}

func (b *gitHubBench) roles() (all []awssim.IAMRole) {
	b.t.Helper()
	if err := b.sim.Edit(func(w *awssim.World) {
		for _, r := range w.Roles {
			all = append(all, *r)
		}
	}); err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestAProviderOfAnotherIsUsedAndLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGitHubBench(t, shipped(t, "agents.yaml"))
		arn := rolesOfGitHub(b.home).Provider.ARN()
		theirs := &awssim.OIDCProvider{ARN: arn, URL: provision.GitHubIssuer, Audiences: []string{"other"}, Tags: cloud.Tags{"team": "ops"}}
		b.edit(func(w *awssim.World) { w.OIDCProviders[arn] = theirs })
		if _, err := b.run(false); err == nil || !strings.Contains(err.Error(), "add-client-id-to-open-id-connect-provider") {
			t.Errorf("one that takes no tokens for STS: %v", err)
		}
		b.edit(func(w *awssim.World) { w.OIDCProviders[arn].Audiences = []string{"sts.amazonaws.com"} })
		if res := b.must(false); res.Count(engine.Create) != 2 || b.mayTake("repo:acme/agents:pull_request") != "plan" {
			t.Errorf("made %s", verbs(res))
		}
		b.must(true)
		if left := b.left(); left != "0 roles, 1 providers" {
			t.Error("what is left:", left)
		}
	})
}

func TestTheProviderStaysWhileAnotherRoleTrustsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGitHubBench(t, shipped(t, "agents.yaml"))
		b.must(false)
		dev := &provision.Env{Stack: "bots-dev", Project: "bots", Account: b.home.Account, Clients: b.home.Clients, Clock: b.home.Clock}
		other := &gitHubBench{&bench{t: t, sim: b.sim, home: dev}, b.cfg, b.g}
		other.must(false)
		res := b.must(true)
		if o, _ := res.Get("oidc-provider/github"); o.Verb != engine.None || !strings.Contains(o.Reason, "trusted by role bots-dev-") {
			t.Errorf("the provider: %s %s", o.Verb, o.Reason)
		}
		other.must(true)
		if left := b.left(); left != "0 roles, 0 providers" {
			t.Error("what is left:", left)
		}
	})
}

// TestARunOfCIMayDieAnywhere: the next one ends as an undisturbed one does, right after or later.
func TestARunOfCIMayDieAnywhere(t *testing.T) {
	for _, remove := range []bool{false, true} {
		for n := 1; ; n++ {
			hit := false
			synctest.Test(t, func(t *testing.T) {
				b := newGitHubBench(t, shipped(t, "agents.yaml"))
				if remove {
					b.must(false)
				}
				b.sim.ResetCalls()
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					if !c.Mutating || c.N != n {
						return awssim.Fault{}
					}
					hit = true
					return awssim.Fault{Kill: true}
				})
				if _, err := b.run(remove); hit == (err == nil) {
					t.Errorf("remove %t, call %d: hit %t, %v", remove, n, hit, err)
				}
				b.sim.Inject(nil)
				b.must(remove)
				time.Sleep(10 * time.Second)
				b.sim.ResetCalls()
				if res := b.must(remove); res.Changes() || len(b.sim.Mutations()) > 0 {
					t.Errorf("remove %t, call %d: the second run after it does %s", remove, n, verbs(res))
				}
				if remove && b.left() != "0 roles, 0 providers" {
					t.Errorf("call %d: %s are left", n, b.left())
				}
			})
			if !hit {
				if n < 6 {
					t.Errorf("remove %t has only %d writes", remove, n-1)
				}
				break
			}
		}
	}
}

// TestAPullRequestMayPlanAndReadNoOtherSecrets decides the calls of a plan by the role's own policy.
func TestAPullRequestMayPlanAndReadNoOtherSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := parse(t, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\nsecrets: {nested: karmacadabra, entry: \"{agent}-agent\"}\nnetwork: {nat: none}\n"+
			"defaults: {image: \"public.ecr.aws/x/agent:v1\"}\nagents: {validator: {secrets: {PRIVATE_KEY: {key: private_key}}}}\n")
		b := newStackBench(t, cfg)
		a, err := NewGitHubAccess(cfg, b.home, ofMain(t))
		if err != nil {
			t.Fatal(err)
		}
		as := func(policies ...string) {
			if err := b.sim.Edit(func(w *awssim.World) { w.Operator.Policies = policies }); err != nil {
				t.Fatal(err)
			}
		}
		as(a.Plan.Document)
		shown := b.planStack()
		as(a.Deploy.Document, a.Deploy.Permissions)
		b.upStack(shown)
		as(a.Plan.Document)
		if res := b.planStack(); res.Changes() {
			t.Errorf("the plan has changes: %s", verbs(res))
		}
		for _, secret := range []string{"karmacadabra/validator", "theirs"} {
			if _, err := b.readSecret(secret); !cloud.Is(err, "AccessDeniedException") {
				t.Errorf("the value of %s: %v", secret, err)
			}
		}
	})
}

func TestAPlanReadsTheValuesThatTheFileTakesFromSecretsAndNoOthers(t *testing.T) {
	const fleet = "project: acme\nenvironment: dev\nregion: us-east-1\ndefaults: {image: \"public.ecr.aws/x/agent:v1\"}\nagents: {a: {secrets: {%s}}}\nsecrets: {nested: \"%s\"}\n"
	env := &provision.Env{Stack: "acme-dev", Account: cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"}}
	for name, c := range map[string]struct{ secrets, nested, want string }{
		"none":        {"", "", ""},
		"a parameter": {"A: {from: /acme/a}", "", ""},
		"the nested":  {"", "all", "arn:aws:secretsmanager:us-east-1:123456789012:secret:all arn:aws:secretsmanager:us-east-1:123456789012:secret:all-??????"},
		"another":     {"A: {from: theirs, key: a}", "", "arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs-??????"},
	} {
		a, err := NewGitHubAccess(parse(t, fmt.Sprintf(fleet, c.secrets, c.nested)), env, ofMain(t))
		if err != nil {
			t.Fatal(err)
		}
		var policy struct{ Statement []allow }
		if err := json.Unmarshal([]byte(a.Plan.Document), &policy); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, s := range policy.Statement {
			switch s.Sid {
			case "Values":
				got = strings.Join(s.Resource, " ")
			case "State":
				if want := "arn:aws:s3:::karmactl-ours arn:aws:s3:::karmactl-ours/*"; strings.Join(s.Resource, " ") != want {
					t.Errorf("%s: the state is at %v", name, s.Resource)
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: a plan may read %q, want %q", name, got, c.want)
		}
	}
}
