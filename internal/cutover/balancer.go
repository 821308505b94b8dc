package cutover

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Balancer is an application load balancer of the account.
type Balancer struct {
	ARN, Name, DNSName, Zone string
}

func (f *Fleet) balancers(ctx context.Context, in *elb.DescribeLoadBalancersInput) ([]Balancer, error) {
	all, err := cloud.Pages(ctx, elb.NewDescribeLoadBalancersPaginator(f.Clients.ELB, in),
		func(out *elb.DescribeLoadBalancersOutput) []types.LoadBalancer { return out.LoadBalancers })
	var out []Balancer
	for _, l := range all {
		out = append(out, Balancer{aws.ToString(l.LoadBalancerArn), aws.ToString(l.LoadBalancerName), cloud.BareName(aws.ToString(l.DNSName)), aws.ToString(l.CanonicalHostedZoneId)})
	}
	return out, err
}

// BalancerOf is the load balancer of an ARN; nil is none.
func (f *Fleet) BalancerOf(ctx context.Context, arn string) (*Balancer, error) {
	all, err := f.balancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
	if cloud.IsNotFound(err) || err == nil && len(all) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the load balancer: %w", err)
	}
	return &all[0], nil
}

// Known are those of the names that are load balancers of the account and region, by name.
func (f *Fleet) Known(ctx context.Context, names []string) (map[string]Balancer, error) {
	all, err := f.balancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return nil, fmt.Errorf("read the load balancers: %w", err)
	}
	out := map[string]Balancer{}
	for _, n := range names {
		for _, b := range all {
			if cloud.BareName(n) == b.DNSName {
				out[n] = b
			}
		}
	}
	return out, nil
}

// Gone tells whether a name is that of an application load balancer of this region's, which
// the account does not have.
func (f *Fleet) Gone(name string, known map[string]Balancer) bool {
	_, there := known[name]
	return !there && strings.HasSuffix(name, "."+f.Account.Region+".elb."+cloud.DNSSuffix(f.Account.Region))
}

// Requests is how many requests came to a load balancer in the minutes from since on. CloudWatch
// knows a minute when it is over, and a little later.
func (f *Fleet) Requests(ctx context.Context, b Balancer, since time.Time) (int, error) {
	_, dimension, _ := strings.Cut(b.ARN, ":loadbalancer/")
	out, err := f.Clients.CloudWatch.GetMetricData(ctx, &cw.GetMetricDataInput{
		StartTime: aws.Time(since), EndTime: aws.Time(f.Clock.Now()),
		MetricDataQueries: []cwtypes.MetricDataQuery{{
			Id: aws.String("requests"),
			MetricStat: &cwtypes.MetricStat{
				Metric: &cwtypes.Metric{
					Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("RequestCount"),
					Dimensions: []cwtypes.Dimension{{Name: aws.String("LoadBalancer"), Value: &dimension}},
				},
				Period: aws.Int32(60), Stat: aws.String("Sum"),
			},
		}},
	})
	if err != nil {
		return 0, fmt.Errorf("read the requests of %s: %w", b.Name, err)
	}
	n := 0.0
	for _, r := range out.MetricDataResults {
		for _, v := range r.Values {
			n += v
		}
	}
	return int(n), nil
}

// HealthyTargets is how many healthy targets a load balancer has.
func (f *Fleet) HealthyTargets(ctx context.Context, b Balancer) (int, error) {
	groups, err := cloud.Pages(ctx, elb.NewDescribeTargetGroupsPaginator(f.Clients.ELB, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &b.ARN}),
		func(out *elb.DescribeTargetGroupsOutput) []types.TargetGroup { return out.TargetGroups })
	if err != nil {
		return 0, fmt.Errorf("read the target groups of %s: %w", b.Name, err)
	}
	n := 0
	for _, g := range groups {
		healthy, err := f.healthyIn(ctx, aws.ToString(g.TargetGroupArn))
		if err != nil {
			return 0, err
		}
		n += healthy
	}
	return n, nil
}

// healthyIn is how many healthy targets a target group has.
func (f *Fleet) healthyIn(ctx context.Context, group string) (int, error) {
	out, err := f.Clients.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group})
	if err != nil {
		return 0, fmt.Errorf("read the target health: %w", err)
	}
	n := 0
	for _, d := range out.TargetHealthDescriptions {
		if d.TargetHealth != nil && d.TargetHealth.State == types.TargetHealthStateEnumHealthy {
			n++
		}
	}
	return n, nil
}
