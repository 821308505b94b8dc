package cost

import "github.com/shopspring/decimal"

// freeEgress is the account's free tier: GB to the internet a month.
var freeEgress = decimal.NewFromInt(100)

// priceDataTransfer: out to the internet, and between zones, where both ends pay.
func priceDataTransfer(b *bill) {
	out := used(b.cfg.Usage.EgressGB)
	b.add(charge{noun: "data_transfer", item: "to the internet", unit: "GB", quantity: out, price: EgressGB})
	b.free("data_transfer", "the first 100 GB to the internet", "GB", freeEgress, out, EgressGB, false)
	between := used(b.cfg.Usage.CrossAZGB).scale(decimal.NewFromInt(2))
	b.add(charge{noun: "data_transfer", item: "between zones, both ends", unit: "GB", quantity: between, price: CrossAZGB})
}
