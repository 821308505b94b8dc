package ui

import (
	"bytes"
	"strings"
	"testing"
)

func costText(t *testing.T, c *Cost) string {
	t.Helper()
	var out bytes.Buffer
	term := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
	if err := term.Cost(c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheLongestBarIsTheDearestShare(t *testing.T) {
	text := costText(t, &Cost{Monthly: Range{"40.00", "60.00", "90.00"}, Nouns: []CostShare{{"nat_gateway", "40.00", "40.00", "41.00"}, {"service", "20.00", "0.00", "49.00"}}})
	bars := map[string]int{}
	for _, line := range strings.Split(text, "\n") {
		if f := strings.Fields(line); len(f) > 2 {
			bars[f[0]] = strings.Count(line, "█")
		}
	}
	if d := bars["nat_gateway"] - 2*bars["service"]; d < -1 || d > 1 || bars["service"] == 0 {
		t.Errorf("40 has %d and 20 has %d:\n%s", bars["nat_gateway"], bars["service"], text)
	}
}

func TestATotalWithoutPricesIsNotShownAsNothing(t *testing.T) {
	text := costText(t, &Cost{Region: "eu-west-1", Budget: "100", Missing: []string{"no price for nat_gateway_hour in eu-west-1"}})
	for _, want := range []string{"the total is not known", "budget not checked", "karmactl cost refresh"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "0.00") {
		t.Errorf("it costs nothing:\n%s", text)
	}
}
