package awssim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// How often a group looks after its instances, and how long after a start that failed it tries again.
// EC2 Auto Scaling says neither; the first is from activity histories, the second is assumed.
const (
	groupLooks   = time.Minute
	groupRetries = 20 * time.Second
)

// AutoScalingGroup keeps a number of instances running.
type AutoScalingGroup struct {
	Name              string
	Template          string
	Version           string
	Zones             []string
	Min, Max, Desired int32
	Tags              cloud.Tags
	Created           time.Time
	// Deleted is when the deletion was asked for; zero is never.
	Deleted time.Time
	// Failed is when an instance could not be started.
	Failed time.Time
}

func (s *Sim) autoScalingGroupNoun() noun {
	return noun{
		ops: []operation{
			on("Auto Scaling.CreateAutoScalingGroup", s.createGroup, "AutoScalingGroupName", "LaunchTemplate", "AvailabilityZones", "MinSize", "MaxSize", "DesiredCapacity", "Tags"),
			on("Auto Scaling.DescribeAutoScalingGroups", s.describeGroups, "AutoScalingGroupNames", "Filters").pages("AutoScalingGroups", 50, 100),
			on("Auto Scaling.UpdateAutoScalingGroup", s.updateGroup, "AutoScalingGroupName", "LaunchTemplate", "AvailabilityZones", "MinSize", "MaxSize", "DesiredCapacity"),
			on("Auto Scaling.DeleteAutoScalingGroup", s.deleteGroup, "AutoScalingGroupName", "ForceDelete"),
			on("Auto Scaling.TerminateInstanceInAutoScalingGroup", s.terminateInGroup, "InstanceId", "ShouldDecrementDesiredCapacity"),
			on("Auto Scaling.CreateOrUpdateTags", s.tagGroup, "Tags"),
			on("Auto Scaling.DeleteTags", s.untagGroup, "Tags"),
		},
		settle: s.settleGroups,
		each: func(tell func(thing)) {
			for _, g := range s.world.AutoScalingGroups {
				tell(thing{kind: "auto-scaling-group", name: g.Name, tags: g.Tags, since: g.Created})
			}
		},
	}
}

// settleGroups replaces what has died, once it is noticed, and takes away what is deleted.
func (s *Sim) settleGroups() {
	for name, g := range s.world.AutoScalingGroups {
		living, here := 0, 0
		for _, i := range s.instancesOf(g) {
			if i.State != ec2types.InstanceStateNameTerminated {
				here++
			}
			switch {
			case !g.Deleted.IsZero():
				s.endInstance(i)
			case i.Impaired && i.alive() && s.looks(i.Launched):
				s.endInstance(i)
			case i.alive():
				living++
			}
		}
		if !g.Deleted.IsZero() && here == 0 {
			delete(s.world.AutoScalingGroups, name)
			continue
		}
		if g.Deleted.IsZero() && living < int(g.Desired) && s.visible(g.Created) && s.now().Sub(g.Failed) >= groupRetries {
			s.startInstance(g)
		}
	}
}

// looks tells whether the group looks at an instance now.
func (s *Sim) looks(launched time.Time) bool { return s.now().Sub(launched)%groupLooks == 0 }

func (s *Sim) instancesOf(g *AutoScalingGroup) []*Instance {
	var out []*Instance
	for _, i := range sorted(s.world.Instances) {
		if i.Group == g.Name {
			out = append(out, i)
		}
	}
	return out
}

// startInstance starts one as the template says. An interface that is there already belongs to one instance at a
// time, and to its zone.
func (s *Sim) startInstance(g *AutoScalingGroup) {
	g.Failed = s.now()
	l := s.world.LaunchTemplates[g.Template]
	if l == nil || len(l.Data.NetworkInterfaces) != 1 {
		return
	}
	n := s.world.NetworkInterfaces[aws.ToString(l.Data.NetworkInterfaces[0].NetworkInterfaceId)]
	if n == nil || n.Instance != "" || s.world.Subnets[n.Subnet] == nil || !slices.Contains(g.Zones, s.world.Subnets[n.Subnet].AZ) {
		return
	}
	i := &Instance{
		ID: s.world.id("i"), Template: l.ID, Group: g.Name, Type: string(l.Data.InstanceType), AZ: g.Zones[0], Interface: n.ID,
		State: ec2types.InstanceStateNamePending, Launched: s.now(), Tags: maps.Clone(g.Tags), // karmactl has all of them go with the instances
	}
	for _, b := range l.Data.BlockDeviceMappings {
		i.VolumeGB += aws.ToInt32(b.Ebs.VolumeSize)
	}
	n.Instance, g.Failed = i.ID, time.Time{}
	s.world.Instances[i.ID] = i
}

// unsettledGroups tells whether an instance comes or goes.
func (s *Sim) unsettledGroups() bool {
	for _, i := range s.world.Instances {
		if i.State == ec2types.InstanceStateNamePending || i.State == ec2types.InstanceStateNameShuttingDown || i.Impaired && i.alive() {
			return true
		}
	}
	for _, g := range s.world.AutoScalingGroups {
		living := len(slices.DeleteFunc(s.instancesOf(g), func(i *Instance) bool { return !i.alive() }))
		if living < int(g.Desired) || !g.Deleted.IsZero() {
			return true
		}
	}
	return false
}

func (s *Sim) group(name *string) (*AutoScalingGroup, error) {
	g := s.world.AutoScalingGroups[aws.ToString(name)]
	if g == nil || !s.visible(g.Created) {
		return nil, fail("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '%s' not found", aws.ToString(name))
	}
	return g, nil
}

// templateOf checks the template of a group; EC2 Auto Scaling asks whether it is there.
func (s *Sim) templateOf(t *types.LaunchTemplateSpecification) error {
	if t == nil || t.LaunchTemplateId == nil || t.LaunchTemplateName != nil {
		return fail("ValidationError", "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
	}
	if _, err := s.launchTemplate(*t.LaunchTemplateId); err != nil {
		return fail("ValidationError", "You must use a valid fully-formed launch template. The specified launch template, with template ID %s, does not exist.", *t.LaunchTemplateId)
	}
	if aws.ToString(t.Version) != "1" {
		return fail("ValidationError", "You must use a valid fully-formed launch template. Could not find the launch template version")
	}
	return nil
}

func sizes(lowest, desired, highest int32) error {
	if lowest < 0 || lowest > highest {
		return fail("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", highest, lowest)
	}
	if desired < lowest || desired > highest {
		return fail("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, lowest, highest)
	}
	return nil
}

// createGroup. AvailabilityZones, and no subnets, is how an interface that is there already is told:
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
func (s *Sim) createGroup(in *autoscaling.CreateAutoScalingGroupInput) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	name := aws.ToString(in.AutoScalingGroupName)
	if g := s.world.AutoScalingGroups[name]; g != nil {
		if !g.Deleted.IsZero() {
			return nil, fail("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s is pending delete and must be removed first", name)
		}
		return nil, fail("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	if err := s.templateOf(in.LaunchTemplate); err != nil {
		return nil, err
	}
	if len(in.AvailabilityZones) == 0 {
		return nil, fail("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	lowest, highest := aws.ToInt32(in.MinSize), aws.ToInt32(in.MaxSize)
	desired := lowest
	if in.DesiredCapacity != nil {
		desired = *in.DesiredCapacity
	}
	if err := sizes(lowest, desired, highest); err != nil {
		return nil, err
	}
	g := &AutoScalingGroup{
		Name: name, Template: aws.ToString(in.LaunchTemplate.LaunchTemplateId), Version: aws.ToString(in.LaunchTemplate.Version),
		Zones: slices.Clone(in.AvailabilityZones), Min: lowest, Max: highest, Desired: desired, Tags: cloud.Tags{}, Created: s.now(),
	}
	if err := s.setGroupTags(g, in.Tags); err != nil {
		return nil, err
	}
	s.linkRole("autoscaling")
	s.world.AutoScalingGroups[name] = g
	return &autoscaling.CreateAutoScalingGroupOutput{}, nil
}

func (s *Sim) setGroupTags(g *AutoScalingGroup, tags []types.Tag) error {
	for _, t := range tags {
		if !aws.ToBool(t.PropagateAtLaunch) {
			return fmt.Errorf("awssim: a tag of a group that does not go with its instances is not simulated")
		}
		g.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if checkTags(g.Tags) != nil {
		return fail("ValidationError", "The tags are not valid.")
	}
	return nil
}

func (s *Sim) updateGroup(in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	g, err := s.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if !g.Deleted.IsZero() {
		return nil, fail("ValidationError", "AutoScalingGroup '%s' is pending delete", g.Name)
	}
	if s.scales(g) {
		return nil, scalingActivity()
	}
	if in.LaunchTemplate != nil {
		if err := s.templateOf(in.LaunchTemplate); err != nil {
			return nil, err
		}
	}
	lowest, desired, highest := g.Min, g.Desired, g.Max
	for _, v := range []struct {
		to   *int32
		from *int32
	}{{&lowest, in.MinSize}, {&desired, in.DesiredCapacity}, {&highest, in.MaxSize}} {
		if v.from != nil {
			*v.to = *v.from
		}
	}
	if err := sizes(lowest, desired, highest); err != nil {
		return nil, err
	}
	g.Min, g.Desired, g.Max = lowest, desired, highest
	if in.LaunchTemplate != nil {
		g.Template, g.Version = aws.ToString(in.LaunchTemplate.LaunchTemplateId), aws.ToString(in.LaunchTemplate.Version)
	}
	if len(in.AvailabilityZones) > 0 {
		g.Zones = slices.Clone(in.AvailabilityZones)
	}
	return &autoscaling.UpdateAutoScalingGroupOutput{}, nil
}

// scales tells whether an instance of a group starts or stops.
func (s *Sim) scales(g *AutoScalingGroup) bool {
	return slices.ContainsFunc(s.instancesOf(g), func(i *Instance) bool {
		return i.State == ec2types.InstanceStateNamePending || i.State == ec2types.InstanceStateNameShuttingDown
	})
}

// scalingActivity is what AWS may answer while a group scales: it names the error for both operations and not when, so
// here it is always. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
func scalingActivity() error {
	return fail("ScalingActivityInProgress", "The operation can't be performed because there are scaling activities in progress.")
}

func (s *Sim) deleteGroup(in *autoscaling.DeleteAutoScalingGroupInput) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	g, err := s.group(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if len(s.instancesOf(g)) > 0 && !aws.ToBool(in.ForceDelete) {
		return nil, fail("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	if g.Deleted.IsZero() {
		g.Deleted = s.now()
	}
	return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
}

func (s *Sim) terminateInGroup(in *autoscaling.TerminateInstanceInAutoScalingGroupInput) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	i := s.world.Instances[aws.ToString(in.InstanceId)]
	if i == nil || i.State == ec2types.InstanceStateNameTerminated {
		return nil, fail("ValidationError", "Instance Id not found - No managed instance found for instance ID %s", aws.ToString(in.InstanceId))
	}
	if aws.ToBool(in.ShouldDecrementDesiredCapacity) {
		return nil, fmt.Errorf("awssim: a smaller group is not simulated")
	}
	if g := s.world.AutoScalingGroups[i.Group]; g != nil && s.scales(g) {
		return nil, scalingActivity()
	}
	s.endInstance(i)
	return &autoscaling.TerminateInstanceInAutoScalingGroupOutput{Activity: &types.Activity{
		ActivityId: aws.String(uuid(i.ID)), AutoScalingGroupName: &i.Group, Cause: aws.String("instance was taken out of service in response to a user request"),
		StartTime: &i.Ended, StatusCode: types.ScalingActivityStatusCodeInProgress, Description: aws.String("Terminating EC2 instance: " + i.ID),
	}}, nil
}

func (s *Sim) tagGroup(in *autoscaling.CreateOrUpdateTagsInput) (*autoscaling.CreateOrUpdateTagsOutput, error) {
	for _, t := range in.Tags {
		g, err := s.group(t.ResourceId)
		if err != nil {
			return nil, err
		}
		if err := s.setGroupTags(g, []types.Tag{t}); err != nil {
			return nil, err
		}
	}
	return &autoscaling.CreateOrUpdateTagsOutput{}, nil
}

func (s *Sim) untagGroup(in *autoscaling.DeleteTagsInput) (*autoscaling.DeleteTagsOutput, error) {
	for _, t := range in.Tags {
		g, err := s.group(t.ResourceId)
		if err != nil {
			return nil, err
		}
		delete(g.Tags, aws.ToString(t.Key))
	}
	return &autoscaling.DeleteTagsOutput{}, nil
}
