package awssim

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// What Service Connect's proxy does with HTTP unless it is told otherwise: the SDK's text of
// TimeoutConfiguration has the second one, and https://github.com/aws/containers-roadmap/issues/1958
// the first.
const (
	connectRequest = 15 * time.Second
	connectIdle    = 5 * time.Minute
)

// proxyTimeout is how long the proxy in front of a target waits for an answer; 0 is for
// ever. What comes to the container's own port passes it, from the load balancer too:
// IngressPortOverride alone leads around it.
func (s *Sim) proxyTimeout(t *Target) time.Duration {
	for _, x := range s.world.Tasks {
		c, d := x.Config.Connect, s.world.TaskDefinitions[x.Definition]
		if x.IP != t.IP || x.Status == "STOPPED" || c == nil || !c.Enabled || d == nil {
			continue
		}
		for _, svc := range c.Services {
			if p := portNamed(d, aws.ToString(svc.PortName)); p != nil && int(aws.ToInt32(p.ContainerPort)) == t.Port && svc.IngressPortOverride == nil {
				return requestLimit(svc.Timeout, p.AppProtocol)
			}
		}
	}
	return 0
}

// requestLimit is when the proxy ends a request: at the shorter of its two timeouts. One
// of 0 is none, and a port of TCP knows no requests.
func requestLimit(t *types.TimeoutConfiguration, protocol types.ApplicationProtocol) time.Duration {
	if protocol == "" {
		return 0
	}
	request, idle := connectRequest, connectIdle
	if t != nil && t.PerRequestTimeoutSeconds != nil {
		request = time.Duration(*t.PerRequestTimeoutSeconds) * time.Second
	}
	if t != nil && t.IdleTimeoutSeconds != nil {
		idle = time.Duration(*t.IdleTimeoutSeconds) * time.Second
	}
	if request > 0 && idle > 0 {
		return min(request, idle)
	}
	return cmp.Or(request, idle)
}

// checkTimeout holds ECS's rule: without an application protocol there are no requests to time.
func checkTimeout(t *types.TimeoutConfiguration, protocol types.ApplicationProtocol) error {
	switch {
	case t == nil:
		return nil
	case aws.ToInt32(t.PerRequestTimeoutSeconds) < 0 || aws.ToInt32(t.IdleTimeoutSeconds) < 0:
		return invalid("The timeouts of a Service Connect service must be 0 or more.")
	case t.PerRequestTimeoutSeconds != nil && protocol == "":
		return invalid("perRequestTimeout can only be set if Service Connect appProtocol isn't TCP.")
	}
	return nil
}

// connectLingers is how long a name stays taken after its service has drained: services that
// were made again at once met it (https://github.com/aws/copilot-cli/issues/4313). AWS
// publishes no time.
const connectLingers = 20 * time.Second

// discoveryID is that of the Cloud Map service which a cluster has for a name.
func discoveryID(cluster, name string) string { return "srv-" + cluster + "-" + name }

// register puts the service's Service Connect names into the namespace, which is
// then in use.
func (s *Sim) register(x *Service) {
	sc := x.Config.Connect
	if sc == nil || !sc.Enabled {
		return
	}
	ns := s.namespace(aws.ToString(sc.Namespace))
	for _, svc := range sc.Services {
		id := discoveryID(x.Cluster, aws.ToString(svc.DiscoveryName))
		if ns != nil && s.world.DiscoveryServices[id] == nil {
			s.world.DiscoveryServices[id] = &DiscoveryService{ID: id, Name: aws.ToString(svc.DiscoveryName), Namespace: ns.ID, Service: x.ARN}
		}
	}
}

// unregister has ECS take the names out that the service does not serve any more, which
// it does after a while: all of them once it is gone.
func (s *Sim) unregister(x *Service, at time.Time) {
	serves := map[string]bool{}
	if sc := x.Config.Connect; x.Status == "ACTIVE" && sc != nil && sc.Enabled {
		for _, svc := range sc.Services {
			serves[aws.ToString(svc.DiscoveryName)] = true
		}
	}
	for _, d := range s.world.DiscoveryServices {
		if d.Service == x.ARN && !serves[d.Name] && d.Left.IsZero() {
			d.Left = at
		}
	}
}

// settleDiscovery takes out the names whose time is over.
func (s *Sim) settleDiscovery() {
	for id, d := range s.world.DiscoveryServices {
		if !d.Left.IsZero() && !s.now().Before(d.Left.Add(connectLingers)) {
			delete(s.world.DiscoveryServices, id)
		}
	}
}

// taken is the refusal of a name that another service has in the namespace, or had until a
// moment ago.
func (s *Sim) taken(x *Service, namespace *Namespace, name string) error {
	for id, d := range s.world.DiscoveryServices {
		if d.Namespace == namespace.ID && d.Name == name && (id != discoveryID(x.Cluster, name) || !d.Left.IsZero()) {
			return invalid("SC service is already used by %s.", namespace.ARN)
		}
	}
	return nil
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
