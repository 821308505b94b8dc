package cost

import (
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// What Container Insights counts, from AWS's own metric tables (classic, on
// Fargate, without EBS): 10 resource metrics for the cluster, for each service
// and for each task family; ServiceCount and TaskCount for the cluster; five
// counts for each service.
const (
	insightsCluster = 10 + 2
	insightsService = 10 + 5
	insightsFamily  = 10
	// Enhanced observability adds tasks and containers. AWS has no table to
	// count from; this is what an account with a proxy in each task measured.
	enhancedCluster = 25
	enhancedTask    = 125
)

// insightsEvents is the GB of performance events that each service writes.
var insightsEvents = Range{decimal.RequireFromString("0.1"), decimal.RequireFromString("0.14"), decimal.RequireFromString("0.2")}

// priceCluster: a cluster is free, Container Insights is not. Classic metrics
// bill as custom metrics, enhanced ones at a price of their own.
func priceCluster(b *bill, k engine.Key, c provision.ClusterSpec) {
	services := b.kindCount("service")
	switch c.Insights {
	case "on", "enabled":
		b.metrics = b.metrics.plus(whole(insightsCluster + services*(insightsService+insightsFamily)))
	case "enhanced":
		tasks := Range{}
		for _, i := range b.items {
			if s, ok := i.spec.(provision.ServiceSpec); ok {
				t := b.tasksOf(i.key.Name(), s)
				tasks = tasks.plus(Range{whole(1).Low, decimal.Max(t.Expected, decimal.NewFromInt(1)), decimal.Max(t.High, decimal.NewFromInt(1))})
			}
		}
		b.add(charge{
			key: k, noun: "cluster", item: "Container Insights, enhanced (estimated)", unit: "metric",
			quantity: tasks.scale(decimal.NewFromInt(enhancedTask)).plus(whole(enhancedCluster)), price: InsightsMetric, hourly: true,
		})
	default:
		return
	}
	b.events = b.events.plus(insightsEvents.scale(decimal.NewFromInt(int64(services))))
}

func (b *bill) kindCount(kind string) int {
	n := 0
	for _, i := range b.items {
		if i.key.Kind() == kind {
			n++
		}
	}
	return n
}

// freeMetrics is CloudWatch's free tier.
var freeMetrics = decimal.NewFromInt(10)

// priceMetrics: custom metrics at $0.30 each, from any sender.
func priceMetrics(b *bill) {
	if b.metrics.High.IsZero() {
		return
	}
	b.add(charge{noun: "cluster", item: "custom metrics, Container Insights among them", unit: "metric", quantity: b.metrics, price: Metric, hourly: true})
	b.free("cluster", "the first 10 custom metrics", "metric", freeMetrics, b.metrics, Metric, true)
}
