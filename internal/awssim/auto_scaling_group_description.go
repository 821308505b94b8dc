package awssim

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (s *Sim) describeGroups(in *autoscaling.DescribeAutoScalingGroupsInput) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	out := &autoscaling.DescribeAutoScalingGroupsOutput{}
	for _, g := range sorted(s.world.AutoScalingGroups) {
		if !s.visible(g.Created) || !wanted(in.AutoScalingGroupNames, g.Name) {
			continue
		}
		match := true
		for _, f := range in.Filters {
			key, isTag := strings.CutPrefix(aws.ToString(f.Name), "tag:")
			if !isTag {
				return nil, fail("ValidationError", "Filter type %s is not supported", aws.ToString(f.Name))
			}
			match = match && slices.Contains(f.Values, g.Tags[key])
		}
		if match {
			out.AutoScalingGroups = append(out.AutoScalingGroups, s.describeGroup(g))
		}
	}
	return out, nil
}

func (s *Sim) describeGroup(g *AutoScalingGroup) types.AutoScalingGroup {
	d := types.AutoScalingGroup{
		AutoScalingGroupName: &g.Name, AutoScalingGroupARN: aws.String(s.world.arn("autoscaling", "autoScalingGroup:"+uuid(g.Name)+":autoScalingGroupName/"+g.Name)),
		AvailabilityZones: g.Zones, MinSize: &g.Min, MaxSize: &g.Max, DesiredCapacity: &g.Desired, CreatedTime: &g.Created, DefaultCooldown: aws.Int32(300),
		HealthCheckType: aws.String("EC2"), HealthCheckGracePeriod: aws.Int32(0), LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &g.Template, Version: &g.Version},
	}
	if l := s.world.LaunchTemplates[g.Template]; l != nil {
		d.LaunchTemplate.LaunchTemplateName = &l.Name
	}
	if !g.Deleted.IsZero() {
		d.Status = aws.String("Delete in progress")
	}
	for _, i := range s.instancesOf(g) {
		state := types.LifecycleStateInService
		switch {
		case i.State == ec2types.InstanceStateNameTerminated:
			continue
		case i.State == ec2types.InstanceStateNamePending:
			state = types.LifecycleStatePending
		case !i.alive():
			state = types.LifecycleStateTerminating
		}
		d.Instances = append(d.Instances, types.Instance{
			InstanceId: &i.ID, AvailabilityZone: &i.AZ, LifecycleState: state, HealthStatus: aws.String("Healthy"), InstanceType: &i.Type, ProtectedFromScaleIn: aws.Bool(false),
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &i.Template, Version: aws.String("1")},
		})
	}
	for _, k := range slices.Sorted(maps.Keys(g.Tags)) {
		d.Tags = append(d.Tags, types.TagDescription{Key: aws.String(k), Value: aws.String(g.Tags[k]), PropagateAtLaunch: aws.Bool(true), ResourceId: &g.Name, ResourceType: aws.String("auto-scaling-group")})
	}
	return d
}
