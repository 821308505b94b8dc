package awssim

import "fmt"

// EdgeWorld is what leads to the agents: load balancers and what hangs on them.
// Everything of the
// load balancer and the certificates is kept by ARN.
type EdgeWorld struct {
	LoadBalancers map[string]*LoadBalancer
	TargetGroups  map[string]*TargetGroup
	Listeners     map[string]*Listener
	ListenerRules map[string]*ListenerRule
	Certificates  map[string]*Certificate
	HostedZones   map[string]*HostedZone
	Buckets       map[string]*Bucket
}

func newEdgeWorld() EdgeWorld {
	return EdgeWorld{
		LoadBalancers: map[string]*LoadBalancer{}, TargetGroups: map[string]*TargetGroup{},
		Listeners: map[string]*Listener{}, ListenerRules: map[string]*ListenerRule{},
		Certificates: map[string]*Certificate{}, HostedZones: map[string]*HostedZone{}, Buckets: map[string]*Bucket{},
	}
}

func (s *Sim) edgeOperations() []operation {
	var ops []operation
	ops = append(ops, s.elbTagOperations()...)
	ops = append(ops, s.loadBalancerOperations()...)
	ops = append(ops, s.targetGroupOperations()...)
	ops = append(ops, s.listenerOperations()...)
	ops = append(ops, s.listenerRuleOperations()...)
	ops = append(ops, s.certificateOperations()...)
	ops = append(ops, s.hostedZoneOperations()...)
	ops = append(ops, s.bucketOperations()...)
	ops = append(ops, s.objectOperations()...)
	return ops
}

func (s *Sim) settleEdge() {
	s.settleTargets()
	s.settleCertificates()
}

// hash is the unique end of an ARN of the load balancers: 16 hex digits.
func (w *World) hash() string {
	return fmt.Sprintf("%016x", w.unique())
}

// taggedEdge are this group's things that the tagging API lists.
func (s *Sim) taggedEdge() []tagged { return nil }
