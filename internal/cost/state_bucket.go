package cost

import (
	"strings"

	"github.com/shopspring/decimal"
)

// A month of a stack that is worked on, with reasons; all of it is a cent. Written
// is at most twice for each resource that an up makes, before and after (measured
// are 64 writes for 114 resources: changes that come together are written
// together); hibernating and waking write some 44 times together. Read is the
// state once and the lock once by each command.
const (
	upsAWeek     = 1  // from nothing
	workingDays  = 22 // with a hibernation each
	sleepWrites  = 44
	commandsADay = 20
	readsEach    = 2
)

// stateGB is some megabytes of state and its versions; lookUps is `cost --actual` once a week.
var (
	stateGB = decimal.RequireFromString("0.01")
	lookUps = decimal.NewFromInt(4)
)

func (b *bill) stateWrites() decimal.Decimal {
	ups := weeksPerMonth.Mul(decimal.NewFromInt(upsAWeek * 2 * int64(len(b.items))))
	return ups.Add(decimal.NewFromInt(workingDays * sleepWrites)).Round(0)
}

// priceStateBucket: the state's bucket and Cost Explorer's cent a request.
func priceStateBucket(b *bill) {
	if uri := b.cfg.State; uri == "" || strings.HasPrefix(uri, "s3://") {
		for _, c := range []charge{
			{item: "state kept", unit: "GB-month", quantity: usedUp(stateGB), price: StateStored},
			{item: "state written", unit: "request", quantity: usedUp(b.stateWrites()), price: StatePut},
			{item: "state read", unit: "request", quantity: usedUp(decimal.NewFromInt(workingDays * commandsADay * readsEach)), price: StateGet},
		} {
			c.noun = "state_bucket"
			b.add(c)
		}
	}
	b.add(charge{noun: "state_bucket", item: "Cost Explorer requests of cost --actual", unit: "request", quantity: usedUp(lookUps), price: ExplorerRequest})
}

// usedUp is used for an amount that is decimal already.
func usedUp(d decimal.Decimal) Range { return Range{decimal.Zero, d, d.Mul(busy)} }
