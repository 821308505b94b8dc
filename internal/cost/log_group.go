package cost

import "github.com/shopspring/decimal"

var (
	// freeLogs is CloudWatch Logs' free tier, in GB a month.
	freeLogs = decimal.NewFromInt(5)
	// compressed is how much of a log is left when it is kept, roughly: AWS
	// bills kept logs by their compressed size.
	compressed = decimal.RequireFromString("0.15")
	// daysPerMonth is 365 / 12.
	daysPerMonth = decimal.NewFromInt(365).Div(decimal.NewFromInt(12))
)

// priceLogs: what is written costs $0.50 a GB, what is kept $0.03 a GB and
// month: a tenth of the first after a year. The figure is that of a stack that
// has been up for as long as it keeps its logs.
func priceLogs(b *bill) {
	if b.kindCount("log-group") == 0 {
		return
	}
	written := used(b.cfg.Usage.LogsGB).plus(b.events)
	b.add(charge{noun: "log_group", item: "logs written", unit: "GB", quantity: written, price: LogsIngested})
	b.free("log_group", "the first 5 GB of logs", "GB", freeLogs, written, LogsIngested, false)
	months := decimal.NewFromInt(int64(b.cfg.Observability.LogRetentionDays)).Div(daysPerMonth)
	b.add(charge{noun: "log_group", item: "logs kept", unit: "GB-month", quantity: written.scale(months).scale(compressed), price: LogsStored})
}
