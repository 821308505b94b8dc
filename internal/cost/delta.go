package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Delta is what a plan changes of the expected monthly figure: the wanted stack
// minus what was found, with what was changed or made behind karmactl's back, and what
// the configuration no longer has.
func Delta(cfg *agents.Config, nodes []engine.Node, outcomes []engine.Outcome, book *Book) (decimal.Decimal, error) {
	wants, err := wanted(nodes)
	if err != nil {
		return decimal.Zero, err
	}
	to, err := price(cfg, wants, book, always)
	if err != nil {
		return decimal.Zero, err
	}
	from, err := price(cfg, found(wants, outcomes), book, always)
	if err != nil {
		return decimal.Zero, err
	}
	return to.Total().Expected.Sub(from.Total().Expected), nil
}
