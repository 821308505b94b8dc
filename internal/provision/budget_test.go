package provision

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestABudgetGoesThroughItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		b.lifecycle(engine.Manage(&Budget{Env: b.home, MonthlyUSD: "99.50", Emails: []string{"ops@example.com", "cfo@example.com"}}))
	})
}

func TestALimitAndTheAddressesChangeInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		b.up(engine.Manage(&Budget{Env: b.home, MonthlyUSD: "100", Emails: []string{"ops@example.com"}}))
		changed := engine.Manage(&Budget{Env: b.home, MonthlyUSD: "120", Emails: []string{"ops@example.com", "cfo@example.com"}})
		if n := b.plan(changed).Count(engine.Update); n != 1 {
			t.Fatalf("%d updates", n)
		}
		b.up(changed)
		if res := b.plan(changed); res.Changes() {
			t.Fatalf("the plan after the change is not empty: %s", verbs(res))
		}
	})
}

func TestABudgetTellsAtThreeThresholds(t *testing.T) {
	b := &Budget{Env: &Env{Stack: "karmacadabra-prod"}, MonthlyUSD: "100.00", Emails: []string{"ops@example.com"}}
	w := b.Want()
	if w.Filter != "user:karmactl:stack$karmacadabra-prod" || w.Limit != "100" {
		t.Errorf("it counts %s up to %s", w.Filter, w.Limit)
	}
	if w.Notices.String() != "actual 100: ops@example.com; actual 80: ops@example.com; forecasted 100: ops@example.com" {
		t.Errorf("it tells %s", w.Notices)
	}
}

func TestSomebodyElsesBudgetIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{})
		step := engine.Manage(&Budget{Env: b.home, MonthlyUSD: "100", Emails: []string{"ops@example.com"}})
		b.up(step)
		if err := b.sim.Edit(func(w *awssim.World) { w.Budgets["karmacadabra-prod-us-east-1"].Tags = cloud.Tags{} }); err != nil {
			t.Fatal(err)
		}
		b.rec = engine.NewMemory(b.home.Clock)
		res, err := b.walk(false, step).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var foreign *engine.NotManaged
		if !errors.As(res.Err(), &foreign) {
			t.Errorf("a budget without our tags gives %v", res.Err())
		}
	})
}
