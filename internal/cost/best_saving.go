package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// leastSaving is below what no one changes a file for, in dollars a month.
var leastSaving = decimal.NewFromInt(1)

// BestSaving is the one change of the configuration that saves most by itself, without a change of the
// hours that it runs; nil when none saves a dollar a month, or none can be priced. It prices what
// FindSavings does and nothing else, so that a plan can afford it.
func BestSaving(cfg *agents.Config, book *Book) (*Saving, error) {
	base, err := EstimateConfig(cfg, book)
	if err != nil {
		return nil, err
	}
	all, err := levers(cfg)
	if err != nil {
		return nil, err
	}
	var best *Saving
	total := base.Total().Expected
	for _, l := range all {
		if l.do == nil {
			continue
		}
		e, err := l.priced(cfg, book)
		if err != nil {
			return nil, err
		}
		saved := total.Sub(e.Total().Expected)
		if !base.comparable(e) || saved.LessThan(leastSaving) || best != nil && !saved.GreaterThan(best.Monthly) {
			continue
		}
		best = &Saving{Name: l.name, Change: l.change, Tradeoff: l.tradeoff, Risk: l.risk, How: l.how, Monthly: saved, After: total.Sub(saved)}
	}
	return best, nil
}
