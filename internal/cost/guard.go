package cost

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Verdict is how an estimate compares to a budget.
type Verdict struct {
	// Budget is nil when there is none.
	Budget   *decimal.Decimal
	Expected decimal.Decimal
	Over     bool
	// Unsure are the prices that are missing from Expected.
	Unsure []string
}

// Guard holds the expected figure against a monthly budget in USD, such as
// "100" or "99.50"; "" is no budget. What is exactly the budget is within it.
func Guard(e *Estimate, budget string) (Verdict, error) {
	v, err := CheckBudget(e.Total().Expected, budget)
	v.Unsure = e.Missing
	return v, err
}

// CheckBudget is Guard for a figure that is known.
func CheckBudget(expected decimal.Decimal, budget string) (Verdict, error) {
	v := Verdict{Expected: expected}
	if budget == "" {
		return v, nil
	}
	limit, err := decimal.NewFromString(budget)
	if err != nil || limit.IsNegative() {
		return v, fmt.Errorf("the budget %q is not an amount of US dollars such as 100 or 99.50", budget)
	}
	v.Budget = &limit
	// People compare what they are shown, so cents are what is compared.
	v.Over = v.Expected.Round(2).GreaterThan(limit)
	return v, nil
}

// Err is an *OverBudget when the budget is exceeded, and an *UnknownCost when
// there is a budget and prices are missing: what is not known is not zero.
func (v Verdict) Err() error {
	switch {
	case v.Over:
		return &OverBudget{Expected: v.Expected, Budget: *v.Budget}
	case v.Budget != nil && len(v.Unsure) > 0:
		return &UnknownCost{Lacks: v.Unsure, Budget: *v.Budget}
	default:
		return nil
	}
}

// UnknownCost is why `up` refuses where it cannot tell whether the budget holds.
type UnknownCost struct {
	// Lacks say which prices are missing, in words.
	Lacks  []string
	Budget decimal.Decimal
}

func (e *UnknownCost) Error() string {
	lacks := e.Lacks[0]
	if n := len(e.Lacks) - 1; n > 0 {
		lacks = fmt.Sprintf("%s, and %d more", lacks, n)
	}
	return fmt.Sprintf("%s: whether the budget of %s holds is not known, and nothing was made", lacks, USD(e.Budget))
}

// Try is what to do about it.
func (e *UnknownCost) Try() string {
	return "karmactl cost refresh fetches the prices; --over-budget goes ahead without them"
}

// OverBudget is why `up` refuses before it writes anything.
type OverBudget struct{ Expected, Budget decimal.Decimal }

func (e *OverBudget) Error() string {
	return fmt.Sprintf("this stack would cost %s a month, and the budget is %s: nothing was made", USD(e.Expected), USD(e.Budget))
}

// Try is what to do about it.
func (e *OverBudget) Try() string {
	return "karmactl cost --savings lists what makes it cheaper; --budget N sets another limit, --over-budget insists"
}
