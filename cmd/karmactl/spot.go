package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

// spotTurn is an agent that was put on demand, or back on Spot, and what that means.
type spotTurn struct{ agent, text string }

func (t spotTurn) String() string { return t.agent + ": " + t.text }

// turnSpot puts agents on demand that Spot has had no capacity for as long as spot.fallback
// says, and agents whose time there is over back on Spot. It writes and takes the lock only
// when there is one to turn.
func (s *session) turnSpot(ctx context.Context, command string, of []agents.Agent) ([]spotTurn, error) {
	of = slices.DeleteFunc(slices.Clone(of), func(a agents.Agent) bool { return a.Spot.Fallback == 0 })
	if len(of) == 0 {
		return nil, nil
	}
	if plan, err := s.walkSpot(ctx, of, false); err != nil || !plan.Changes() {
		return nil, err
	}
	var res *engine.Result
	err := s.locked(ctx, command, func(ctx context.Context, store *state.Store) (err error) {
		if store.Hibernation() != nil {
			return nil
		}
		res, err = s.walkSpot(ctx, of, true)
		return err
	})
	if err != nil || res == nil {
		return nil, err
	}
	return s.spotTurns(of, res), nil
}

// walkSpot walks the capacities of agents. One that is not up has none.
func (s *session) walkSpot(ctx context.Context, of []agents.Agent, apply bool) (*engine.Result, error) {
	env := s.env(!apply)
	w := s.walkAlone()
	w.Apply = apply
	for _, a := range of {
		w.Steps = append(w.Steps, engine.Manage(provision.NewSpotTurn(env, a)))
	}
	res, err := w.Up(ctx)
	if err != nil {
		return res, err
	}
	for _, o := range res.Outcomes {
		if notUp := new(provision.NotUp); o.Err != nil && !errors.As(o.Err, &notUp) {
			return res, o.Err
		}
	}
	return res, nil
}

// spotTurns says what was turned, with its price.
func (s *session) spotTurns(of []agents.Agent, res *engine.Result) []spotTurn {
	var out []spotTurn
	for _, a := range of {
		o, _ := res.Get(engine.Key("spot/" + a.Name))
		have, _ := o.Have.(provision.ServiceSpec)
		want, _ := o.Want.(provision.ServiceSpec)
		if why := have.WhyTurned(want); o.Verb == engine.Update && why != "" {
			out = append(out, spotTurn{a.Name, s.withOnDemandPrice(a.Name, why)})
		}
	}
	return out
}

// withOnDemandPrice adds what an agent costs more on demand to what is said of it.
func (s *session) withOnDemandPrice(agent, text string) string {
	more, err := s.onDemandCosts(agent)
	if err != nil {
		return text // the price alone is missing
	}
	return fmt.Sprintf("%s (on demand costs $%s a month more than Spot)", text, cost.USD(more))
}

// onDemandCosts is how much more an agent costs a month on demand than as agents.yaml has it.
func (s *session) onDemandCosts(agent string) (decimal.Decimal, error) {
	was, prices, err := s.app.estimateOf(s.cfg)
	if err != nil {
		return decimal.Zero, err
	}
	cfg := *s.cfg
	cfg.Agents = slices.Clone(cfg.Agents)
	for i := range cfg.Agents {
		if cfg.Agents[i].Name == agent {
			cfg.Agents[i].Spot = agents.Spot{}
		}
	}
	now, err := cost.EstimateConfig(&cfg, prices)
	if err != nil {
		return decimal.Zero, err
	}
	return now.Total().Expected.Sub(was.Total().Expected), nil
}
