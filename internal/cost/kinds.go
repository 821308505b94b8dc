package cost

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Class is what a kind of resource does to the bill.
type Class string

// The classes. A kind that is free says so; nothing is free by omission.
const (
	Priced  Class = "priced"
	Free    Class = "free"
	ByUsage Class = "by usage"
)

// kind is how one kind of resource is priced.
type kind struct {
	class Class
	// each prices one resource, once what the kind has together.
	each func(b *bill, n engine.Node) error
	once func(b *bill)
}

// kinds has an entry for every kind in internal/stack/kinds.go: a resource that has
// none cannot be estimated, and a test fails.
func kinds() map[string]kind {
	free := kind{class: Free}
	return map[string]kind{
		// network
		"nat":                     {class: Priced, each: each(priceNATGateway), once: priceNATData},
		"eip":                     {class: Priced, each: each(priceElasticIP)},
		"endpoint":                {class: Priced, each: each(priceVPCEndpoint), once: priceEndpointData},
		"vpc":                     free,
		"igw":                     free,
		"subnet":                  free,
		"route-table":             free,
		"route":                   free,
		"route-table-association": free,
		"sg":                      free,
		// edge
		"alb":                    {class: Priced, each: each(priceLoadBalancer)},
		"listener":               free,
		"rule":                   free,
		"target-group":           free,
		"certificate":            free, // public certificates of ACM
		"certificate-validation": free,
		"record":                 free, // queries of aliases are; the zone is the user's
		// platform
		"cluster":       {class: Priced, each: each(priceCluster)},
		"log-group":     {class: ByUsage},
		"metric-filter": {class: ByUsage, each: each(priceMetricFilter)},
		"repository":    {class: ByUsage, once: priceImages},
		"dashboard":     {class: Priced, each: each(priceDashboard)},
		"sampling-rule": {class: ByUsage, once: priceTraces},
		"topic":         free, // the first thousand e-mails a month are
		"subscription":  free,
		"namespace":     free, // an HTTP namespace has no hosted zone
		"role":          free,
		"slr":           free,
		"budget":        free,             // one that only tells is
		"state-bucket":  {class: ByUsage}, // walked apart; priceStateBucket
		// agents
		"service":         {class: Priced, each: each(priceService)},
		"task-definition": free,
		"scalable-target": free,
		"scaling-policy":  {class: Priced, each: each(priceScalingPolicy)},
		"alarm":           {class: Priced, each: each(priceAlarm)},
		"secret":          {class: Priced, each: each(priceSecret)},
		"parameter":       free, // of the standard tier
	}
}

// each gives a pricing function its own type back.
func each[R engine.Node](f func(*bill, R)) func(*bill, engine.Node) error {
	return func(b *bill, n engine.Node) error {
		r, ok := n.(R)
		if !ok {
			return fmt.Errorf("%s is a %T, which internal/cost/kinds.go does not price", n.Key(), n)
		}
		f(b, r)
		return nil
	}
}
