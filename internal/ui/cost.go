package ui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Cost prints it.
func (t *Terminal) Cost(c *document.Cost) error {
	c.Head = document.Of("Cost")
	if t.JSON {
		return t.Document(c)
	}
	var b strings.Builder
	width := t.page()
	t.costHead(&b, c, width)
	switch {
	case c.Actual != nil:
		t.costActual(&b, c.Actual, width)
	case c.Savings != nil:
		t.costSavings(&b, c)
	default:
		label := 0
		for _, s := range slices.Concat(c.Nouns, c.Agents) {
			label = max(label, lipgloss.Width(s.Name))
		}
		t.costBars(&b, "", c.Nouns, label, width)
		t.costBars(&b, "by agent", c.Agents, label, width)
		if t.Verbose {
			t.costComponents(&b, c)
		}
		t.costFoot(&b, c)
	}
	text := b.String()
	if _, height := t.size(); t.Screen && strings.Count(text, "\n") >= height { // the head has scrolled away
		text += "\n" + t.costTotal(c, width) + "\n"
	}
	t.Printf("%s", text)
	return nil
}

func (t *Terminal) costHead(b *strings.Builder, c *document.Cost, width int) {
	p := t.paint()
	asOf := "list prices of " + c.PricesAsOf
	if c.PricesAsOf == "" {
		asOf = "no list prices"
	}
	if c.SpotAsOf != "" {
		asOf += ", Spot " + c.SpotAsOf
	}
	fmt.Fprintln(b, apart(p.bold(c.Stack)+"  "+c.Region+t.simulated(), p.dim(asOf), width))
	fmt.Fprintln(b, t.costTotal(c, width))
	for i, m := range c.Missing {
		if i == 3 && !t.Verbose {
			fmt.Fprintf(b, "    and %d more\n", len(c.Missing)-i)
			break
		}
		fmt.Fprintf(b, "  %s %s: it is not in the total\n", p.yellow("!"), m)
	}
	if len(c.Missing) > 0 {
		fmt.Fprintf(b, "    %s fetches today's prices\n", p.bold("karmactl cost refresh"))
	}
	fmt.Fprintln(b)
}

// costTotal is the month, and whether the budget allows it.
func (t *Terminal) costTotal(c *document.Cost, width int) string {
	p := t.paint()
	verdict := ""
	if c.Budget != "" {
		verdict = "budget " + c.Budget + "  " + p.green("ok")
		if c.Over {
			verdict = "budget " + c.Budget + "  " + p.red("over")
		}
	}
	total := fmt.Sprintf("  %s a month   (%s – %s)", p.bold("$"+c.Monthly.Expected), c.Monthly.Low, c.Monthly.High)
	if len(c.Missing) > 0 && !c.Over {
		verdict = p.yellow("budget not checked: prices are missing")
	}
	switch {
	case c.Monthly.Expected == "":
		total = "  the total is not known"
	case len(c.Missing) > 0:
		total = "  at least " + strings.TrimSpace(total)
	}
	return between(total, verdict, width)
}

// costBars is a bar chart: the longest bar is the dearest share.
func (t *Terminal) costBars(b *strings.Builder, title string, shares []document.CostShare, label, width int) {
	if len(shares) == 0 {
		return
	}
	p := t.paint()
	if title != "" {
		fmt.Fprintln(b, p.dim("  "+title))
	}
	most := 0.0
	for _, s := range shares {
		most = max(most, number(s.Monthly))
	}
	room := width - label - 34
	if room < 4 { // without bars
		room = 0
	}
	// What all share may be less than nothing: the free tiers of what is the agents'.
	for _, s := range shares {
		if number(s.Monthly) == 0 && number(s.High) == 0 {
			continue
		}
		bar := ""
		if most > 0 {
			bar = strings.Repeat("█", max(0, int(number(s.Monthly)/most*float64(room)+0.5)))
		}
		line := fmt.Sprintf("  %s  %8s", pad(nounText(s.Name), label), s.Monthly)
		if room > 0 {
			line += "  " + p.blue(pad(bar, room))
		}
		if r := fmt.Sprintf("  %7s – %s", s.Low, s.High); lipgloss.Width(line+r) <= width {
			line += p.dim(r)
		}
		fmt.Fprintln(b, line)
	}
	fmt.Fprintln(b)
}

// nounText is a noun of the estimate for people: nat_gateway is for scripts.
func nounText(noun string) string { return strings.ReplaceAll(noun, "_", " ") }

func (t *Terminal) costComponents(b *strings.Builder, c *document.Cost) {
	for _, x := range c.Components {
		who := x.Key
		if who == "" {
			who = nounText(x.Noun)
		}
		fmt.Fprintf(b, "  %s %s %10s %s × %s = %s\n", pad(who, 34), pad(x.Item, 46), x.Quantity, x.Unit, x.UnitPrice, x.Monthly)
	}
	fmt.Fprintln(b)
}

func (t *Terminal) costFoot(b *strings.Builder, c *document.Cost) {
	p := t.paint()
	for _, a := range c.Assumptions {
		b.WriteString(t.para("  · ", p.dim(a)))
	}
	b.WriteString("\n")
	if c.BestSaving != nil {
		b.WriteString(t.bestSaving("  ", c.BestSaving))
	}
	b.WriteString(t.para("  ", "What else would make it cheaper: "+p.bold("karmactl cost --savings")))
}

// bestSaving is the one change that saves most, in a line.
func (t *Terminal) bestSaving(lead string, s *document.BestSaving) string {
	p := t.paint()
	return t.para(lead+p.green("cheaper by "+s.Monthly)+"  ", p.bold(s.How)+p.dim("  but "+s.Risk))
}

func (t *Terminal) costSavings(b *strings.Builder, c *document.Cost) {
	p := t.paint()
	under := strings.Repeat(" ", 12)
	if len(c.Savings) > 0 {
		fmt.Fprintln(b, p.dim("  saves a month"))
	}
	for _, s := range c.Savings {
		b.WriteString(t.para("  "+p.green(fmt.Sprintf("%8s", s.Monthly))+"  ", p.bold(s.Change)))
		b.WriteString(t.para(under, s.How))
		b.WriteString(t.para(under, p.dim(s.Tradeoff)))
		if len(s.Excludes) > 0 {
			b.WriteString(t.para(under, p.dim("instead of: "+strings.Join(s.Excludes, ", "))))
		}
	}
	if len(c.Unpriced) > 0 {
		b.WriteString(t.para("  "+p.yellow("!")+" ", "not known without the missing prices: what these would save: "+strings.Join(c.Unpriced, ", ")))
	}
	if c.Together != nil && len(c.Together.Names) > 0 {
		b.WriteString("\n" + t.para("  ", "With all of these the month costs "+p.bold("$"+c.Together.Monthly)+": "+strings.Join(c.Together.Names, ", ")))
	}
	if len(c.NotWorth) > 0 {
		fmt.Fprintln(b, p.dim("\n  not worth it"))
		for _, n := range c.NotWorth {
			b.WriteString(t.para(fmt.Sprintf("  %8s  ", n.Monthly), n.Change+": "+n.Why))
		}
	}
	fmt.Fprintln(b)
	for _, f := range c.Facts {
		b.WriteString(t.para("  · ", p.dim(f)))
	}
}

func (t *Terminal) costActual(b *strings.Builder, a *document.CostActual, width int) {
	p := t.paint()
	fmt.Fprintln(b, p.dim(between(fmt.Sprintf("  %s up to %s", a.From, a.To), "estimate    actual", width-30)))
	for _, l := range a.Lines {
		fmt.Fprintln(b, between("  "+l.Service, fmt.Sprintf("%8s  %8s", l.Estimate, l.Actual), width-30)+strings.TrimRight("  "+p.dim(l.Why), " "))
	}
	fmt.Fprintln(b, between("  "+p.bold("total"), fmt.Sprintf("%8s  %s", a.Estimate, p.bold(fmt.Sprintf("%8s", a.Total))), width-30))
	fmt.Fprintln(b)
	for _, n := range a.Notes {
		b.WriteString(t.para("  · ", p.dim(n)))
	}
}

// number reads a decimal string for a bar's length.
func number(s string) float64 {
	var f float64
	if _, err := fmt.Sscan(s, &f); err != nil {
		return 0
	}
	return f
}
