package stack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// shipped reads one of the files that karmactl ships, with lines replaced.
func shipped(t *testing.T, file string, oldnew ...string) *agents.Config {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "config", file))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldnew); i += 2 {
		if !bytes.Contains(b, []byte(oldnew[i])) {
			t.Fatalf("%s has no %q to replace", file, oldnew[i])
		}
		b = bytes.Replace(b, []byte(oldnew[i]), []byte(oldnew[i+1]), 1)
	}
	return parse(t, string(b))
}

func parse(t *testing.T, yaml string) *agents.Config {
	t.Helper()
	cfg, err := agents.Parse("agents.yaml", []byte(yaml), "")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// fleet is a file with n agents, each calling the one before.
func fleet(t *testing.T, n int) *agents.Config {
	var b strings.Builder
	fmt.Fprintln(&b, "project: karmacadabra\nenvironment: prod\nregion: us-east-1\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents:")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%02d:\n    port: %d\n", i, 9001+i)
		if i > 0 && i%5 != 0 {
			fmt.Fprintf(&b, "    calls: [agent-%02d]\n", i-1)
		}
	}
	return parse(t, b.String())
}

// stackBench is a simulated account in which a whole stack is made.
type stackBench struct {
	*bench
	cfg *agents.Config
	// dying is the record of a process that is about to be killed.
	dying *mortal
}

func newStackBench(t *testing.T, cfg *agents.Config) *stackBench {
	t.Helper()
	return newStackBenchIn(t, cfg, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond, Throttle: true})
}

// boundless is a permissions boundary that the account has, and that bounds nothing.
const boundless = "arn:aws:iam::123456789012:policy/boundary"

// newStackBenchIn is one in an account that is as slow as the options say.
func newStackBenchIn(t *testing.T, cfg *agents.Config, opts awssim.Options) *stackBench {
	t.Helper()
	b := newBench(t, opts)
	if cfg.LoadBalancer.Domain != "" {
		if err := b.sim.Edit(func(w *awssim.World) { w.SeedHostedZone("example.com", false) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(cfg.Agents) > 20 { // more than a new account may run
		if err := b.sim.Edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 4000} }); err != nil {
			t.Fatal(err)
		}
	}
	if n := cfg.Network; n.VPC != "" {
		if err := b.sim.Seed(awssim.Seed{Network: awssim.SeedNetwork{VPC: n.VPC, Public: n.Public, Private: n.Private}}); err != nil {
			t.Fatal(err)
		}
	}
	if cfg.Boundary == boundless {
		if err := b.sim.Edit(func(w *awssim.World) {
			w.ManagedPolicies = map[string]string{cfg.Boundary: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}
		}); err != nil {
			t.Fatal(err)
		}
	}
	sb := &stackBench{bench: b, cfg: cfg}
	return sb
}

// fresh is the stack over clients of its own; a plan's clients cannot write.
func (b *stackBench) fresh(readOnly bool) *Stack {
	b.t.Helper()
	cfg := cloud.WithOptions(b.sim.Config(), cloud.LostReplies)
	if readOnly {
		cfg = cloud.WithOptions(cfg, cloud.ReadOnly)
	}
	cfg.Retryer = func() aws.Retryer { return cloud.Retryer(20 * time.Second) } // the product's own; its waits cost nothing here
	home := &provision.Env{
		Project: b.cfg.Project, Stack: b.cfg.Stack(), Tags: b.cfg.Tags, Account: b.home.Account, Clock: b.home.Clock,
		Clients: cloud.NewClients(cfg), Inventory: cloud.NewInventory(b.home.Clock), Images: &provision.Registries{Transport: b.sim.Registry()},
		Agents: len(b.cfg.Agents), RolePath: b.cfg.RolePath,
	}
	facts, err := ReadLookup(context.Background(), b.cfg, home)
	if err != nil {
		b.t.Fatal(err)
	}
	return New(b.cfg, home, facts)
}

func (b *stackBench) planStack() *engine.Result {
	b.t.Helper()
	s := b.fresh(true)
	w := b.walk(false, s.Steps()...)
	w.Orphans = s.Orphans(engine.Known(b.rec))
	w.Keep = Keep(DownOptions{Images: true, Logs: true, Data: true})
	return b.done(w.Up(context.Background()))
}

func (b *stackBench) upStack(shown *engine.Result) *engine.Result {
	b.t.Helper()
	s := b.fresh(false)
	w := b.walk(true, s.Steps()...)
	w.Orphans, w.Shown = s.Orphans(engine.Known(b.rec)), shown
	w.Keep = Keep(DownOptions{Images: true, Logs: true, Data: true})
	return b.done(w.Up(context.Background()))
}

func (b *stackBench) downStack() *engine.Result {
	b.t.Helper()
	return b.downWith(DownOptions{Images: true, Logs: true, Data: true})
}

func (b *stackBench) downWith(o DownOptions) *engine.Result {
	b.t.Helper()
	s := b.fresh(false)
	s.DeleteImages = true
	w := b.walk(true, s.Steps()...)
	w.Orphans = s.Orphans(engine.Known(b.rec))
	w.Keep = Keep(o)
	return b.done(w.Down(context.Background()))
}

func (b *stackBench) done(res *engine.Result, err error) *engine.Result {
	b.t.Helper()
	if err == nil {
		err = res.Err()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

// onlyAccounts leaves out what stays after down: what belongs to the account, and
// the record that proves a domain.
func onlyAccounts(inventory []string) []string {
	return slices.DeleteFunc(inventory, func(s string) bool {
		return strings.HasPrefix(s, "service-linked-role ") || strings.HasPrefix(s, "record _")
	})
}

// workers is a fleet that no one reaches from outside: one that works alone, two that
// call, and what they call.
const workers = `
project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none, azs: 1}
defaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}
agents:
  bot: {health: {command: "true"}}
  scout: {calls: [memory]}
  memory: {port: 7000, public: false, calls: [archive]}
  archive: {port: 7000, public: false}
`

// scenarios are the configurations that are taken from nothing and back.
func scenarios(t *testing.T) map[string]*agents.Config {
	return map[string]*agents.Config{
		"as shipped":             shipped(t, "agents.yaml"),
		"everything on":          shipped(t, "agents.full.yaml", "  scale: {min: 1, max: 1}", "  scale: {min: 1, max: 3, cpu: 75, memory: 80}"),
		"one agent":              fleet(t, 1),
		"twelve agents":          fleet(t, 12),
		"a NAT gateway an AZ":    shipped(t, "agents.yaml", "nat: single", "nat: per-az"),
		"agents on one port":     shipped(t, "agents.yaml", "port: 9002", "port: 9001", "port: 9005", "port: 9001"),
		"no NAT gateway":         shipped(t, "agents.yaml", "nat: single", "nat: none"),
		"a NAT instance":         shipped(t, "agents.yaml", "nat: single", "nat: instance"),
		"IPv6":                   shipped(t, "agents.yaml", "nat: single", "nat: single\n  ipv6: true"),
		"with a domain":          shipped(t, "agents.yaml", "observability:", "load_balancer: {domain: agents.example.com}\nobservability:"),
		"workers alone":          parse(t, workers),
		"in a VPC that is there": parse(t, strings.Replace(inGivenVPC, "memory: {", "memory: {volumes: {notes: {path: /data}}, ", 1)),
		"requests and a queue":   parse(t, queued),
		"some public":            parse(t, strings.NewReplacer("azs: 1", "azs: 2", "  archive:", "  web: {port: 8080, calls: [memory]}\n  archive:").Replace(workers)),
		"parameters and mail":    shipped(t, "agents.yaml", "  nested: karmacadabra", "  nested: karmacadabra\n  store: ssm", "  xray: false", "  xray: true\n  alarms: {emails: [ops@example.com]}", "  monthly_usd: 100 ", "  emails: [ops@example.com]\n  monthly_usd: 100 "),
		"jobs":                   parse(t, strings.Replace(workers, "memory: {", "memory: {volumes: {notes: {path: /data}}, ", 1)+"observability: {alarms: {emails: [ops@example.com]}}\njobs:\n  nightly: {agent: bot, command: [a], schedule: every day at 03:00}\n  hourly: {agent: bot, command: [b], schedule: every hour, cpu: 512, retries: 2, overlap: skip}\n  weekly: {agent: memory, command: [c], schedule: every monday at 9:30, timezone: Europe/Berlin}\n"),
	}
}
