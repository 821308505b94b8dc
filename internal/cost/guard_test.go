package cost

import (
	"errors"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func costing(usd string) *Estimate {
	price := exactly(decimal.RequireFromString(usd))
	return &Estimate{Components: []Component{{Quantity: whole(1), UnitPrice: price, Known: true}}}
}

func TestABudgetIsHeldAgainstTheExpectedFigureInCents(t *testing.T) {
	for _, c := range []struct {
		cost, budget string
		over         bool
	}{
		{"79.27", "100", false},
		{"100.00", "100", false},
		{"100.004", "100", false},
		{"100.01", "100", true},
		{"174.22", "100", true},
		{"99.51", "99.50", true},
		{"1", "0", true},
		{"500", "", false},
	} {
		v, err := Guard(costing(c.cost), c.budget)
		if err != nil {
			t.Fatal(err)
		}
		if v.Over != c.over || (v.Err() != nil) != c.over {
			t.Errorf("%s with a budget of %q: over is %t, want %t", c.cost, c.budget, v.Over, c.over)
		}
	}
}

func TestTheRefusalNamesBothFiguresAndTheWaysOut(t *testing.T) {
	v, err := Guard(costing("174.22"), "100")
	if err != nil {
		t.Fatal(err)
	}
	var over *OverBudget
	if !errors.As(v.Err(), &over) {
		t.Fatalf("the error is %T", v.Err())
	}
	for _, want := range []string{"174.22", "100.00", "cost --savings", "--over-budget", "--budget"} {
		if !strings.Contains(over.Error()+over.Try(), want) {
			t.Errorf("the refusal does not say %s: %s %s", want, over, over.Try())
		}
	}
}

func TestABudgetThatIsNoAmountIsRefused(t *testing.T) {
	for _, s := range []string{"lots", "-5", "100 USD"} {
		if _, err := Guard(costing("1"), s); err == nil {
			t.Errorf("%q is taken for a budget", s)
		}
	}
}
