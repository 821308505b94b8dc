package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/document"
)

func costText(t *testing.T, c *document.Cost) string {
	t.Helper()
	var out bytes.Buffer
	term := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
	if err := term.Cost(c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheLongestBarIsTheDearestShare(t *testing.T) {
	text := costText(t, &document.Cost{Monthly: document.Range{Low: "40.00", Expected: "60.00", High: "90.00"}, Nouns: []document.CostShare{{Name: "nat_gateway", Monthly: "40.00", Low: "40.00", High: "41.00"}, {Name: "service", Monthly: "20.00", Low: "0.00", High: "49.00"}}})
	bars := map[string]int{}
	for _, line := range strings.Split(text, "\n") {
		if f := strings.Fields(line); len(f) > 2 {
			bars[f[0]] = strings.Count(line, "█") // by the first word
		}
	}
	if d := bars["nat"] - 2*bars["service"]; d < -1 || d > 1 || bars["service"] == 0 {
		t.Errorf("40 has %d and 20 has %d:\n%s", bars["nat"], bars["service"], text)
	}
}

func TestATotalWithoutPricesIsNotShownAsNothing(t *testing.T) {
	text := costText(t, &document.Cost{Region: "eu-west-1", Budget: "100", Missing: []string{"no price for nat_gateway_hour in eu-west-1"}})
	for _, want := range []string{"the total is not known", "budget not checked", "karmactl cost refresh"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "0.00") {
		t.Errorf("it costs nothing:\n%s", text)
	}
}

func markdown(c *document.Cost) string {
	var out bytes.Buffer
	NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" }).CostMarkdown(c)
	return out.String()
}

func TestMarkdownIsATableForAPullRequest(t *testing.T) {
	got := markdown(&document.Cost{
		Stack: "karmacadabra-prod", Region: "eu-west-1", Monthly: document.Range{Low: "83.10", Expected: "84.55", High: "174.20"}, PricesAsOf: "2026-09-29", SpotAsOf: "2026-09-29", Budget: "100",
		Nouns: []document.CostShare{{Name: "nat_gateway", Monthly: "35.52", Low: "35.04", High: "40.10"}, {Name: "service", Monthly: "13.64", Low: "13.64", High: "68.00"}},
	})
	want := `### karmacadabra-prod in eu-west-1: $84.55 a month

| | expected | low – high |
|---|--:|--:|
| nat gateway | 35.52 | 35.04 – 40.10 |
| service | 13.64 | 13.64 – 68.00 |
| **total** | **84.55** | 83.10 – 174.20 |

Within the budget of $100.

<sub>List prices of 2026-09-29, Fargate Spot of 2026-09-29, USD without tax; ` + "`karmactl cost`" + `</sub>
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMarkdownOfAnUnknownTotalDoesNotSayNothing(t *testing.T) {
	got := markdown(&document.Cost{Stack: "a/b", Region: "eusc-de-east-1", Budget: "100", Missing: []string{"no price for nat_gateway_hour in eusc-de-east-1"}})
	if !strings.Contains(got, "the cost is not known") || !strings.Contains(got, "- no price for nat_gateway_hour") || strings.Contains(got, "0.00") || strings.Contains(got, "Within") {
		t.Errorf("got\n%s", got)
	}
}
