package live

import (
	"context"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// targetGroups reads those of the services.
func (r *reader) targetGroups(ctx context.Context) error {
	var arns []string
	for _, s := range r.fleet.Services {
		for _, b := range s.LoadBalancers {
			if arn := aws.ToString(b.TargetGroupArn); arn != "" && !slices.Contains(arns, arn) {
				arns = append(arns, arn)
			}
		}
	}
	for _, arn := range arns {
		out, err := r.clients.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
		if cloud.IsNotFound(err) { // a service keeps the name of one that is deleted
			continue
		}
		if err != nil {
			return err
		}
		r.fleet.TargetGroups = append(r.fleet.TargetGroups, out.TargetGroups...)
	}
	return nil
}

// loadBalancers reads the load balancers in front of the services, with their listeners and rules.
func (r *reader) loadBalancers(ctx context.Context) error {
	var arns []string
	for _, g := range r.fleet.TargetGroups {
		for _, arn := range g.LoadBalancerArns {
			if !slices.Contains(arns, arn) {
				arns = append(arns, arn)
			}
		}
	}
	for _, arn := range arns {
		out, err := r.clients.ELB.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
		if err != nil {
			return err
		}
		for _, lb := range out.LoadBalancers {
			x := LoadBalancer{LoadBalancer: lb, Attributes: map[string]string{}}
			attrs, err := r.clients.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
			if err != nil {
				return err
			}
			for _, a := range attrs.Attributes {
				x.Attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
			}
			if x.Listeners, err = r.listeners(ctx, arn); err != nil {
				return err
			}
			r.fleet.LoadBalancers = append(r.fleet.LoadBalancers, x)
		}
	}
	return nil
}

func (r *reader) listeners(ctx context.Context, balancer string) ([]Listener, error) {
	all, err := cloud.Pages(ctx, elb.NewDescribeListenersPaginator(r.clients.ELB, &elb.DescribeListenersInput{LoadBalancerArn: &balancer}),
		func(out *elb.DescribeListenersOutput) []types.Listener { return out.Listeners })
	if err != nil {
		return nil, err
	}
	sort.Slice(all, func(i, j int) bool { return aws.ToInt32(all[i].Port) < aws.ToInt32(all[j].Port) })
	var out []Listener
	for _, l := range all {
		rules, err := cloud.Pages(ctx, elb.NewDescribeRulesPaginator(r.clients.ELB, &elb.DescribeRulesInput{ListenerArn: l.ListenerArn}),
			func(out *elb.DescribeRulesOutput) []types.Rule { return out.Rules })
		if err != nil {
			return nil, err
		}
		out = append(out, Listener{Listener: l, Rules: slices.DeleteFunc(rules, func(x types.Rule) bool { return aws.ToBool(x.IsDefault) })})
	}
	return out, nil
}

// mostTagged is how many resources one call tells the tags of:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
const mostTagged = 20

func (r *reader) edgeTags(ctx context.Context) error {
	var arns []string
	for _, g := range r.fleet.TargetGroups {
		arns = append(arns, aws.ToString(g.TargetGroupArn))
	}
	for _, b := range r.fleet.LoadBalancers {
		arns = append(arns, aws.ToString(b.LoadBalancerArn))
		for _, l := range b.Listeners {
			arns = append(arns, aws.ToString(l.ListenerArn))
			for _, rule := range l.Rules {
				arns = append(arns, aws.ToString(rule.RuleArn))
			}
		}
	}
	for some := range slices.Chunk(arns, mostTagged) {
		out, err := r.clients.ELB.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: some})
		if err != nil {
			return err
		}
		for _, d := range out.TagDescriptions {
			r.fleet.EdgeTags[aws.ToString(d.ResourceArn)] = cloud.FromSDK(d.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
		}
	}
	return nil
}

// Forwards are the target groups that an action sends requests to.
func Forwards(actions []types.Action) []string {
	var out []string
	for _, a := range actions {
		if a.Type != types.ActionTypeEnumForward {
			continue
		}
		if a.TargetGroupArn != nil {
			out = append(out, *a.TargetGroupArn)
			continue
		}
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				out = append(out, aws.ToString(g.TargetGroupArn))
			}
		}
	}
	return out
}
