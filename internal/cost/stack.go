package cost

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// EstimateConfig is the estimate of what a configuration would make. Nothing is asked
// of AWS: no credentials, no network.
func EstimateConfig(cfg *agents.Config, book *Book) (*Estimate, error) {
	return ofConfig(cfg, book, always)
}

func ofConfig(cfg *agents.Config, book *Book, up running) (*Estimate, error) {
	st := offline(cfg)
	nodes := st.Resources()
	awake, err := of(cfg, nodes, book, up)
	if err != nil || up.awake.Equal(hours) {
		return awake, err
	}
	gone := up.asleep
	if gone == nil {
		gone = stack.Asleep(st.Steps(), false)
	}
	left := slices.DeleteFunc(slices.Clone(nodes), func(n engine.Node) bool { return gone(n.Key()) })
	resting, err := of(cfg, left, book, up)
	if err != nil {
		return nil, err
	}
	return blend(awake, resting, up.awake.Div(hours)), nil
}

// offline is the stack of a configuration as no account has it yet.
func offline(cfg *agents.Config) *stack.Stack {
	home := &provision.Env{
		Stack: cfg.Stack(), Project: cfg.Project, Account: cloud.Account{Partition: "aws", Region: cfg.Region}, Tags: cfg.Tags,
		Clients: &cloud.Clients{},
	}
	return stack.New(cfg, home, stack.GuessLookup(cfg))
}
