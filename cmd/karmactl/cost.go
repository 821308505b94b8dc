package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/ui"
)

type costOptions struct {
	savings, actual, markdown bool
	month                     string
	budget                    string
}

func newCostCmd(a *app) *cobra.Command {
	var o costOptions
	cmd := &cobra.Command{
		Use: "cost", Short: "What the stack costs a month, what would make it cheaper, what it did cost", Args: cobra.NoArgs,
		Long: `Prices every resource of agents.yaml, with a low, an expected and a high figure.
Neither this nor --savings needs credentials or a network. --actual asks Cost
Explorer, at a cent a request, and keeps the answer for eight hours.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.cost(ctx, o)
		},
	}
	cmd.Flags().BoolVar(&o.savings, "savings", false, "what would save, ranked, each with its price")
	cmd.Flags().BoolVar(&o.actual, "actual", false, "what Cost Explorer says, beside the estimate")
	cmd.Flags().StringVar(&o.month, "month", "", "with --actual: the month, as `2026-10` (default this one)")
	cmd.Flags().StringVar(&o.budget, "budget", "", "hold the estimate against this many dollars a month instead of the file's")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "as a table in Markdown, for the comment of a pull request")
	cmd.MarkFlagsMutuallyExclusive("savings", "actual", "markdown")
	cmd.AddCommand(&cobra.Command{
		Use: "refresh", Short: "Fetch today's prices of the region", Args: cobra.NoArgs,
		Long: `Asks AWS's price list (pricing:GetProducts, free) and, as best effort, the page's
feed of Fargate Spot prices. They are kept for this user, and used from then on.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := a.deadline(c.Context())
			defer cancel()
			return a.refreshPrices(ctx)
		},
	})
	return cmd
}

// book is the prices of the configuration's region.
func (a *app) book(cfg *agents.Config) (*cost.Book, error) {
	dir, err := a.cacheDir()
	if err != nil {
		dir = "" // a user without a cache has the prices of this binary
	}
	return cost.Open(cfg.Region, dir)
}

// cacheDir is the user's, or one beside the simulated account: its prices and
// bills must not pass for AWS's.
func (a *app) cacheDir() (string, error) {
	if a.opts.simulate != "" {
		return a.opts.simulate + ".cache", nil
	}
	return cost.CacheDir()
}

func (a *app) cost(ctx context.Context, o costOptions) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if o.month != "" && !o.actual {
		return &usageError{errors.New("--month goes with --actual")}
	}
	prices, err := a.book(cfg)
	if err != nil {
		return err
	}
	e, err := cost.OfConfig(cfg, prices)
	if err != nil {
		return err
	}
	doc, err := costDoc(cfg, e, o.budget)
	if err != nil {
		return err
	}
	if o.markdown {
		if a.term.JSON {
			return &usageError{errors.New("--markdown and -o json exclude each other")}
		}
		a.term.CostMarkdown(doc)
		return nil
	}
	if o.savings {
		s, err := cost.FindSavings(cfg, prices)
		if err != nil {
			return err
		}
		addSavings(doc, s)
	}
	if o.actual {
		if doc.Actual, err = a.actual(ctx, o.month, e, prices); err != nil {
			return err
		}
	}
	return a.term.Cost(doc)
}

func costDoc(cfg *agents.Config, e *cost.Estimate, budget string) (*ui.Cost, error) {
	if budget == "" {
		budget = cfg.Budget.MonthlyUSD
	}
	v, err := cost.Guard(e, budget)
	if err != nil {
		return nil, &usageError{err}
	}
	doc := &ui.Cost{
		Stack: cfg.Project + "/" + cfg.Environment, Region: e.Region, Monthly: costRange(e.Total()), PricesAsOf: e.PricesAsOf, SpotAsOf: e.SpotAsOf,
		Budget: budget, Over: v.Over, Assumptions: e.Assumptions, Missing: append([]string{}, e.Missing...), Components: []ui.CostComponent{},
		Agents: costShares(e.ByAgent()), Nouns: costShares(e.ByNoun()),
	}
	known := false
	for _, c := range e.Components {
		known = known || c.Known
		m := c.Monthly()
		x := ui.CostComponent{
			Key: string(c.Key), Agent: c.Agent, Noun: c.Noun, Item: c.Item, Unit: c.Unit, Quantity: exact(c.Quantity.Expected),
		}
		if c.Known { // what is not known is left empty, never 0
			x.UnitPrice, x.Monthly, x.Low, x.High = c.UnitPrice.Expected.String(), exact(m.Expected), exact(m.Low), exact(m.High)
		}
		doc.Components = append(doc.Components, x)
	}
	if !known {
		doc.Monthly, doc.Agents, doc.Nouns = ui.Range{}, []ui.CostShare{}, []ui.CostShare{}
	}
	return doc, nil
}

// exact has enough digits for the parts to add up.
func exact(d decimal.Decimal) string { return d.Round(8).String() }

func costRange(r cost.Range) ui.Range {
	return ui.Range{Low: cost.USD(r.Low), Expected: cost.USD(r.Expected), High: cost.USD(r.High)}
}

func costShares(all []cost.Share) []ui.CostShare {
	out := []ui.CostShare{}
	for _, s := range all {
		r := costRange(s.Monthly)
		out = append(out, ui.CostShare{Name: s.Name, Monthly: r.Expected, Low: r.Low, High: r.High})
	}
	return out
}

func addSavings(doc *ui.Cost, s *cost.Savings) {
	doc.Savings, doc.Facts = []ui.CostSaving{}, s.Facts
	for _, r := range s.Ranked {
		doc.Savings = append(doc.Savings, ui.CostSaving{
			Name: r.Name, Monthly: cost.USD(r.Monthly), Change: r.Change, Tradeoff: r.Tradeoff, How: r.How, Excludes: append([]string{}, r.Excludes...),
		})
	}
	doc.Unpriced = s.Unpriced
	if len(doc.Missing) == 0 {
		doc.Together = &ui.CostTogether{Monthly: cost.USD(s.Together), Names: append([]string{}, s.Chosen...)}
	}
	for _, n := range s.NotWorth {
		doc.NotWorth = append(doc.NotWorth, ui.CostNotWorth{Monthly: cost.USD(n.Monthly), Change: n.Change, Why: n.Why})
	}
}

// actual asks Cost Explorer, or the cache.
func (a *app) actual(ctx context.Context, month string, e *cost.Estimate, prices *cost.Book) (*ui.CostActual, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.close() }() // it only read
	now := s.clock.Now()
	when := now
	if month != "" {
		if when, err = time.Parse("2006-01", month); err != nil {
			return nil, &usageError{fmt.Errorf("--month %q: allowed is a month such as 2026-10", month)}
		}
	}
	api := costexplorer.NewFromConfig(cloud.WithOptions(s.aws, cloud.ReadOnly))
	var got *cost.Actual
	if dir, derr := a.cacheDir(); derr == nil {
		got, err = cost.CachedSpend(ctx, api, dir, s.account.ID, s.cfg.Stack(), when, now)
	} else {
		got, err = cost.Spend(ctx, api, s.cfg.Stack(), when, now)
	}
	if err != nil {
		return nil, err
	}
	out := &ui.CostActual{From: got.From, To: got.To, Total: cost.USD(got.Total), Tag: string(got.Tag), AskedAt: got.AskedAt.Format(time.RFC3339), Lines: []ui.CostActualLine{}, Notes: got.Caveats()}
	sum := decimal.Zero
	for _, l := range cost.Compare(e, got, prices, now) {
		sum = sum.Add(l.Estimated)
		out.Lines = append(out.Lines, ui.CostActualLine{Service: l.Service, Estimate: cost.USD(l.Estimated), Actual: cost.USD(l.Actual), Why: l.Why})
	}
	out.Estimate = cost.USD(sum)
	return out, nil
}

func (a *app) refreshPrices(ctx context.Context) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }() // it only read
	old, err := a.book(s.cfg)
	if err != nil {
		return err
	}
	api := pricing.NewFromConfig(s.aws, func(o *pricing.Options) { o.Region = cost.PriceListRegion })
	fresh, why, err := cost.Refresh(ctx, api, s.http, s.cfg.Region, old, s.clock.Now())
	if err != nil {
		return err
	}
	dir, err := a.cacheDir()
	if err != nil {
		return err
	}
	path, err := fresh.Save(dir)
	if err != nil {
		return err
	}
	switch {
	case why == "":
	case old.SpotAsOf == "":
		a.term.Notef("%s: Spot prices stay unknown", why)
	default:
		a.term.Notef("%s: the Spot prices of %s are kept", why, old.SpotAsOf)
	}
	lacks := fresh.Lacks()
	for _, item := range lacks {
		a.term.Notef("no price for %s in %s", item, s.cfg.Region)
	}
	a.term.Notef("%d prices of %s, in %s", len(fresh.Prices), fresh.AsOf, path)
	return a.cost(ctx, costOptions{})
}
