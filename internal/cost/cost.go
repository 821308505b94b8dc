// Package cost tells what a stack costs a month before it is made, what would
// make it cheaper, and what it did cost.
//
// The estimate walks the same typed resources as plan and up, one file per
// noun, so nothing can be built that is not priced: kinds.go has an entry for
// every kind. Read estimate.go for how components add up, book.go for where
// prices come from, savings.go for what would make the stack cheaper.
//
// Money is decimal, never float. A month has 730 hours, as in AWS's own
// calculator. A price that is not known is never 0: it is named.
package cost

import (
	"github.com/shopspring/decimal"
)

// HoursPerMonth is AWS's own average: 8760 / 12.
const HoursPerMonth = 730

var hours = decimal.NewFromInt(HoursPerMonth)

// Range is an amount and how far it may be off: Low is an idle fleet, Expected
// what the configuration assumes, High a busy month (see Assumptions).
type Range struct {
	Low, Expected, High decimal.Decimal
}

// exactly is an amount that no usage moves.
func exactly(d decimal.Decimal) Range { return Range{d, d, d} }

func whole(n int) Range { return exactly(decimal.NewFromInt(int64(n))) }

// hourly is n things that bill by the hour, all month.
func hourly(n int) Range { return whole(n).scale(hours) }

// used is an amount of usage: none in an idle month, ten times as much in a busy one.
func used(amount float64) Range {
	d := decimal.NewFromFloat(amount)
	return Range{decimal.Zero, d, d.Mul(busy)}
}

// busy is how many times the stated usage a busy month is taken to have.
var busy = decimal.NewFromInt(10)

func (r Range) plus(o Range) Range {
	return Range{r.Low.Add(o.Low), r.Expected.Add(o.Expected), r.High.Add(o.High)}
}

func (r Range) minus(o Range) Range {
	return Range{r.Low.Sub(o.Low), r.Expected.Sub(o.Expected), r.High.Sub(o.High)}
}

func (r Range) times(o Range) Range {
	return Range{r.Low.Mul(o.Low), r.Expected.Mul(o.Expected), r.High.Mul(o.High)}
}

func (r Range) scale(d decimal.Decimal) Range { return r.times(exactly(d)) }

// atMost cuts every end at a limit.
func (r Range) atMost(limit decimal.Decimal) Range {
	return Range{decimal.Min(r.Low, limit), decimal.Min(r.Expected, limit), decimal.Min(r.High, limit)}
}

// USD writes money as people do: 14.34.
func USD(d decimal.Decimal) string { return d.StringFixed(2) }
