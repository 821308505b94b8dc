package cost

import (
	"slices"
	"testing"
)

func TestTheRateFollowsTheTasksThatAreThere(t *testing.T) {
	cfg := config(t, "agents.yaml")
	tasks := map[string]int{}
	for _, a := range cfg.Agents {
		tasks[a.Name] = 1
	}
	running := func(n int, size Task) []Task { return slices.Repeat([]Task{size}, n) }
	spot := Task{CPU: 256, Memory: 512, Spot: true}
	for _, c := range []struct {
		validators   int
		today, month string
	}{{1, "2.61", "79.27"}, {3, "2.79", "85.00"}, {0, "2.51", "76.40"}} {
		tasks["validator"] = c.validators
		r, err := RunRate(cfg, tasks, running(c.validators+4, spot), prices(t))
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
	if r, err := RunRate(cfg, tasks, running(5, spot), empty); err != nil || len(r.Lacks) == 0 {
		t.Errorf("without prices it is known: %+v, %v", r, err)
	}
}

func TestTheRateIsThatOfWhatRunsAndNotOfTheFile(t *testing.T) {
	cfg := config(t, "agents.yaml")
	tasks := map[string]int{}
	for _, a := range cfg.Agents {
		tasks[a.Name] = 1
	}
	small, book := Task{CPU: 256, Memory: 512, Spot: true}, prices(t)
	for name, c := range map[string]struct {
		tasks []Task
		month string
	}{
		"as the file says":            {slices.Repeat([]Task{small}, 5), "79.27"},
		"four are larger":             {append(slices.Repeat([]Task{{CPU: 1024, Memory: 8192, Spot: true}}, 4), small), "138.49"},
		"one is on demand":            {append(slices.Repeat([]Task{small}, 4), Task{CPU: 256, Memory: 512}), "85.41"},
		"one is on another processor": {append(slices.Repeat([]Task{small}, 4), Task{CPU: 256, Memory: 512, Spot: true, ARM: true}), "78.69"},
		"one runs once beside them":   {append(slices.Repeat([]Task{small}, 5), Task{CPU: 256, Memory: 512}), "88.28"},
	} {
		r, err := RunRate(cfg, tasks, c.tasks, book)
		if err != nil || USD(r.Month) != c.month {
			t.Errorf("%s: %s a month, want %s (%v)", name, USD(r.Month), c.month, err)
		}
	}
}
