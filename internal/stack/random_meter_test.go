package stack_test

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// TestSweepRandomLives lives the random lives of a stack, and holds the hourly
// meter of the account against the estimate of the file after each up.
func TestSweepRandomLives(t *testing.T) {
	prices, err := cost.Open("us-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	stack.RandomLives(t, func(cfg *agents.Config, sim *awssim.Sim) error { return asEstimated(prices, cfg, sim) })
}

func asEstimated(prices *cost.Book, cfg *agents.Config, sim *awssim.Sim) error {
	offline := stack.New(cfg, &provision.Env{Stack: cfg.Stack(), Project: cfg.Project, Tags: cfg.Tags}, stack.GuessLookup(cfg))
	e, err := cost.Of(cfg, offline.Resources(), prices)
	if err != nil {
		return err
	}
	meter, err := sim.Meter()
	if err != nil {
		return err
	}
	month := decimal.NewFromInt(730)
	for _, c := range e.Components {
		if c.Hourly {
			meter[c.Noun] = meter[c.Noun].Sub(c.Monthly().Expected.Div(month))
		}
	}
	for noun, off := range meter {
		if !off.Mul(month).Round(6).IsZero() {
			return fmt.Errorf("the meter and the estimate of %s are %s an hour apart", noun, off)
		}
	}
	return nil
}
