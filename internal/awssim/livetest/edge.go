package livetest

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func edgeTags(name string) []types.Tag {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	return []types.Tag{tag("Name", Cluster+"-"+name), tag("ManagedBy", "Terraform"), tag("Team", "agents")}
}

// edge is a load balancer with one listener, which says 404 to what no rule takes.
func (f *Fleet) edge(ctx context.Context) error {
	lb, err := f.clients.ELB.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(Cluster + "-alb"), Subnets: f.ids.public, SecurityGroups: []string{f.ids.balancers},
		Scheme: types.LoadBalancerSchemeEnumInternetFacing, Type: types.LoadBalancerTypeEnumApplication, Tags: edgeTags("alb"),
	})
	if err != nil {
		return err
	}
	f.ids.balancer, f.Host = aws.ToString(lb.LoadBalancers[0].LoadBalancerArn), aws.ToString(lb.LoadBalancers[0].DNSName)
	if err := f.clock.Wait(ctx, 4*time.Minute); err != nil {
		return err
	}
	l, err := f.clients.ELB.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: &f.ids.balancer, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp, Tags: edgeTags("http"),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("404"), ContentType: aws.String("text/plain"), MessageBody: aws.String("Not Found"),
		}}},
	})
	if err != nil {
		return err
	}
	f.ids.listener = aws.ToString(l.Listeners[0].ListenerArn)
	return f.clock.Wait(ctx, 5*time.Second)
}

// target is an agent's target group and its rule, at a priority of Terraform's.
func (f *Fleet) target(ctx context.Context, a Agent, priority int32) (arn string, err error) {
	g, err := f.clients.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(a.Name[:4] + "2025061108300000000000"), Protocol: types.ProtocolEnumHttp, Port: aws.Int32(int32(a.Port)), VpcId: &f.ids.vpc, //nolint:gosec // a port
		TargetType: types.TargetTypeEnumIp, HealthCheckPath: aws.String("/health"), HealthCheckIntervalSeconds: aws.Int32(30), HealthCheckTimeoutSeconds: aws.Int32(10),
		HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(3), Matcher: &types.Matcher{HttpCode: aws.String("200")}, Tags: edgeTags(a.Name),
	})
	if err != nil {
		return "", err
	}
	arn = aws.ToString(g.TargetGroups[0].TargetGroupArn)
	if err := f.clock.Wait(ctx, 5*time.Second); err != nil {
		return "", err
	}
	_, err = f.clients.ELB.CreateRule(ctx, &elb.CreateRuleInput{
		ListenerArn: &f.ids.listener, Priority: aws.Int32(priority), Tags: edgeTags(a.Name),
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: []string{"/" + a.Name + "/*"}}}},
		Actions:    []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &arn}},
	})
	return arn, err
}
