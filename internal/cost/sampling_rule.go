package cost

import "github.com/shopspring/decimal"

// freeTraces is X-Ray's free tier: traces stored a month.
var freeTraces = decimal.NewFromInt(100_000)

// priceTraces: $5.00 for a million traces. The sidecar runs within the task's size.
func priceTraces(b *bill) {
	traces := used(b.cfg.Usage.TracesM).scale(decimal.NewFromInt(1_000_000))
	b.add(charge{noun: "sampling_rule", item: "X-Ray traces", unit: "trace", quantity: traces, price: TracesStored})
	b.free("sampling_rule", "the first 100,000 traces", "trace", freeTraces, traces, TracesStored, false)
}
