package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
)

// estimate prices the configuration.
func (a *app) estimate(cfg *agents.Config, o costOptions) (*document.Cost, *cost.Estimate, *cost.Book, error) {
	prices, err := a.book(cfg)
	if err != nil {
		return nil, nil, nil, err
	}
	doc, e, err := estimateWith(cfg, prices, o)
	return doc, e, prices, err
}

func estimateWith(cfg *agents.Config, prices *cost.Book, o costOptions) (*document.Cost, *cost.Estimate, error) {
	e, err := cost.EstimateConfig(cfg, prices)
	if err != nil {
		return nil, nil, err
	}
	doc, err := costDoc(cfg, e, o.budget)
	return doc, e, err
}

func costDoc(cfg *agents.Config, e *cost.Estimate, budget string) (*document.Cost, error) {
	if budget == "" {
		budget = cfg.Budget.MonthlyUSD
	}
	v, err := cost.Guard(e, budget)
	if err != nil {
		return nil, &usageError{err}
	}
	doc := &document.Cost{
		Stack: cfg.Stack(), Region: e.Region, Monthly: costRange(e.Total()), PricesAsOf: e.PricesAsOf, SpotAsOf: e.SpotAsOf,
		Budget: budget, Over: v.Over, Assumptions: e.Assumptions, Missing: append([]string{}, e.Missing...), Components: []document.CostComponent{},
		Agents: costShares(e.ByAgent()), Nouns: costShares(e.ByNoun()),
	}
	known := false
	for _, c := range e.Components {
		known = known || c.Known
		m := c.Monthly()
		x := document.CostComponent{
			Key: string(c.Key), Agent: c.Agent, Noun: c.Noun, Item: c.Item, Unit: c.Unit, Quantity: exact(c.Quantity.Expected),
		}
		if c.Known { // what is not known is left empty, never 0
			x.UnitPrice, x.Monthly, x.Low, x.High = c.UnitPrice.Expected.String(), exact(m.Expected), exact(m.Low), exact(m.High)
		}
		doc.Components = append(doc.Components, x)
	}
	if !known {
		doc.Monthly, doc.Agents, doc.Nouns = document.Range{}, []document.CostShare{}, []document.CostShare{}
	}
	return doc, nil
}

// exact has enough digits for the parts to add up.
func exact(d decimal.Decimal) string { return d.Round(8).String() }

func costRange(r cost.Range) document.Range {
	return document.Range{Low: cost.USD(r.Low), Expected: cost.USD(r.Expected), High: cost.USD(r.High)}
}

func costShares(all []cost.Share) []document.CostShare {
	out := []document.CostShare{}
	for _, s := range all {
		r := costRange(s.Monthly)
		out = append(out, document.CostShare{Name: s.Name, Monthly: r.Expected, Low: r.Low, High: r.High})
	}
	return out
}

func addSavings(doc *document.Cost, s *cost.Savings) {
	doc.Savings, doc.Facts = []document.CostSaving{}, s.Facts
	for _, r := range s.Ranked {
		doc.Savings = append(doc.Savings, document.CostSaving{
			Name: r.Name, Monthly: cost.USD(r.Monthly), Change: r.Change, Tradeoff: r.Tradeoff, How: r.How, Excludes: append([]string{}, r.Excludes...),
		})
	}
	doc.Unpriced = s.Unpriced
	if len(doc.Missing) == 0 {
		doc.Together = &document.CostTogether{Monthly: cost.USD(s.Together), Names: append([]string{}, s.Chosen...)}
	}
	for _, n := range s.NotWorth {
		doc.NotWorth = append(doc.NotWorth, document.CostNotWorth{Monthly: cost.USD(n.Monthly), Change: n.Change, Why: n.Why})
	}
}

// actualCost asks Cost Explorer, or the cache.
func actualCost(ctx context.Context, s *session, month string, e *cost.Estimate, prices *cost.Book) (*document.CostActual, error) {
	var err error
	now := s.clock.Now()
	when := now
	if month != "" {
		if when, err = time.Parse("2006-01", month); err != nil {
			return nil, &usageError{fmt.Errorf("--month %q: allowed is a month such as 2026-10", month)}
		}
	}
	api := costexplorer.NewFromConfig(cloud.WithOptions(s.aws, cloud.ReadOnly))
	var got *cost.Actual
	if dir, derr := s.app.cacheDir(); derr == nil {
		got, err = cost.CachedSpend(ctx, api, dir, s.account.ID, s.cfg.Stack(), when, now)
	} else {
		got, err = cost.Spend(ctx, api, s.cfg.Stack(), when, now)
	}
	if err != nil {
		return nil, err
	}
	out := &document.CostActual{From: got.From, To: got.To, Total: cost.USD(got.Total), Tag: string(got.Tag), AskedAt: got.AskedAt.Format(time.RFC3339), Lines: []document.CostActualLine{}, Notes: got.Caveats()}
	sum := decimal.Zero
	for _, l := range cost.Compare(e, got, prices, now) {
		sum = sum.Add(l.Estimated)
		why := l.Why
		if got.Tag == cost.TagInactive { // one reason for all lines, which the notes have
			why = ""
		}
		out.Lines = append(out.Lines, document.CostActualLine{Service: l.Service, Estimate: cost.USD(l.Estimated), Actual: cost.USD(l.Actual), Why: why})
	}
	out.Estimate = cost.USD(sum)
	return out, nil
}
