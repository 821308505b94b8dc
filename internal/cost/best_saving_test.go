package cost

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func TestThePlansSavingIsTheLargestChangeOfTheFile(t *testing.T) {
	cfg := config(t, "agents.yaml")
	s, err := BestSaving(cfg, prices(t))
	if err != nil || s == nil || s.Name != "nat-instance" || USD(s.Monthly) != "29.59" {
		t.Fatalf("it is %+v, %v", s, err)
	}
	all, err := FindSavings(cfg, prices(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Ranked {
		if r.Name == s.Name && !r.Monthly.Equal(s.Monthly) {
			t.Errorf("it saves %s, and %s by itself", s.Monthly, r.Monthly)
		}
	}
	cfg.Network.NAT = agents.NATNone
	if s, err = BestSaving(cfg, prices(t)); err != nil || s == nil || s.Name == "no-nat" || s.Name == "nat-instance" {
		t.Errorf("what is done already is no saving: %+v, %v", s, err)
	}
}

func TestEveryLeverOfTheFileSaysItsRiskInALine(t *testing.T) {
	all, err := levers(config(t, "agents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.do != nil && (l.risk == "" || len(l.risk) > 70) {
			t.Errorf("%s: %q", l.name, l.risk)
		}
	}
}

func TestWithoutPricesThereIsNoBestSaving(t *testing.T) {
	empty, err := Open("eusc-de-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := BestSaving(config(t, "agents.yaml"), empty); s != nil || err != nil {
		t.Errorf("it is %+v, %v", s, err)
	}
}
