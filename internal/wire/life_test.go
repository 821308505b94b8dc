//go:build wire

package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// life is a stack that is taken through up, plan, up and down.
type life struct {
	*account
	stack *stack.Stack
	rec   *engine.Memory
	steps []engine.Step
}

// load reads one of the shipped files; edit may ask for more than it has.
func load(t *testing.T, file string, edit func(*agents.Config)) *agents.Config {
	t.Helper()
	cfg, err := agents.Load("../../config/"+file, "")
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(cfg)
	}
	return cfg
}

// home is what all resources of a stack in this account share.
func (a *account) home(cfg *agents.Config) *provision.Env {
	return &provision.Env{
		Stack: cfg.Project + "-" + cfg.Environment, Project: cfg.Project, DeleteImages: true, Account: a.Account, Tags: cfg.Tags,
		Clients: cloud.NewClients(a.cfg), Inventory: cloud.NewInventory(a.clock), Clock: a.clock,
	}
}

// newLife draws the stack of a configuration in an account, less what the
// emulator cannot hold.
func (a *account) newLife(t *testing.T, cfg *agents.Config) *life {
	t.Helper()
	h := a.home(cfg)
	facts, err := stack.ReadLookup(t.Context(), cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	s := stack.New(cfg, h, facts)
	return &life{account: a, stack: s, rec: engine.NewMemory(a.clock), steps: a.holds(s.Steps())}
}

// zone makes the hosted zone of the domain, as it was there before karmactl came.
func (a *account) zone(t *testing.T, cfg *agents.Config) {
	t.Helper()
	if cfg.LoadBalancer.Domain == "" {
		return
	}
	_, parent, _ := strings.Cut(cfg.LoadBalancer.Domain, ".")
	if _, err := cloud.NewClients(a.plain).Route53.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: &parent, CallerReference: aws.String("by hand"),
	}); err != nil {
		t.Fatal(err)
	}
}

// keys puts the user's own nested secret into the account, as it was there
// before karmactl came.
func (a *account) keys(t *testing.T, cfg *agents.Config) {
	t.Helper()
	nested := map[string]map[string]string{}
	for _, agent := range cfg.Agents {
		nested[agent.Name+"-agent"] = map[string]string{"private_key": "0xof-" + agent.Name, "openai_api_key": "sk-of-" + agent.Name}
	}
	value, err := json.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	_, err = cloud.NewClients(a.plain).SecretsManager.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: &cfg.Secrets.Nested, SecretString: aws.String(string(value)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (l *life) walk(apply bool) engine.Walk {
	return engine.Walk{
		Steps: l.steps, Record: l.rec, Clock: l.clock, Classify: cloud.Classify, Apply: apply, Orphans: l.stack.Orphans(l.rec.Entries()),
		Keep: stack.Keep(stack.DownOptions{Images: true, Logs: true, Data: true}),
	}
}

// finished fails the test unless every step of a walk was done.
func (l *life) finished(t *testing.T, doing string, res *engine.Result, err error) *engine.Result {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range res.Outcomes {
		if o.Status != engine.Done {
			t.Fatalf("%s does not finish on %s:%s", doing, l.name, orders(res))
		}
	}
	return res
}

func (l *life) up(t *testing.T) *engine.Result {
	t.Helper()
	res, err := l.walk(true).Up(t.Context())
	return l.finished(t, "up", res, err)
}

func (l *life) plan(t *testing.T) *engine.Result {
	t.Helper()
	res, err := l.walk(false).Up(t.Context())
	return l.finished(t, "plan", res, err)
}

func (l *life) down(t *testing.T) *engine.Result {
	t.Helper()
	res, err := l.walk(true).Down(t.Context())
	return l.finished(t, "down", res, err)
}

// run is the scenario: up; the plan is empty; up again without a write; up to
// another configuration, and its plan is empty; down; nothing is left but what
// belongs to the account.
func (l *life) run(t *testing.T, changed func(*agents.Config)) {
	t.Helper()
	l.up(t)
	if res := l.plan(t); res.Changes() {
		t.Errorf("the plan after up is not empty on %s:%s", l.name, orders(res))
	}
	mark := l.wire.mark()
	l.up(t)
	if wrote := l.wire.mutations(mark); len(wrote) > 0 {
		t.Errorf("a second up writes on %s: %v", l.name, count(wrote))
	}
	if changed != nil {
		l.change(t, changed)
	}
	l.down(t)
	keep := stack.Keep(stack.DownOptions{Images: true, Logs: true, Data: true})
	kept := 0
	for _, o := range l.plan(t).Outcomes {
		if keep(o.Key) != "" {
			kept++
		} else if o.ID != "" {
			t.Errorf("after down %s still has %s %s", l.name, o.Key, o.ID)
		}
	}
	if left := l.rec.Entries(); len(left) != kept {
		t.Errorf("after down the state of %s still has %v", l.name, left)
	}
}

// change makes the stack into that of a changed configuration, in place.
func (l *life) change(t *testing.T, changed func(*agents.Config)) {
	t.Helper()
	cfg := *l.stack.Config
	cfg.Agents = slices.Clone(cfg.Agents)
	changed(&cfg)
	next := l.newLife(t, &cfg)
	next.rec = l.rec
	l.stack, l.steps = next.stack, next.steps
	if res := l.plan(t); !res.Changes() {
		t.Errorf("the plan of a changed configuration is empty on %s", l.name)
	}
	l.up(t)
	if res := l.plan(t); res.Changes() {
		t.Errorf("the plan after a change is not empty on %s:%s", l.name, orders(res))
	}
}

// scenario is a configuration to take through its life, and another to change to.
type scenario struct {
	name    string
	config  func(t *testing.T) *agents.Config
	changed func(c *agents.Config)
}

func scenarios() []scenario {
	return []scenario{
		{name: "as shipped", config: func(t *testing.T) *agents.Config { return load(t, "agents.yaml", nil) }},
		{name: "all that there is", config: whole, changed: everything},
		{name: "parameters, public subnets, on demand", config: small, changed: func(c *agents.Config) { c.Agents[0].Secrets = c.Agents[0].Secrets[:1] }},
		{name: "with a domain", config: domain},
	}
}

// domain is two agents behind HTTPS. Its hosted zone is there before.
func domain(t *testing.T) *agents.Config {
	t.Helper()
	return load(t, "agents.yaml", func(c *agents.Config) {
		c.Agents = c.Agents[:2]
		c.LoadBalancer.Domain = "agents.example.com"
	})
}

// whole is the shipped fleet with all that the shipped files offer.
func whole(t *testing.T) *agents.Config {
	t.Helper()
	return load(t, "agents.full.yaml", func(c *agents.Config) {
		c.Observability.Alarms.Emails = []string{"ops@example.com"}
		c.Budget.Emails = []string{"ops@example.com"}
	})
}

// everything changes what can be changed in place.
func everything(c *agents.Config) {
	c.Tags = cloud.Tags{"Project": "karmacadabra", "Team": "agents"}
	c.Budget.MonthlyUSD = "250"
	c.LoadBalancer.IdleTimeout = 2 * time.Minute
	c.Observability.LogRetentionDays = 30
	c.Observability.ContainerInsights = agents.InsightsEnhanced
	c.Observability.Alarms.CPUPercent = 70
	for i := range c.Agents {
		a := &c.Agents[i]
		a.Memory, a.Exec, a.Env = 1024, !a.Exec, map[string]string{"GREETING": "hello"}
		a.Spot = agents.Spot{Enabled: true, Base: 1, SpotWeight: 3, OnDemandWeight: 1}
		a.Scale = agents.Scale{Min: 1, Max: 5, CPUPercent: 60, MemoryPercent: 60}
		a.Health.Path, a.Health.Interval, a.Health.Grace = "/ready", 15*time.Second, 90*time.Second
	}
}

// small is two agents the cheapest way, with parameters for secrets.
func small(t *testing.T) *agents.Config {
	t.Helper()
	return load(t, "agents.yaml", func(c *agents.Config) {
		c.Agents = c.Agents[:2]
		c.Network.NAT, c.Secrets.Store, c.Observability.Dashboard = agents.NATNone, agents.StoreSSM, false
		for i := range c.Agents {
			c.Agents[i].Spot = agents.Spot{}
		}
	})
}

// Every scenario holds on each emulator, together they meet every gap, and every
// operation that they call is answered by one of the two at least.
func TestTheWholeStackOverTheWire(t *testing.T) {
	answered := map[string]bool{}
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			var gaps []*gap
			for _, sc := range scenarios() {
				t.Run(sc.name, func(t *testing.T) {
					a := e.open(t, gaps)
					gaps = a.gaps
					cfg := sc.config(t)
					a.keys(t, cfg)
					a.zone(t, cfg)
					a.newLife(t, cfg).run(t, sc.changed)
					a.asked(t)
					for _, op := range a.wire.answered() {
						answered[op] = true
					}
					t.Logf("%d calls, %d of them writes", a.wire.mark(), len(a.wire.mutations(0)))
				})
			}
			if !t.Failed() { // a scenario that was cut short has not met them all
				e.closed(t, gaps)
			}
		})
	}
	if !t.Failed() {
		unanswered(t, answered)
	}
}
