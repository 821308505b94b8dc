package cost

import (
	"strings"

	"github.com/shopspring/decimal"
)

// A month of a stack that is worked on: some megabytes of state and its
// versions, two thousand writes and as many reads, and `cost --actual` once a week.
var (
	stateGB   = decimal.RequireFromString("0.01")
	statePuts = decimal.NewFromInt(2000)
	stateGets = decimal.NewFromInt(2000)
	lookUps   = decimal.NewFromInt(4)
)

// priceStateBucket: the state's bucket and Cost Explorer's cent a request.
func priceStateBucket(b *bill) {
	if uri := b.cfg.State; uri == "" || strings.HasPrefix(uri, "s3://") {
		for _, c := range []charge{
			{item: "state kept", unit: "GB-month", quantity: usedUp(stateGB), price: StateStored},
			{item: "state written", unit: "request", quantity: usedUp(statePuts), price: StatePut},
			{item: "state read", unit: "request", quantity: usedUp(stateGets), price: StateGet},
		} {
			c.noun = "state_bucket"
			b.add(c)
		}
	}
	b.add(charge{noun: "state_bucket", item: "Cost Explorer requests of cost --actual", unit: "request", quantity: usedUp(lookUps), price: ExplorerRequest})
}

// usedUp is used for an amount that is decimal already.
func usedUp(d decimal.Decimal) Range { return Range{decimal.Zero, d, d.Mul(busy)} }
