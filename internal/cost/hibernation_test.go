package cost

import (
	"testing"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// rest is what hibernating saves of a configuration.
func rest(t *testing.T, cfg *agents.Config, keepALB bool) Rest {
	t.Helper()
	st := offline(cfg)
	r, err := Hibernated(cfg, st.Resources(), stack.Asleep(st.Steps(), keepALB), prices(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Worked out by hand from the list, for 730 hours: tasks 14.34, NAT gateway
// 32.85, its address 3.65, load balancer 16.43, its two addresses 7.30, and what
// the alarms cost beyond the ten that are free.
func TestWhatHibernatingSavesAgreesWithFiguresWorkedOutByHand(t *testing.T) {
	cfg := config(t, "agents.yaml")
	alarms := estimate(t, cfg).Sum(func(c Component) bool { return c.Noun == "alarm" }).Expected
	all, keep := rest(t, cfg, false), rest(t, cfg, true)
	within(t, all.Monthly.Sub(alarms), "74.57", "0.001")
	within(t, keep.Monthly.Sub(alarms), "50.84", "0.001")
	within(t, all.Hourly.Mul(hours), all.Monthly.String(), "0.000001")
	// Office hours are 45 of 168 a week, so 73 % of the month are nights: 51.95 of
	// tasks, NAT gateway and load balancer (V9), 2.67 of the address, 0.88 of alarms.
	within(t, all.Nights, "55.50", "0.001")
}

func TestAStackWithoutOfficeHoursHasNoNights(t *testing.T) {
	cfg := config(t, "agents.yaml")
	cfg.Schedules = nil
	if r := rest(t, cfg, false); !r.Nights.IsZero() || r.Office != "" {
		t.Errorf("nights of %s save %s", r.Office, r.Nights)
	}
}

// Interface endpoints bill by the hour as well; the gateway endpoint is free.
func TestInterfaceEndpointsSleepToo(t *testing.T) {
	cfg := config(t, "agents.full.yaml")
	st := offline(cfg)
	asleep := stack.Asleep(st.Steps(), false)
	left := map[string]decimal.Decimal{}
	var nodes []engine.Node
	for _, n := range st.Resources() {
		if !asleep(n.Key()) {
			nodes = append(nodes, n)
		}
	}
	e, err := Of(cfg, nodes, prices(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range e.Components {
		if c.Unit == "hour" || c.Unit == "address-hour" {
			left[c.Noun] = c.Monthly().Expected
		}
	}
	if len(left) > 0 {
		t.Errorf("these bill by the hour while the stack sleeps: %v", left)
	}
	if !asleep("endpoint/ecr.api") || asleep("endpoint/s3") {
		t.Errorf("of the endpoints the wrong ones sleep: %v", st.Steps())
	}
}
