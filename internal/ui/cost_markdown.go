package ui

import (
	"fmt"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
)

// CostMarkdown prints the estimate as a table of GitHub's Markdown, for the comment
// of a pull request.
func (t *Terminal) CostMarkdown(c *document.Cost) {
	var b strings.Builder
	total := "the cost is not known"
	switch {
	case c.Monthly.Expected != "" && len(c.Missing) > 0:
		total = "at least $" + c.Monthly.Expected + " a month"
	case c.Monthly.Expected != "":
		total = "$" + c.Monthly.Expected + " a month"
	}
	fmt.Fprintf(&b, "### %s in %s: %s\n\n", c.Stack, c.Region, total)
	if len(c.Nouns) > 0 {
		fmt.Fprint(&b, "| | expected | low – high |\n|---|--:|--:|\n")
		for _, s := range c.Nouns {
			fmt.Fprintf(&b, "| %s | %s | %s – %s |\n", nounText(s.Name), s.Monthly, s.Low, s.High)
		}
		fmt.Fprintf(&b, "| **total** | **%s** | %s – %s |\n\n", c.Monthly.Expected, c.Monthly.Low, c.Monthly.High)
	}
	switch {
	case c.Budget == "":
	case c.Over:
		fmt.Fprintf(&b, "**Over the budget of $%s.** `up` refuses without `--over-budget`.\n\n", c.Budget)
	case len(c.Missing) > 0:
		fmt.Fprintf(&b, "Whether the budget of $%s holds is not known.\n\n", c.Budget)
	default:
		fmt.Fprintf(&b, "Within the budget of $%s.\n\n", c.Budget)
	}
	for _, m := range c.Missing {
		fmt.Fprintf(&b, "- %s: it is not in the total\n", m)
	}
	if len(c.Missing) > 0 {
		fmt.Fprintln(&b)
	}
	if c.PricesAsOf != "" {
		asOf := "List prices of " + c.PricesAsOf
		if c.SpotAsOf != "" {
			asOf += ", Fargate Spot of " + c.SpotAsOf
		}
		fmt.Fprintf(&b, "<sub>%s, USD without tax; `karmactl cost`</sub>\n", asOf)
	}
	t.Printf("%s", b.String())
}
