package live

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	aas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	watchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// logGroups reads the groups that the containers write to.
func (r *reader) logGroups(ctx context.Context) error {
	var names []string
	for _, s := range r.fleet.Services {
		for _, c := range s.Definition.ContainerDefinitions {
			if c.LogConfiguration == nil {
				continue
			}
			if name := c.LogConfiguration.Options["awslogs-group"]; name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		all, err := cloud.Pages(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(r.clients.Logs, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name}),
			func(out *cloudwatchlogs.DescribeLogGroupsOutput) []logtypes.LogGroup { return out.LogGroups })
		if err != nil {
			return err
		}
		for _, g := range all {
			if aws.ToString(g.LogGroupName) == name {
				r.fleet.LogGroups = append(r.fleet.LogGroups, g)
			}
		}
	}
	return nil
}

// scaling reads what scales the services.
func (r *reader) scaling(ctx context.Context) error {
	space, theirs := scalingtypes.ServiceNamespaceEcs, "service/"+r.name+"/"
	targets, err := cloud.Pages(ctx, aas.NewDescribeScalableTargetsPaginator(r.clients.AutoScaling, &aas.DescribeScalableTargetsInput{ServiceNamespace: space}),
		func(out *aas.DescribeScalableTargetsOutput) []scalingtypes.ScalableTarget { return out.ScalableTargets })
	if err != nil {
		return err
	}
	for _, t := range targets {
		if strings.HasPrefix(aws.ToString(t.ResourceId), theirs) {
			r.fleet.Targets = append(r.fleet.Targets, t)
		}
	}
	policies, err := cloud.Pages(ctx, aas.NewDescribeScalingPoliciesPaginator(r.clients.AutoScaling, &aas.DescribeScalingPoliciesInput{ServiceNamespace: space}),
		func(out *aas.DescribeScalingPoliciesOutput) []scalingtypes.ScalingPolicy { return out.ScalingPolicies })
	if err != nil {
		return err
	}
	for _, p := range policies {
		if strings.HasPrefix(aws.ToString(p.ResourceId), theirs) {
			r.fleet.Policies = append(r.fleet.Policies, p)
		}
	}
	return nil
}

// alarms reads the alarms that watch the cluster's services, its target groups or its load
// balancers. Those of target tracking belong to their policies.
func (r *reader) alarms(ctx context.Context) error {
	all, err := cloud.Pages(ctx, cloudwatch.NewDescribeAlarmsPaginator(r.clients.CloudWatch, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []watchtypes.AlarmType{watchtypes.AlarmTypeMetricAlarm}}),
		func(out *cloudwatch.DescribeAlarmsOutput) []watchtypes.MetricAlarm { return out.MetricAlarms })
	if err != nil {
		return err
	}
	for _, a := range all {
		if !strings.HasPrefix(aws.ToString(a.AlarmName), "TargetTracking-") && slices.ContainsFunc(a.Dimensions, r.watched) {
			r.fleet.Alarms = append(r.fleet.Alarms, a)
		}
	}
	return nil
}

// watched tells whether a dimension of a metric names a part of the fleet.
func (r *reader) watched(d watchtypes.Dimension) bool {
	value := aws.ToString(d.Value)
	switch aws.ToString(d.Name) {
	case "ClusterName":
		return value == r.name
	case "TargetGroup":
		for _, g := range r.fleet.TargetGroups {
			if strings.HasSuffix(aws.ToString(g.TargetGroupArn), ":"+value) {
				return true
			}
		}
	case "LoadBalancer":
		for _, b := range r.fleet.LoadBalancers {
			if strings.HasSuffix(aws.ToString(b.LoadBalancerArn), ":loadbalancer/"+value) {
				return true
			}
		}
	}
	return false
}
