package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

func (t *Terminal) planCost(b *strings.Builder, cost *document.PlanCost, width int) {
	c := t.paint()
	fmt.Fprintln(b)
	if cost.Monthly.Expected == "" {
		fmt.Fprintf(b, "  Monthly cost: %s, %d prices are missing for %s:\n    %s\n\n", c.yellow("not known"), cost.Unknown, cost.Region, wrap(Few(cost.Missing, 3), width-4, 4))
		return
	}
	title := fmt.Sprintf("  Monthly cost (%s list prices of %s)", cost.Region, cost.PricesAsOf)
	room := width
	if lipgloss.Width(title+"  "+strings.TrimRight(rangeHead, " ")) <= width { // its last blanks may be beyond the window
		room = max(width, lipgloss.Width(title+"  "+rangeHead))
	}
	fmt.Fprintln(b, c.dim(strings.TrimRight(between(title, rangeHead, room), " ")))
	for _, l := range cost.Lines {
		lead := "    " + pad(l.Name, 15)
		about, more, _ := strings.Cut(wrapItems(l.About, width-len(lead)-len(rangeHead), len(lead)), "\n")
		fmt.Fprintln(b, strings.TrimRight(between(lead+about, rangeCells(l.Range.Expected, l.Range), width), " "))
		if more != "" {
			fmt.Fprintln(b, more)
		}
	}
	t.planTotal(b, cost, width)
	if cost.Unknown > 0 {
		fmt.Fprintf(b, "    %s %s\n", c.yellow("!"), wrap("not in the total, without a price in "+cost.Region+": "+Few(cost.Missing, 3), width-6, 6))
	}
	if cost.BestSaving != nil {
		b.WriteString(t.bestSaving("    ", cost.BestSaving))
	}
	fmt.Fprintln(b)
}

// planTotal is the line below a plan's costs: the total, what the plan changes of it, and the budget.
func (t *Terminal) planTotal(b *strings.Builder, cost *document.PlanCost, width int) {
	c := t.paint()
	verdict := ""
	if cost.Budget != "" {
		verdict = "budget " + cost.Budget + "  " + c.green("ok")
		if cost.Over {
			verdict = "budget " + cost.Budget + "  " + c.red("over")
		}
	}
	total := "    " + pad("total", 15)
	if cost.Unknown > 0 {
		total = "    " + pad("at least", 15)
		if cost.Budget != "" && !cost.Over {
			verdict = c.yellow("budget not checked")
		}
	}
	delta := ""
	if cost.Delta != "" && cost.Delta != "0.00" && cost.Delta != cost.Monthly.Expected {
		sign := "+"
		if strings.HasPrefix(cost.Delta, "-") {
			sign = ""
		}
		delta = "(" + sign + cost.Delta + " by this plan)"
	}
	cells := rangeCells(c.bold(cost.Monthly.Expected), cost.Monthly)
	beside := total
	if delta != "" && lipgloss.Width(total+delta+"   "+verdict+"  "+cells) <= width {
		beside, delta = total+delta+"   ", ""
	}
	fmt.Fprintln(b, strings.TrimRight(between(c.bold(beside)+verdict, cells, width), " "))
	if delta != "" {
		fmt.Fprintln(b, strings.Repeat(" ", lipgloss.Width(total))+delta)
	}
}

// wrapItems is wrap for what has dots between: it is broken at these, and before them
// where that is not enough.
func wrapItems(s string, n, indent int) string {
	lines := []string{""}
	for i, item := range strings.Split(s, " · ") {
		at := len(lines) - 1
		switch {
		case i == 0:
			lines[at] = item
		case lipgloss.Width(lines[at]+" · "+item) <= n:
			lines[at] += " · " + item
		default:
			lines = append(lines, item)
		}
	}
	for i, l := range lines {
		lines[i] = wrap(l, n, indent)
	}
	return strings.Join(lines, "\n"+strings.Repeat(" ", indent))
}

// rangeHead is above rangeCells, which are as wide.
const rangeHead = "expected       low – high    "

// rangeCells are the columns "expected", "low" and "high", to the cent: they add up.
func rangeCells(expected string, r document.Range) string {
	return strings.Repeat(" ", max(0, 8-lipgloss.Width(expected))) + expected + fmt.Sprintf("  %8s – %s", r.Low, pad(r.High, 8))
}
