package awssim

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// register puts the service's Service Connect names into the namespace, which is
// then in use.
func (s *Sim) register(x *Service) {
	sc := x.Config.Connect
	if sc == nil || !sc.Enabled {
		return
	}
	ns := s.namespace(aws.ToString(sc.Namespace))
	for _, svc := range sc.Services {
		id := "srv-" + x.Cluster + "-" + aws.ToString(svc.DiscoveryName)
		if ns != nil && s.world.DiscoveryServices[id] == nil {
			s.world.DiscoveryServices[id] = &DiscoveryService{ID: id, Name: aws.ToString(svc.DiscoveryName), Namespace: ns.ID}
		}
	}
}

// unregister takes them out again.
func (s *Sim) unregister(x *Service) {
	if x.Config.Connect != nil {
		for _, svc := range x.Config.Connect.Services {
			delete(s.world.DiscoveryServices, "srv-"+x.Cluster+"-"+aws.ToString(svc.DiscoveryName))
		}
	}
}

// endpoints are the Service Connect names that are there now: of other services
// of the namespace that have been deployed, and its own.
func (s *Sim) endpoints(x *Service) []string {
	if x.Config.Connect == nil || !x.Config.Connect.Enabled {
		return nil
	}
	names := map[string]bool{}
	for _, o := range s.world.Services {
		c := o.Config.Connect
		if o.Status != "ACTIVE" || c == nil || !c.Enabled || aws.ToString(c.Namespace) != aws.ToString(x.Config.Connect.Namespace) {
			continue
		}
		for _, svc := range c.Services {
			names[aws.ToString(svc.DiscoveryName)] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
