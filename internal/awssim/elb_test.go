package awssim

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// edge is an account with a network in it and a client for its load balancers.
type edge struct {
	t *testing.T
	*Sim
	elb *elb.Client
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	s, err := New(Options{Clock: engine.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	w := s.world
	w.VPCs["vpc-1"] = &VPC{ID: "vpc-1", CIDR: "10.0.0.0/16", Tags: cloud.Tags{}}
	w.InternetGateways["igw-1"] = &InternetGateway{ID: "igw-1", VPC: "vpc-1", Tags: cloud.Tags{}}
	for i, az := range []string{"us-east-1a", "us-east-1b"} {
		id := "subnet-" + az
		w.Subnets[id] = &Subnet{ID: id, VPC: "vpc-1", CIDR: []string{"10.0.0.0/24", "10.0.1.0/24"}[i], AZ: az, Tags: cloud.Tags{}}
	}
	w.InternetGateways["igw-1"] = &InternetGateway{ID: "igw-1", VPC: "vpc-1", Tags: cloud.Tags{}}
	w.SecurityGroups["sg-1"] = &SecurityGroup{ID: "sg-1", VPC: "vpc-1", Name: "alb", Tags: cloud.Tags{}}
	return &edge{t: t, Sim: s, elb: elb.NewFromConfig(s.Config())}
}

func (e *edge) balancer(name string) string {
	e.t.Helper()
	out, err := e.elb.CreateLoadBalancer(context.Background(), balancerInput(name))
	if err != nil {
		e.t.Fatal(err)
	}
	return *out.LoadBalancers[0].LoadBalancerArn
}

func balancerInput(name string) *elb.CreateLoadBalancerInput {
	return &elb.CreateLoadBalancerInput{
		Name: &name, Type: types.LoadBalancerTypeEnumApplication,
		Subnets: []string{"subnet-us-east-1a", "subnet-us-east-1b"}, SecurityGroups: []string{"sg-1"},
	}
}

func (e *edge) group(name string) string {
	e.t.Helper()
	out, err := e.elb.CreateTargetGroup(context.Background(), groupInput(name))
	if err != nil {
		e.t.Fatal(err)
	}
	return *out.TargetGroups[0].TargetGroupArn
}

func groupInput(name string) *elb.CreateTargetGroupInput {
	return &elb.CreateTargetGroupInput{
		Name: &name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(9001), VpcId: aws.String("vpc-1"), TargetType: types.TargetTypeEnumIp,
		HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2), HealthyThresholdCount: aws.Int32(2),
	}
}

// listener answers 404 except to what a forward leads to.
func (e *edge) listener(lb string) string {
	e.t.Helper()
	out, err := e.elb.CreateListener(context.Background(), listenerInput(lb))
	if err != nil {
		e.t.Fatal(err)
	}
	return *out.Listeners[0].ListenerArn
}

func listenerInput(lb string) *elb.CreateListenerInput {
	return &elb.CreateListenerInput{
		LoadBalancerArn: &lb, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{
			StatusCode: aws.String("404"), ContentType: aws.String("application/json"), MessageBody: aws.String(`{"error":"no such agent"}`),
		}}},
	}
}

func ruleInput(listener, group, agent string, priority int32) *elb.CreateRuleInput {
	return &elb.CreateRuleInput{
		ListenerArn: &listener, Priority: &priority,
		Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/" + agent, "/" + agent + "/*"}}},
		Actions:    []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &group}},
		Transforms: []types.RuleTransform{{Type: types.TransformTypeEnumUrlRewrite, UrlRewriteConfig: &types.UrlRewriteConfig{
			Rewrites: []types.RewriteConfig{{Regex: aws.String("^/" + agent + "/?(.*)$"), Replace: aws.String("/$1")}},
		}}},
	}
}

func (e *edge) forward(listener, group, agent string, priority int32) string {
	e.t.Helper()
	out, err := e.elb.CreateRule(context.Background(), ruleInput(listener, group, agent, priority))
	if err != nil {
		e.t.Fatal(err)
	}
	return *out.Rules[0].RuleArn
}

// refused checks the code of an error.
func refused(t *testing.T, what string, err error, code string) {
	t.Helper()
	if !cloud.Is(err, code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}
