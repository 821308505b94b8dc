package cost

import "testing"

func TestTheRateFollowsTheTasksThatAreThere(t *testing.T) {
	cfg := config(t, "agents.yaml")
	tasks := map[string]int{}
	for _, a := range cfg.Agents {
		tasks[a.Name] = 1
	}
	for _, c := range []struct {
		validators   int
		today, month string
	}{{1, "2.67", "81.07"}, {3, "2.85", "86.80"}, {0, "2.57", "78.20"}} {
		tasks["validator"] = c.validators
		r, err := AtRate(cfg, tasks, prices(t))
		if err != nil {
			t.Fatal(err)
		}
		if USD(r.Today) != c.today || USD(r.Month) != c.month || len(r.Lacks) > 0 {
			t.Errorf("with %d validators: %s today, %s a month, want %s and %s", c.validators, USD(r.Today), USD(r.Month), c.today, c.month)
		}
	}
	if cfg.Agents[0].Scale.Min != 1 {
		t.Error("it changes the configuration")
	}
	empty, err := Open("eusc-de-east-1", "")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := AtRate(cfg, tasks, empty); err != nil || len(r.Lacks) == 0 {
		t.Errorf("without prices it is known: %+v, %v", r, err)
	}
}
