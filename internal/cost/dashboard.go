package cost

import (
	"encoding/json"

	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// CloudWatch's free tier: three dashboards of up to 50 metrics each.
const (
	freeDashboards       = 3
	freeDashboardMetrics = 50
)

// priceDashboard: $3.00 a month, free while it is small and one of the
// account's first three.
func priceDashboard(b *bill, k engine.Key, d provision.DashboardSpec) {
	b.add(charge{key: k, noun: "dashboard", item: "dashboard", unit: "dashboard", quantity: whole(1), price: DashboardMonth, hourly: true})
	if dashboardMetrics(d) <= freeDashboardMetrics {
		b.free("dashboard", "three dashboards of up to 50 metrics", "dashboard", decimal.NewFromInt(freeDashboards), whole(1), DashboardMonth, true)
	}
}

// dashboardMetrics counts the lines of its charts in what would be drawn.
func dashboardMetrics(d provision.DashboardSpec) int {
	var body struct {
		Widgets []struct {
			Properties struct {
				Metrics []json.RawMessage `json:"metrics"`
			} `json:"properties"`
		} `json:"widgets"`
	}
	if err := json.Unmarshal([]byte(d.Body), &body); err != nil {
		return freeDashboardMetrics + 1 // rather dear than wrong
	}
	n := 0
	for _, w := range body.Widgets {
		n += len(w.Properties.Metrics)
	}
	return n
}
