package cost

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// priceFiles: EFS bills what is stored, and nothing by the hour. What tasks read and write
// in the throughput mode that grows with the files is in it, and stays in their zone.
// https://aws.amazon.com/efs/pricing/
func priceFiles(b *bill, k engine.Key) {
	b.add(charge{key: k, noun: "file_system", item: "files kept on EFS", unit: "GB-month", quantity: used(b.cfg.Usage.EFSGB), price: FilesStored})
}

// assumeFiles says how much is taken to be stored.
func assumeFiles(b *bill) {
	b.out.Assumptions = append(b.out.Assumptions, fmt.Sprintf("the agents keep %v GB in their volumes together (usage.efs_gb); low: nothing; high: ten times that", b.cfg.Usage.EFSGB))
}

// gib is a GB as EFS counts and bills it.
var gib = decimal.NewFromInt(1 << 30)

// KeepingFiles says what the files of a file system cost while they are kept, for the
// sentence in which something else is deleted: "3.20 GB cost $0.96 a month". size is in
// bytes, as EFS measures it; it does so every few hours.
// https://docs.aws.amazon.com/efs/latest/ug/metered-sizes.html
func KeepingFiles(size int64, book *Book) string {
	kept := decimal.NewFromInt(size).Div(gib)
	row, known := book.Prices[FilesStored]
	month := kept.Mul(row.USD)
	switch cent := decimal.RequireFromString("0.01"); {
	case !known:
		return fmt.Sprintf("%s GB cost what EFS asks in %s, of which karmactl has no price", kept.StringFixed(2), book.Region)
	case month.LessThan(cent):
		return fmt.Sprintf("less than a cent a month at $%s for each GB", USD(row.USD))
	}
	return fmt.Sprintf("%s GB cost $%s a month", kept.StringFixed(2), USD(month))
}
