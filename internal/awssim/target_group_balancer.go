package awssim

import "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

// balancersOfTargetGroups are the load balancers whose rules or listeners lead to
// target groups, by the target group's ARN. One that nothing leads to has none.
func (s *Sim) balancersOfTargetGroups() map[string]*LoadBalancer {
	all := map[string]*LoadBalancer{}
	lead := func(listener *Listener, actions []types.Action) {
		if listener == nil {
			return
		}
		for _, a := range actions {
			for _, arn := range targetsOf(a) {
				all[arn] = s.world.LoadBalancers[listener.LoadBalancer]
			}
		}
	}
	for _, l := range s.world.Listeners {
		lead(l, l.Actions)
	}
	for _, r := range s.world.ListenerRules {
		lead(s.world.Listeners[r.Listener], r.Actions)
	}
	return all
}

// loadBalancerOf is the load balancer that leads to one target group, or nil.
func (s *Sim) loadBalancerOf(tgARN string) *LoadBalancer {
	return s.balancersOfTargetGroups()[tgARN]
}

// targetGroupsOf counts the target groups of a load balancer, one more included.
func (s *Sim) targetGroupsOf(lb, more string) int {
	arns := map[string]bool{more: true}
	for arn, l := range s.balancersOfTargetGroups() {
		if l != nil && l.ARN == lb && s.world.TargetGroups[arn] != nil {
			arns[arn] = true
		}
	}
	return len(arns)
}
