package cost

import (
	"slices"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// What is found without agents.yaml costs what the estimate says, where nothing passes through it.
func TestWhatIsFoundCostsWhatItsFileSaysWithoutUsage(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(*agents.Config)
		addresses int
	}{
		"as shipped":            {func(*agents.Config) {}, 0},
		"without a NAT gateway": {func(cfg *agents.Config) { cfg.Network.NAT = agents.NATNone }, 5},
		"with a NAT instance":   {func(cfg *agents.Config) { cfg.Network.NAT = agents.NATInstance }, 0},
		"one in each zone":      {func(cfg *agents.Config) { cfg.Network.NAT = agents.NATPerAZ }, 0},
		"with endpoints":        {func(cfg *agents.Config) { cfg.Network.Endpoints = []string{"s3", "ecr.api", "logs"} }, 0},
	} {
		cfg := config(t, "agents.yaml")
		c.change(cfg)
		cfg.Usage = agents.Usage{}
		want, err := EstimateConfig(cfg, prices(t))
		if err != nil {
			t.Fatal(err)
		}
		var keys []engine.Key
		for _, n := range offline(cfg).Resources() {
			keys = append(keys, n.Key())
		}
		got, err := Found(keys, slices.Repeat([]Task{{CPU: 256, Memory: 512, Spot: true}}, len(cfg.Agents)), c.addresses, prices(t))
		if err != nil || len(got.Lacks) > 0 {
			t.Fatal(got.Lacks, err)
		}
		says := want.Sum(func(x Component) bool { return x.Hourly && x.Key != "" && x.Noun != "dashboard" }).Expected
		if USD(got.Month) != USD(says) {
			t.Errorf("%s: $%s a month is found, the file says $%s", name, USD(got.Month), USD(says))
		}
	}
}
