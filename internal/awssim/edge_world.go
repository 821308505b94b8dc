package awssim

import "fmt"

// EdgeWorld is what leads to the agents: load balancers and what hangs on them.
// Everything of the load balancer is kept by ARN.
type EdgeWorld struct {
	LoadBalancers map[string]*LoadBalancer
	TargetGroups  map[string]*TargetGroup
	Listeners     map[string]*Listener
	ListenerRules map[string]*ListenerRule
}

func newEdgeWorld() EdgeWorld {
	return EdgeWorld{
		LoadBalancers: map[string]*LoadBalancer{}, TargetGroups: map[string]*TargetGroup{},
		Listeners: map[string]*Listener{}, ListenerRules: map[string]*ListenerRule{},
	}
}

func (s *Sim) edgeOperations() []operation {
	var ops []operation
	ops = append(ops, s.elbTagOperations()...)
	ops = append(ops, s.loadBalancerOperations()...)
	ops = append(ops, s.targetGroupOperations()...)
	ops = append(ops, s.listenerOperations()...)
	ops = append(ops, s.listenerRuleOperations()...)
	return ops
}

func (s *Sim) settleEdge() {
	s.settleTargets()
}

// hash is the unique end of an ARN of the load balancers: 16 hex digits.
func (w *World) hash() string {
	w.Serial++
	return fmt.Sprintf("%016x", w.Serial)
}

// taggedEdge are this group's things that the tagging API lists.
func (s *Sim) taggedEdge() []tagged { return nil }
