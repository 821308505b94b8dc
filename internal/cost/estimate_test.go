package cost

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/karmacadabra/karmactl/internal/agents"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was (-update rewrites it):\n%s", path, got)
	}
}

// The golden files have every component of a stack, so a noun that changes its
// price shows where.
func TestEveryComponentIsWhatItWas(t *testing.T) {
	for name, cfg := range map[string]func() *agents.Config{
		"agents.golden":      func() *agents.Config { return config(t, "agents.yaml") },
		"agents.full.golden": func() *agents.Config { return config(t, "agents.full.yaml") },
		"public.golden": func() *agents.Config {
			c := config(t, "agents.yaml")
			arm(c)
			c.Network.NAT, c.Secrets.Store, c.Usage.FreeTier = agents.NATNone, agents.StoreSSM, false
			c.Usage.EgressGB, c.Usage.CrossAZGB = 120, 4
			c.Agents[0].Spot = agents.Spot{Enabled: true, Base: 1, SpotWeight: 3, OnDemandWeight: 1}
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, table(estimate(t, cfg())))
		})
	}
}

func table(e *Estimate) string {
	var b strings.Builder
	sort.SliceStable(e.Components, func(i, j int) bool {
		a, b := e.Components[i], e.Components[j]
		return a.Noun+" "+a.Agent+" "+string(a.Key) < b.Noun+" "+b.Agent+" "+string(b.Key)
	})
	for _, c := range e.Components {
		m := c.Monthly()
		fmt.Fprintf(&b, "%-14s %-16s %-46s %14s %-13s × %-11s = %9s  (%s – %s)\n", c.Noun, c.Agent, c.Item,
			c.Quantity.Expected.Round(4), c.Unit, c.UnitPrice.Expected, USD(m.Expected), USD(m.Low), USD(m.High))
	}
	t := e.Total()
	fmt.Fprintf(&b, "\ntotal %s (%s – %s)\n\n", USD(t.Expected), USD(t.Low), USD(t.High))
	for _, s := range e.ByAgent() {
		fmt.Fprintf(&b, "%-18s %8s\n", s.Name, USD(s.Monthly.Expected))
	}
	fmt.Fprintln(&b)
	for _, s := range e.ByNoun() {
		fmt.Fprintf(&b, "%-18s %8s\n", s.Name, USD(s.Monthly.Expected))
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(e.Assumptions, "\n"))
	return b.String()
}

func drawConfig(t *rapid.T, base *agents.Config) *agents.Config {
	c := clone(base)
	c.Network.AZs = rapid.IntRange(2, 4).Draw(t, "azs")
	c.Network.NAT = rapid.SampledFrom([]agents.NAT{agents.NATSingle, agents.NATPerAZ, agents.NATNone}).Draw(t, "nat")
	c.Network.Endpoints = rapid.SampledFrom([][]string{nil, {"s3"}, {"s3", "ecr.api"}, {"ecr.api", "ecr.dkr", "logs"}}).Draw(t, "endpoints")
	c.Network.EndpointAZs = rapid.SampledFrom([]string{"one", "all"}).Draw(t, "endpoint_azs")
	c.Observability.ContainerInsights = rapid.SampledFrom([]agents.Insights{agents.InsightsOff, agents.InsightsOn, agents.InsightsEnhanced}).Draw(t, "insights")
	c.Observability.Alarms.Enabled = rapid.Bool().Draw(t, "alarms")
	c.Observability.XRay = rapid.Bool().Draw(t, "xray")
	c.Secrets.Store = rapid.SampledFrom([]agents.Store{agents.StoreSecretsManager, agents.StoreSSM}).Draw(t, "store")
	c.Usage = agents.Usage{
		NATGB: rapid.Float64Range(0, 5000).Draw(t, "nat_gb"), LogsGB: rapid.Float64Range(0, 50).Draw(t, "logs_gb"),
		ImagesGB: rapid.Float64Range(0, 50).Draw(t, "images_gb"), EFSGB: rapid.Float64Range(0, 50).Draw(t, "efs_gb"), EgressGB: rapid.Float64Range(0, 500).Draw(t, "egress_gb"),
		LCU: rapid.Float64Range(0, 5).Draw(t, "lcu"), TracesM: rapid.Float64Range(0, 3).Draw(t, "traces_m"), FreeTier: rapid.Bool().Draw(t, "free_tier"),
	}
	c.Agents = nil
	for i := range rapid.IntRange(1, 12).Draw(t, "agents") {
		c.Agents = append(c.Agents, drawAgent(t, base.Agents[0], i))
	}
	return c
}

func drawAgent(t *rapid.T, like agents.Agent, i int) agents.Agent {
	a := like
	a.Name, a.Port = fmt.Sprintf("agent-%d", i), 9000+i
	a.CPU = rapid.SampledFrom([]int{256, 512, 1024}).Draw(t, "cpu")
	a.Memory = a.CPU * rapid.IntRange(2, 4).Draw(t, "memory")
	a.Arch = rapid.SampledFrom([]agents.Arch{agents.ArchX86, agents.ArchARM}).Draw(t, "arch")
	a.Spot = agents.Spot{Enabled: rapid.Bool().Draw(t, "spot"), SpotWeight: 1, Base: rapid.IntRange(0, 2).Draw(t, "base"), OnDemandWeight: rapid.IntRange(0, 3).Draw(t, "weight")}
	a.Scale.Min = rapid.IntRange(0, 3).Draw(t, "min")
	a.Scale.Max = a.Scale.Min + rapid.IntRange(1, 4).Draw(t, "more")
	if rapid.Bool().Draw(t, "volume") {
		a.Volumes = memory
	}
	return a
}

func TestTheSumOfThePartsIsTheTotal(t *testing.T) {
	base, book := config(t, "agents.yaml"), prices(t)
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t, base)
		e, err := Of(cfg, offline(cfg).Resources(), book)
		if err != nil {
			t.Fatal(err)
		}
		total := e.Total()
		for name, shares := range map[string][]Share{"agents": e.ByAgent(), "nouns": e.ByNoun()} {
			var sum Range
			for _, s := range shares {
				sum = sum.plus(s.Monthly)
			}
			if !sum.Low.Equal(total.Low) || !sum.Expected.Equal(total.Expected) || !sum.High.Equal(total.High) {
				t.Fatalf("the %s add up to %v, the total is %v", name, sum, total)
			}
		}
		if total.Low.GreaterThan(total.Expected) || total.Expected.GreaterThan(total.High) || total.Low.IsNegative() {
			t.Fatalf("%v is not low, expected, high", total)
		}
	})
}

func TestAnotherAgentNeverMakesTheStackCheaper(t *testing.T) {
	base, book := config(t, "agents.yaml"), prices(t)
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t, base)
		more := clone(cfg)
		more.Agents = append(more.Agents, drawAgent(t, base.Agents[0], 99))
		neverLess(t, book, cfg, more)
	})
}

func neverLess(t *rapid.T, book *Book, cfg, more *agents.Config) {
	was, err := Of(cfg, offline(cfg).Resources(), book)
	if err != nil {
		t.Fatal(err)
	}
	is, err := Of(more, offline(more).Resources(), book)
	if err != nil {
		t.Fatal(err)
	}
	a, b := was.Total(), is.Total()
	if b.Low.LessThan(a.Low) || b.Expected.LessThan(a.Expected) || b.High.LessThan(a.High) {
		t.Fatalf("with more it costs %v, with less %v", b, a)
	}
}

func TestAnotherResourceNeverMakesTheStackCheaper(t *testing.T) {
	base, book := config(t, "agents.full.yaml"), prices(t)
	rapid.Check(t, func(t *rapid.T) {
		cfg := drawConfig(t, base)
		all := offline(cfg).Resources()
		left := rapid.IntRange(0, len(all)-1).Draw(t, "left out")
		fewer, err := Of(cfg, slices.Delete(slices.Clone(all), left, left+1), book)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := Of(cfg, all, book)
		if err != nil {
			t.Fatal(err)
		}
		a, b := fewer.Total(), whole.Total()
		if b.Low.LessThan(a.Low) || b.Expected.LessThan(a.Expected) || b.High.LessThan(a.High) {
			t.Fatalf("%s brings the total from %v to %v", all[left].Key(), a, b)
		}
	})
}

func TestAPriceThatIsMissingIsNamedAndNotTakenForNothing(t *testing.T) {
	cfg := config(t, "agents.yaml")
	book, err := Open("eusc-de-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Region = "eusc-de-east-1"
	e, err := Of(cfg, offline(cfg).Resources(), book)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(e.Missing, "no price for nat_gateway_hour in eusc-de-east-1") || e.Complete() {
		t.Errorf("the estimate lacks %v", e.Missing)
	}
	for _, c := range e.Components {
		if c.Known {
			t.Errorf("%s has a price in eusc-de-east-1", c.Item)
		}
	}
}

func TestTheFreeTierIsAppliedOnceAndNamed(t *testing.T) {
	cfg := config(t, "agents.full.yaml")
	cfg.Observability.XRay, cfg.Usage.TracesM = true, 1
	seen := map[string]int{}
	for _, c := range estimate(t, cfg).Components {
		if tier, ok := strings.CutPrefix(c.Item, "free tier: "); ok {
			seen[tier]++
			if !c.Monthly().Expected.IsNegative() {
				t.Errorf("%s takes nothing off", tier)
			}
		}
	}
	for _, tier := range []string{"the first 10 alarms", "the first 10 custom metrics", "the first 5 GB of logs", "the first 100,000 traces", "three dashboards of up to 50 metrics"} {
		if seen[tier] != 1 {
			t.Errorf("%s is taken off %d times", tier, seen[tier])
		}
	}
	cfg.Usage.FreeTier = false
	for _, c := range estimate(t, cfg).Components {
		if strings.HasPrefix(c.Item, "free tier") {
			t.Errorf("%s is taken off although it is used up", c.Item)
		}
	}
}

func TestMoneyIsWrittenInCents(t *testing.T) {
	if s := USD(decimal.RequireFromString("14.3443")); s != "14.34" {
		t.Errorf("it is written %s", s)
	}
}
