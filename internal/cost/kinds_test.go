package cost

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
)

func TestEveryKindOfResourceHasAPriceEntry(t *testing.T) {
	table := kinds()
	for _, k := range stack.Kinds() {
		if table[k.Name].class == "" {
			t.Errorf("%s is made and has no entry in internal/cost/kinds.go: is it priced, free, or by usage?", k.Name)
		}
		delete(table, k.Name)
	}
	for name := range table {
		t.Errorf("internal/cost/kinds.go prices %s, which internal/stack/kinds.go does not have", name)
	}
}

func TestWhatIsPricedHasAPriceAndWhatIsFreeHasNone(t *testing.T) {
	for name, k := range kinds() {
		if has := k.each != nil || k.once != nil; k.class == Priced && !has || k.class == Free && has {
			t.Errorf("%s is %s, and prices something: %t", name, k.class, has)
		}
	}
}

func TestAKindWithoutAnEntryCannotBeEstimated(t *testing.T) {
	cfg := config(t, "agents.yaml")
	if _, err := Of(cfg, []engine.Node{node("crystal-ball/one")}, prices(t)); err == nil {
		t.Error("a crystal ball is priced")
	}
}

func TestEverythingThatTheFilesCanAskForIsPriced(t *testing.T) {
	for name, do := range map[string]func(*agents.Config){
		"agents.yaml":      func(*agents.Config) {},
		"agents.full.yaml": func(c *agents.Config) { c.LoadBalancer.Domain = "agents.example.com" },
	} {
		cfg := config(t, name)
		cfg.Observability.Alarms.Emails = []string{"ops@example.com"}
		cfg.Budget.Emails = []string{"ops@example.com"}
		do(cfg)
		if e := estimate(t, cfg); !e.Complete() {
			t.Errorf("%s: %v", name, e.Missing)
		}
	}
}

// node is a resource of which only the key matters.
type node engine.Key

func (n node) Key() engine.Key      { return engine.Key(n) }
func (n node) Needs() []engine.Node { return nil }
func (n node) ID() string           { return string(n) }
