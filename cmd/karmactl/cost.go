package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/cost"
	"github.com/karmacadabra/karmactl/internal/document"
)

type costOptions struct {
	savings, actual, markdown bool
	month                     string
	budget                    string
}

func (o *costOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.savings, "savings", false, "what would save, ranked, each with its price")
	f.BoolVar(&o.actual, "actual", false, "what Cost Explorer says, beside the estimate")
	f.StringVar(&o.month, "month", "", "with --actual: the month, as `2026-10` (default this one)")
	f.StringVar(&o.budget, "budget", "", "hold the estimate against this many dollars a month instead of the file's")
	f.BoolVar(&o.markdown, "markdown", false, "as a table in Markdown, for the comment of a pull request")
}

// completeMonths are this month and the eleven before it.
func completeMonths(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var out []string
	first := time.Now().UTC()
	first = first.AddDate(0, 0, 1-first.Day())
	for i := range 12 {
		out = append(out, first.AddDate(0, -i, 0).Format("2006-01"))
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func newCostCmd(a *app) *cobra.Command {
	var o costOptions
	cmd := &cobra.Command{
		Use: "cost", Short: "What the stack costs a month, what would make it cheaper, what it did cost", Args: knownCommand,
		Example: `  karmactl cost
  karmactl cost --savings
  karmactl cost --actual --month 2026-10
  karmactl cost --markdown >> comment.md`,
		Long: `Prices every resource of agents.yaml, with a low, an expected and a high figure.
Neither this nor --savings needs credentials or a network. --actual asks Cost
Explorer, at a cent a request, and keeps the answer for eight hours.`,
		RunE: func(c *cobra.Command, args []string) error {
			if o.actual {
				return a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runCostActual(ctx, s, o) })(c, args)
			}
			return runCost(a, o)
		},
	}
	o.addFlags(cmd.Flags())
	completeFlag(cmd, "month", completeMonths)
	cmd.MarkFlagsMutuallyExclusive("savings", "actual", "markdown")
	cmd.AddCommand(newCostRefreshCmd(a))
	return cmd
}

func runCost(a *app, o costOptions) error {
	if o.month != "" {
		return &usageError{errors.New("--month goes with --actual")}
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	doc, _, prices, err := a.estimate(cfg, o)
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
	} else if doc.BestSaving, err = a.bestSaving(cfg); err != nil {
		return err
	}
	return a.term.Cost(doc)
}

func runCostActual(ctx context.Context, s *session, o costOptions) error {
	doc, e, prices, err := s.app.estimate(s.cfg, o)
	if err != nil {
		return err
	}
	if doc.Actual, err = actualCost(ctx, s, o.month, e, prices); err != nil {
		return err
	}
	return s.app.term.Cost(doc)
}

func newCostRefreshCmd(a *app) *cobra.Command {
	var dry dryRun
	cmd := &cobra.Command{
		Use: "refresh", Short: "Fetch today's prices of the region", Args: cobra.NoArgs,
		Example: `  karmactl cost refresh --region eu-west-1
  karmactl cost refresh --dry-run`,
		Long: `Asks AWS's price list (pricing:GetProducts, free) and, as best effort, the page's
feed of Fargate Spot prices. They are kept for this user, and used from then on; with --dry-run they are
compared with the ones in use, and not kept.`,
		RunE: a.withSession(anyArgs, func(ctx context.Context, s *session, _ []string) error { return runCostRefresh(ctx, s, dry) }),
	}
	dry.addFlags(cmd.Flags())
	return cmd
}

func runCostRefresh(ctx context.Context, s *session, dry dryRun) error {
	a := s.app
	old, err := a.book(s.cfg)
	if err != nil {
		return err
	}
	api := pricing.NewFromConfig(s.aws, func(o *pricing.Options) { o.Region = cost.PriceListRegion })
	fresh, why, err := cost.Refresh(ctx, api, s.http, s.cfg.Region, old, s.clock.Now())
	if err != nil {
		return err
	}
	path := ""
	if !dry {
		dir, err := a.cacheDir()
		if err != nil {
			return err
		}
		if path, err = fresh.Save(dir); err != nil {
			return err
		}
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
	if dry {
		differ := 0
		for item, row := range fresh.Prices {
			if was, known := old.Prices[item]; !known || !was.USD.Equal(row.USD) {
				differ++
			}
		}
		a.term.Notef("%d prices of %s, of which %d differ from those of %s in use: they would be kept; this is the estimate with them", len(fresh.Prices), fresh.AsOf, differ, old.AsOf)
		doc, _, err := estimateWith(s.cfg, fresh, costOptions{})
		if err != nil {
			return err
		}
		return a.term.Cost(doc)
	}
	a.term.Notef("%d prices of %s, in %s", len(fresh.Prices), fresh.AsOf, path)
	return runCost(a, costOptions{})
}

// book is the prices of the configuration's region.
func (a *app) book(cfg *agents.Config) (*cost.Book, error) {
	dir, err := a.cacheDir()
	if err != nil {
		dir = "" // a user without a cache has the prices of this binary
	}
	return cost.Open(cfg.Region, dir)
}

// estimateOf prices a configuration, and gives the prices that it took.
func (a *app) estimateOf(cfg *agents.Config) (*cost.Estimate, *cost.Book, error) {
	prices, err := a.book(cfg)
	if err != nil {
		return nil, nil, err
	}
	e, err := cost.EstimateConfig(cfg, prices)
	return e, prices, err
}

// cacheDir is the user's, or one beside the simulated account: its prices and
// bills must not pass for AWS's.
func (a *app) cacheDir() (string, error) {
	if a.opts.simulate != "" {
		return a.world() + ".cache", nil
	}
	return cost.CacheDir()
}

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
	budget = cmp.Or(budget, cfg.Budget.MonthlyUSD)
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
