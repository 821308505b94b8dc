package cost

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
)

func config(t *testing.T, name string) *agents.Config {
	t.Helper()
	cfg, err := agents.Load(filepath.Join("../../config", name), "")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func prices(t testing.TB) *Book {
	t.Helper()
	b, err := Open("us-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func estimate(t testing.TB, cfg *agents.Config) *Estimate {
	t.Helper()
	e, err := Of(cfg, offline(cfg).Resources(), prices(t))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func arm(c *agents.Config) {
	for i := range c.Agents {
		c.Agents[i].Arch = agents.ArchARM
	}
}

func onDemand(c *agents.Config) {
	for i := range c.Agents {
		c.Agents[i].Spot = agents.Spot{}
	}
}

func larger(c *agents.Config) {
	for i := range c.Agents {
		c.Agents[i].CPU, c.Agents[i].Memory = 512, 1024
	}
}

// readme is the stack as the Terraform module's README describes it.
func readme(c *agents.Config) {
	c.Network.Endpoints = []string{"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager"}
	c.Observability.ContainerInsights = agents.InsightsOn
}

// Table A4: figures worked out by hand from AWS's list, each with one secret and
// light traffic, and each held to 1 %.
func TestTheEstimateAgreesWithFiguresWorkedOutByHand(t *testing.T) {
	noInsights := func(c *agents.Config) { c.Observability.ContainerInsights = agents.InsightsOff }
	oneZone := func(c *agents.Config) { c.Network.EndpointAZs = "one" }
	noNAT := func(c *agents.Config) { c.Network.NAT = agents.NATNone }
	insights := func(c *agents.Config) { c.Observability.ContainerInsights = agents.InsightsOn }
	for _, v := range []struct {
		name string
		want string
		do   []func(*agents.Config)
	}{
		{"the README's stack", "174.22", []func(*agents.Config){readme}},
		{"the README's stack at the size that Service Connect wants", "188.56", []func(*agents.Config){readme, larger}},
		{"V1 without Container Insights", "135.77", []func(*agents.Config){readme, noInsights}},
		{"V1 on ARM64", "132.90", []func(*agents.Config){readme, noInsights, arm}},
		{"V1b with endpoints in one zone", "106.57", []func(*agents.Config){readme, noInsights, oneZone}},
		{"V1b on ARM64", "103.70", []func(*agents.Config){readme, noInsights, oneZone, arm}},
		{"V2 without interface endpoints", "77.27", nil},
		{"V2 on ARM64", "74.40", []func(*agents.Config){arm}},
		{"V2 with Container Insights", "115.72", []func(*agents.Config){insights}},
		{"V2 on demand", "107.98", []func(*agents.Config){onDemand}},
		{"V2 on demand on ARM64", "98.97", []func(*agents.Config){onDemand, arm}},
		{"V2 at half a vCPU and 1 GB", "91.61", []func(*agents.Config){larger}},
		{"V2 at half a vCPU and 1 GB on ARM64", "85.88", []func(*agents.Config){larger, arm}},
		{"V5 without NAT", "58.57", []func(*agents.Config){noNAT}},
		{"V5 without NAT on ARM64", "55.70", []func(*agents.Config){noNAT, arm}},
	} {
		t.Run(v.name, func(t *testing.T) {
			cfg := config(t, "agents.yaml")
			cfg.Secrets.Store = agents.StoreSSM // the user's own secret is the one
			for _, do := range v.do {
				do(cfg)
			}
			within(t, estimate(t, cfg).Total().Expected, v.want, "0.01")
		})
	}
}

func TestTheShippedFilesCostWhatTheySay(t *testing.T) {
	within(t, estimate(t, config(t, "agents.yaml")).Total().Expected, "79.27", "0.001")
	within(t, estimate(t, config(t, "agents.full.yaml")).Total().Expected, "176.22", "0.001")
}

// TestTheReadmesTableIsTrue computes, to the cent, each total that README.md tells.
func TestTheReadmesTableIsTrue(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for row, v := range map[string]struct {
		file string
		do   func(*agents.Config)
	}{
		"**the fleet as shipped**":         {file: "agents.yaml"},
		"the same on ARM64":                {file: "agents.yaml", do: arm},
		"with on-demand instead of Spot":   {file: "agents.yaml", do: onDemand},
		"`nat: none`":                      {file: "agents.yaml", do: func(c *agents.Config) { c.Network.NAT = agents.NATNone }},
		"everything on: [config/agents.fu": {file: "agents.full.yaml"},
	} {
		cfg := config(t, v.file)
		if v.do != nil {
			v.do(cfg)
		}
		total := USD(estimate(t, cfg).Total().Expected)
		_, rest, found := strings.Cut(string(text), "\n| "+row)
		line, _, _ := strings.Cut(rest, "\n")
		if !found || !strings.HasSuffix(strings.ReplaceAll(line, "*", ""), "| "+total+" |") {
			t.Errorf("README.md: the row %q should end with %s, and is %q", row, total, row+line)
		}
	}
}

// Two hand-worked what-ifs: office hours of 45 a week, 195 a month. V9 takes tasks,
// NAT gateway and load balancer away and leaves address and alarms. What passes
// through a gateway and a balancer that are not there is not paid for either: of
// the month's 10 GB a quarter is left.
func TestOfficeHoursAgreeWithFiguresWorkedOutByHand(t *testing.T) {
	cfg := config(t, "agents.yaml")
	cfg.Secrets.Store = agents.StoreSSM
	week := decimal.NewFromInt(195)
	v9 := func(k engine.Key) bool { return k.Kind() == "service" || k.Kind() == "nat" || k.Kind() == "alb" }
	for _, v := range []struct {
		name, want string
		up         running
	}{
		{"V8 tasks only", "66.76", running{tasks: week, awake: hours}},
		{"V9 hibernate", "24.79", running{tasks: hours, awake: week, asleep: v9}},
	} {
		e, err := ofConfig(cfg, prices(t), v.up)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(v.name, func(t *testing.T) { within(t, e.Total().Expected, v.want, "0.01") })
	}
}

// The saving that is offered is that of the command that is offered: what hibernate
// says itself, and the traffic that does not pass meanwhile.
func TestTheOfferToHibernateIsWhatHibernateSaves(t *testing.T) {
	cfg := config(t, "agents.yaml")
	s, err := FindSavings(cfg, prices(t))
	if err != nil {
		t.Fatal(err)
	}
	st := offline(cfg)
	rest, err := Hibernated(cfg, st.Resources(), stack.Asleep(st.Steps(), false), prices(t))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(s.Ranked, func(r Saving) bool { return r.Name == "hibernate" })
	traffic := s.Ranked[i].Monthly.Sub(rest.Nights)
	if traffic.IsNegative() || traffic.GreaterThan(decimal.NewFromInt(1)) {
		t.Errorf("offered are %s, and hibernate says %s", USD(s.Ranked[i].Monthly), USD(rest.Nights))
	}
}

func within(t *testing.T, got decimal.Decimal, want, tolerance string) {
	t.Helper()
	w := decimal.RequireFromString(want)
	if got.Sub(w).Abs().GreaterThan(w.Mul(decimal.RequireFromString(tolerance))) {
		t.Errorf("%s a month, want %s", USD(got), want)
	}
	t.Logf("%s (%s by hand)", USD(got), want)
}

// TestFiveBotsCostLessThanHalfOfTheFleet: they only call out, so there is no load balancer, and each has an address in place
// of the NAT gateway: 5 × 3.65 for those, the rest is Spot, a secret for each and CloudWatch's alarms.
func TestFiveBotsCostLessThanHalfOfTheFleet(t *testing.T) {
	for how, want := range map[string]string{"": "37.35", "secrets: {store: ssm}\ndefaults: {arch: arm64}\n": "32.48"} {
		text := "network: {nat: none}\n" + how + "agents:\n"
		for _, name := range []string{"validator", "scout", "seller", "chat", "archive"} {
			text += "  " + name + ": {secrets: {PRIVATE_KEY: private_key}}\n"
		}
		cfg, err := agents.Parse("agents.yaml", []byte("project: bots\nregion: us-east-1\n"+text), "")
		if err != nil {
			t.Fatal(err)
		}
		within(t, estimate(t, cfg).Total().Expected, want, "0.0002")
	}
}
