package cost

import (
	"slices"
	"sort"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Saving is one change that makes the stack cheaper, priced by estimating the
// changed stack.
type Saving struct {
	Name string
	// Change, Tradeoff and How are for people; How is the yaml or the command.
	Change   string
	Tradeoff string
	// Risk is the tradeoff in a few words; "" where the configuration is not what changes.
	Risk string
	How  string
	// Monthly is what it saves by itself.
	Monthly decimal.Decimal
	// Excludes are the names of savings that it takes the ground from.
	Excludes []string
	// After is the expected total with it.
	After decimal.Decimal
}

// NotWorthIt is a change that people make to save and that does not.
type NotWorthIt struct {
	Change string
	// Monthly is what it saves; negative is what it costs.
	Monthly decimal.Decimal
	Why     string
}

// Savings are the answer to "what would make it cheaper".
type Savings struct {
	// Ranked has the largest first.
	Ranked []Saving
	// Together is the expected total with all that go together, chosen from the
	// top; Chosen are their names.
	Together decimal.Decimal
	Chosen   []string
	NotWorth []NotWorthIt
	Facts    []string
	// Unpriced are the names of changes that move what has no price here.
	Unpriced []string
}

// lever is a change to a configuration, or to the hours that it runs.
type lever struct {
	name, change, tradeoff, how string
	// risk is the tradeoff in a few words, for what has a line only.
	risk     string
	excludes []string
	// do changes a copy; up is nil except for what changes hours.
	do func(*agents.Config)
	up func(running) running
}

// FindSavings prices every lever. Nothing is asked of anybody.
func FindSavings(cfg *agents.Config, book *Book) (*Savings, error) {
	base, err := EstimateConfig(cfg, book)
	if err != nil {
		return nil, err
	}
	total := base.Total().Expected
	out := &Savings{Together: total}
	all, err := levers(cfg)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		e, err := l.priced(cfg, book)
		if err != nil {
			return nil, err
		}
		if !base.comparable(e) {
			out.Unpriced = append(out.Unpriced, l.name)
			continue
		}
		after := e.Total().Expected
		if saved := total.Sub(after); saved.Round(2).IsPositive() {
			out.Ranked = append(out.Ranked, Saving{
				Name: l.name, Change: l.change, Tradeoff: l.tradeoff, How: l.how, Excludes: l.excludes, Monthly: saved, After: after,
			})
		}
	}
	sort.SliceStable(out.Ranked, func(i, j int) bool { return out.Ranked[i].Monthly.GreaterThan(out.Ranked[j].Monthly) })
	for i := range out.Ranked {
		out.Ranked[i].Excludes = slices.DeleteFunc(slices.Clone(out.Ranked[i].Excludes), func(n string) bool { return !out.has(n) })
	}
	if err := out.together(cfg, book, all); err != nil {
		return nil, err
	}
	if out.NotWorth, err = notWorth(cfg, book, base); err != nil {
		return nil, err
	}
	out.Facts, err = facts(cfg, book, base)
	return out, err
}

func (s *Savings) has(name string) bool {
	return slices.ContainsFunc(s.Ranked, func(r Saving) bool { return r.Name == name })
}

// priced estimates the stack with the lever pulled.
func (l lever) priced(cfg *agents.Config, book *Book) (*Estimate, error) {
	changed, up := clone(cfg), always
	if l.do != nil {
		l.do(changed)
	}
	if l.up != nil {
		up = l.up(up)
	}
	return ofConfig(changed, book, up)
}

// together pulls levers from the top that do not exclude each other.
func (s *Savings) together(cfg *agents.Config, book *Book, all []lever) error {
	changed, up := clone(cfg), always
	for _, r := range s.Ranked {
		clash := slices.ContainsFunc(s.Ranked, func(o Saving) bool {
			return slices.Contains(s.Chosen, o.Name) && (slices.Contains(o.Excludes, r.Name) || slices.Contains(r.Excludes, o.Name))
		})
		if clash {
			continue
		}
		i := slices.IndexFunc(all, func(l lever) bool { return l.name == r.Name })
		if all[i].do != nil {
			all[i].do(changed)
		}
		if all[i].up != nil {
			up = all[i].up(up)
		}
		s.Chosen = append(s.Chosen, r.Name)
	}
	e, err := ofConfig(changed, book, up)
	if err != nil {
		return err
	}
	s.Together = e.Total().Expected
	return nil
}

// clone copies what levers change.
func clone(cfg *agents.Config) *agents.Config {
	c := *cfg
	c.Agents = slices.Clone(cfg.Agents)
	c.Network.Endpoints = slices.Clone(cfg.Network.Endpoints)
	c.Network.Zones = slices.Clone(cfg.Network.Zones)
	return &c
}
