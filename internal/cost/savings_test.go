package cost

import (
	"fmt"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func savings(t *testing.T, cfg *agents.Config) *Savings {
	t.Helper()
	s, err := FindSavings(cfg, prices(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Savings) text() string {
	var b strings.Builder
	for _, r := range s.Ranked {
		fmt.Fprintf(&b, "%8s  %s: %s\n          %s\n          %s\n", USD(r.Monthly), r.Name, r.Change, r.How, r.Tradeoff)
		if len(r.Excludes) > 0 {
			fmt.Fprintf(&b, "          not with %s\n", strings.Join(r.Excludes, ", "))
		}
	}
	fmt.Fprintf(&b, "\ntogether %s: %s\n\nnot worth it\n", USD(s.Together), strings.Join(s.Chosen, ", "))
	for _, u := range s.NotWorth {
		fmt.Fprintf(&b, "%8s  %s: %s\n", USD(u.Monthly), u.Change, u.Why)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(s.Facts, "\n"))
	return b.String()
}

func TestSavingsAreWhatTheyWere(t *testing.T) {
	golden(t, "savings.golden", savings(t, config(t, "agents.yaml")).text())
	golden(t, "savings.full.golden", savings(t, config(t, "agents.full.yaml")).text())
}

func TestEverySavingIsWhatTheChangedStackCosts(t *testing.T) {
	cfg := config(t, "agents.full.yaml")
	onDemand(cfg)
	cfg.Network.NAT, cfg.Network.AZs = agents.NATPerAZ, 3
	total := estimate(t, cfg).Total().Expected
	s := savings(t, cfg)
	for i, r := range s.Ranked {
		if !total.Sub(r.Monthly).Equal(r.After) || !r.Monthly.IsPositive() {
			t.Errorf("%s saves %s of %s and leaves %s", r.Name, r.Monthly, total, r.After)
		}
		if i > 0 && r.Monthly.GreaterThan(s.Ranked[i-1].Monthly) {
			t.Errorf("%s saves more than the one before it", r.Name)
		}
		if r.Tradeoff == "" || r.How == "" {
			t.Errorf("%s does not say what it takes", r.Name)
		}
	}
	for _, want := range []string{"spot", "arm64", "no-nat", "one-nat", "no-endpoints", "endpoints-in-one-zone", "no-insights", "hibernate", "office-hours", "two-zones"} {
		if !s.has(want) {
			t.Errorf("%s would save and is not listed", want)
		}
	}
	if s.Together.GreaterThan(s.Ranked[0].After) {
		t.Errorf("all together leave %s, the first alone %s", s.Together, s.Ranked[0].After)
	}
}

// Table A5.
func TestNATBreaksEvenWithEndpointsWhereItWasWorkedOutByHand(t *testing.T) {
	book := prices(t)
	for _, c := range []struct {
		n, zones int
		want     string
	}{{1, 1, "209"}, {1, 2, "417"}, {4, 1, "834"}, {4, 2, "1,669"}} {
		if got := thousands(BreakEven(book, c.n, c.zones)); got != c.want {
			t.Errorf("%d endpoints in %d zones break even at %s GB, want %s", c.n, c.zones, got, c.want)
		}
	}
	if got := TasksForNAT(book).String(); got != "10" {
		t.Errorf("a NAT gateway costs as much as %s tasks with addresses, want 10", got)
	}
}
