package cost

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Rate is what a stack costs as it is now, by its own prices: Cost Explorer is a
// day behind.
type Rate struct {
	// Today is a day of it, Month 730 hours of it, with the traffic of `usage:`.
	Today, Month decimal.Decimal
	// Lacks are prices without which neither is known.
	Lacks []Item
}

// Task is a task that runs: CPU in units of 1/1024 vCPU, memory in MiB, storage in GiB.
type Task struct {
	CPU, Memory int
	Storage     int
	ARM, Spot   bool
}

// RunRate prices a stack that is up with the tasks that run, at the sizes and on the capacity that they
// run on, which may not be what the configuration says. count is how many there are of each agent; what
// the agents share is priced as the configuration says. Nothing is asked of anybody.
func RunRate(cfg *agents.Config, count map[string]int, running []Task, book *Book) (Rate, error) {
	now := clone(cfg)
	for i := range now.Agents {
		n := count[now.Agents[i].Name]
		now.Agents[i].Scale.Min, now.Agents[i].Scale.Max = n, n
	}
	e, err := EstimateConfig(now, book)
	if err != nil {
		return Rate{}, err
	}
	size := func(c Component) bool { return c.Noun == "service" && c.Price != AddressInUse }
	e.Components = slices.DeleteFunc(e.Components, size)
	month, lacks := e.Total().Expected, e.Lacks(func(Component) bool { return true })
	for _, t := range running {
		arch := agents.ArchX86
		if t.ARM {
			arch = agents.ArchARM
		}
		hour, known := TaskHour(book, arch, t.CPU, t.Memory, t.Storage, t.Spot)
		if p := fargatePrices(t.ARM).of(t.Spot); !known && !slices.Contains(lacks, p) {
			lacks = append(lacks, p)
		}
		month = month.Add(hour.Mul(hours))
	}
	return Rate{Today: month.Mul(decimal.NewFromInt(24)).Div(hours), Month: month, Lacks: lacks}, nil
}
