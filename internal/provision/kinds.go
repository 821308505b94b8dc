package provision

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// kind makes the resource of a key from nothing but the key, or nil for a kind
// that this version does not know. It is how something that is recorded and no
// longer in the configuration is found and deleted.
func (h *Home) kind(key engine.Key) engine.Step {
	switch key.Kind() {
	// network
	case "vpc":
		return engine.Manage(&VPC{Home: h})
	case "igw":
		return engine.Manage(&InternetGateway{Home: h})
	case "subnet":
		return engine.Manage(subnetOf(h, key.Name()))
	case "route-table":
		return engine.Manage(&RouteTable{Home: h, Name: key.Name()})
	case "route":
		return engine.Manage(&Route{Home: h, Table: &RouteTable{Home: h, Name: key.Name()}})
	case "route-table-association":
		return engine.Manage(&RouteTableAssociation{Home: h, Subnet: subnetOf(h, key.Name())})
	case "endpoint":
		return engine.Manage(&VPCEndpoint{Home: h, Service: key.Name()})
	case "sg":
		return engine.Manage(&SecurityGroup{Home: h, Name: key.Name()})
	case "eip":
		return engine.Manage(&ElasticIP{Home: h, AZ: key.Name()})
	case "nat":
		return engine.Manage(&NATGateway{Home: h, AZ: key.Name()})

	// edge
	case "alb":
		return engine.Manage(&LoadBalancer{Home: h})
	case "target-group":
		return engine.Manage(&TargetGroup{Home: h, Agent: key.Name()})
	case "listener":
		return engine.Manage(&Listener{Home: h, Protocol: strings.ToUpper(key.Name())})
	case "rule":
		return engine.Manage(h.ruleOf(key))
	case "certificate":
		return engine.Manage(&Certificate{Home: h})
	case "certificate-validation":
		return engine.Manage(&CertificateValidation{Home: h})
	case "record":
		if key.Name() == "validation" {
			return engine.Manage(&ValidationRecords{Home: h})
		}
		return engine.Manage(&Record{Home: h, Name: key.Name(), Type: "A"})
	case "state-bucket":
		return engine.Manage(&StateBucket{Home: h})

	// identity, registry, platform, scaling, watching
	case "slr":
		return engine.Manage(&ServiceLinkedRole{Home: h, Service: key.Name()})
	case "role":
		kind, agent := splitRoleKey(key)
		return engine.Manage(&Role{Home: h, Kind: kind, Agent: agent})
	case "cluster":
		return engine.Manage(&Cluster{Home: h})
	case "namespace":
		return engine.Manage(&Namespace{Home: h})
	case "log-group":
		return engine.Manage(&LogGroup{Home: h, Agent: key.Name()})
	case "metric-filter":
		return engine.Manage(&MetricFilter{Home: h, Group: &LogGroup{Home: h, Agent: key.Name()}})
	case "repository":
		return engine.Manage(&Repository{Home: h, Agent: key.Name()})
	case "topic":
		return engine.Manage(&Topic{Home: h})
	case "subscription":
		return engine.Manage(&Subscription{Home: h, Hash: key.Name()})
	case "alarm":
		return engine.Manage(&Alarm{Home: h, Name: key.Name()})
	case "dashboard":
		return engine.Manage(&Dashboard{Home: h})
	case "sampling-rule":
		return engine.Manage(&SamplingRule{Home: h})
	case "scalable-target":
		return engine.Manage(&ScalableTarget{Home: h, Agent: key.Name()})
	case "scaling-policy":
		agent, metric := splitPolicyKey(key)
		return engine.Manage(&ScalingPolicy{Home: h, Target: &ScalableTarget{Home: h, Agent: agent}, Metric: metric})

	// billing
	case "budget":
		return engine.Manage(&Budget{Home: h})

	// secrets, task definitions, services
	case "secret":
		return engine.Manage(&Secret{Home: h, Agent: agents.Agent{Name: key.Name()}})
	case "parameter":
		return engine.Manage(h.parameterOf(key.Name()))
	case "task-definition":
		return engine.Manage(&TaskDefinition{Home: h, Agent: agents.Agent{Name: key.Name()}})
	case "service":
		return engine.Manage(&Service{Home: h, Agent: agents.Agent{Name: key.Name()}})
	}
	return nil
}
