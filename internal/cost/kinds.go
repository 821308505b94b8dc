package cost

import (
	"fmt"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
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
	each func(b *bill, k engine.Key, spec any) error
	once func(b *bill)
	// want is the spec that a resource of this kind wants; nil for kinds whose spec prices nothing.
	want func(n engine.Node) (any, error)
}

// kinds has an entry for every kind in internal/stack/kinds.go: a resource that has
// none cannot be estimated, and a test fails.
func kinds() map[string]kind {
	free := kind{class: Free}
	return map[string]kind{
		// network
		"nat":                     {class: Priced, each: byKey(priceNATGateway), once: priceNATData},
		"asg":                     {class: Priced, each: each(priceNATInstance), want: wants[*provision.AutoScalingGroup, provision.AutoScalingGroupSpec]},
		"eni":                     free,
		"launch-template":         free,
		"eip":                     {class: Priced, each: byKey(priceElasticIP)},
		"endpoint":                {class: Priced, each: each(priceVPCEndpoint), want: wants[*provision.VPCEndpoint, provision.VPCEndpointSpec], once: priceEndpointData},
		"vpc":                     free,
		"igw":                     free,
		"subnet":                  free,
		"vpc-cidr-block":          free, // Amazon's IPv6 addresses are
		"subnet-cidr-block":       free,
		"egress-only-gateway":     free,
		"route-table":             free,
		"route":                   free,
		"route-table-association": free,
		"sg":                      free,
		// edge
		"alb":                    {class: Priced, each: each(priceLoadBalancer), want: wants[*provision.LoadBalancer, provision.LoadBalancerSpec]},
		"listener":               free,
		"rule":                   free,
		"target-group":           free,
		"certificate":            free, // public certificates of ACM
		"certificate-validation": free,
		"record":                 free, // queries of aliases are; the zone is the user's
		// platform
		"cluster":       {class: Priced, each: each(priceCluster), want: wants[*provision.Cluster, provision.ClusterSpec]},
		"log-group":     {class: ByUsage},
		"metric-filter": {class: ByUsage, each: byKey(priceMetricFilter)},
		"repository":    {class: ByUsage, once: priceImages},
		"file-system":   {class: ByUsage, each: byKey(priceFiles), once: assumeFiles},
		"mount-target":  free,
		"access-point":  free,
		"dashboard":     {class: Priced, each: each(priceDashboard), want: wants[*provision.Dashboard, provision.DashboardSpec]},
		"sampling-rule": {class: ByUsage, once: priceTraces},
		"topic":         free, // the first thousand e-mails a month are
		"subscription":  free,
		"event-rule":    free, // events of AWS's own services are
		"namespace":     free, // an HTTP namespace has no hosted zone
		"role":          free,
		"slr":           free,
		"budget":        free,             // one that only tells is
		"state-bucket":  {class: ByUsage}, // walked apart; priceStateBucket
		// agents
		"service":         {class: Priced, each: each(priceService), want: wants[*provision.Service, provision.ServiceSpec]},
		"task-definition": {class: Free, want: wants[*provision.TaskDefinition, provision.TaskDefinitionSpec]},
		"schedule":        {class: Priced, each: each(priceJob), want: wants[*provision.JobSchedule, provision.JobScheduleSpec], once: assumeJobs},
		"schedule-group":  free,
		"state-machine":   {class: ByUsage, want: wants[*provision.StateMachine, provision.StateMachineSpec], once: priceTransitions},
		"scalable-target": {class: Free, want: wants[*provision.ScalableTarget, provision.ScalableTargetSpec]},
		"scaling-policy":  {class: Priced, each: byKey(priceScalingPolicy)},
		"alarm":           {class: Priced, each: byKey(priceAlarm)},
		"secret":          {class: Priced, each: byKey(priceSecret)},
		"parameter":       free, // of the standard tier
	}
}

// each gives a pricing function the spec of its kind.
func each[S any](f func(*bill, engine.Key, S)) func(*bill, engine.Key, any) error {
	return func(b *bill, k engine.Key, spec any) error {
		s, ok := spec.(S)
		if !ok {
			return fmt.Errorf("%s has a %T, which internal/cost/kinds.go does not price", k, spec)
		}
		f(b, k, s)
		return nil
	}
}

// byKey is for kinds of which one costs what the other does.
func byKey(f func(*bill, engine.Key)) func(*bill, engine.Key, any) error {
	return func(b *bill, k engine.Key, _ any) error {
		f(b, k)
		return nil
	}
}

// wants is the wanted spec of a resource.
func wants[R interface{ Want() S }, S any](n engine.Node) (any, error) {
	r, ok := n.(R)
	if !ok {
		return nil, fmt.Errorf("%s is a %T, which internal/cost/kinds.go does not price", n.Key(), n)
	}
	return r.Want(), nil
}
