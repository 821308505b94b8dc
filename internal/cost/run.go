package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// TaskHour is what one more task costs an hour, in US dollars: CPU in units of 1/1024 vCPU,
// memory in MiB, its own disk in GiB (0 is the free 20). Fargate bills it by the second, a minute at
// least. False when a price is not known.
func TaskHour(book *Book, arch agents.Arch, cpu, memory, storage int, spot bool) (decimal.Decimal, bool) {
	p := fargatePrices(arch == agents.ArchARM)
	vcpu, gb := p.vcpu, p.gb
	if spot {
		vcpu, gb = p.spotVCPU, p.spotGB
	}
	perCPU, known := book.Prices[vcpu]
	perGB, also := book.Prices[gb]
	size := func(n int) decimal.Decimal { return decimal.NewFromInt(int64(n)).Div(decimal.NewFromInt(1024)) }
	hour := perCPU.USD.Mul(size(cpu)).Add(perGB.USD.Mul(size(memory)))
	if above := storage - freeStorage; above > 0 {
		disk, priced := book.Prices[FargateStorage]
		return hour.Add(disk.USD.Mul(decimal.NewFromInt(int64(above)))), known && also && priced
	}
	return hour, known && also
}
