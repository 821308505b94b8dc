package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// AutoScalingGroupSpec is what we own of an Auto Scaling group.
type AutoScalingGroupSpec struct {
	// Template and Version are what it starts instances with, Running what the one that runs was
	// started with; "" while none runs. Instance is its id.
	Template, Version string
	Running, Instance string
	// Type is the instance's; it is priced by it.
	Type              string
	Zones             Set
	Min, Max, Desired int32
	Tags              cloud.Tags
}

// AutoScalingGroup keeps the one NAT instance running: it starts another when that one dies, or
// when it was started with another template. Its id is its name. It costs what the instance costs.
type AutoScalingGroup struct {
	engine.Ref
	*Env
	Name     string
	AZ       string
	Template *LaunchTemplate
	// Role is AWS's own, Ways are what the instance reaches the internet by.
	Role *ServiceLinkedRole
	Ways []engine.Node

	// looked tells that the account was asked, running what it said of the instance.
	looked  bool
	running string
}

func (g *AutoScalingGroup) Key() engine.Key { return engine.Key("asg/" + g.Name) }

func (g *AutoScalingGroup) Needs() []engine.Node {
	return append([]engine.Node{g.Template, g.Role}, g.Ways...)
}

func (g *AutoScalingGroup) name() string { return cloud.Name(cloud.MaxGroupName, g.Stack, g.Name) }

// Want is one instance, always.
func (g *AutoScalingGroup) Want() AutoScalingGroupSpec {
	return AutoScalingGroupSpec{
		Template: g.Template.ID(), Version: onlyVersion, Running: g.Template.ID(), Type: g.Template.Type, Zones: Set{g.AZ}, Min: 1, Max: 1, Desired: 1, Tags: g.TagsOf(g.Key()),
	}
}

// Find looks among the stack's groups. It is Ready when its instance is, and passes AWS's checks: they
// begin to pass when the system is up, and by then what it runs at its start has run.
func (g *AutoScalingGroup) Find(ctx context.Context, look engine.Look) (engine.Found[AutoScalingGroupSpec], error) {
	found, err := find(ctx, g.Env, g.Key(), look, g.list, readGroup)
	g.looked, g.running = err == nil, found.Spec.Running
	if err != nil || found.Phase != engine.Pending || found.Spec.Instance == "" {
		return found, err
	}
	out, err := g.Clients.EC2.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: []string{found.Spec.Instance}})
	if err != nil && !cloud.IsNotFound(err) {
		return engine.Found[AutoScalingGroupSpec]{}, err
	}
	if err == nil {
		for _, s := range out.InstanceStatuses {
			if s.InstanceStatus != nil && s.InstanceStatus.Status == ec2types.SummaryStatusOk {
				found.Phase, found.Why = engine.Ready, ""
			}
		}
	}
	return found, nil
}

// Notes are what a NAT instance risks: when it is made, and when it is replaced.
func (g *AutoScalingGroup) Notes() []string {
	switch {
	case !g.looked || g.Template == nil || g.running == g.Template.ID():
		return nil
	case g.running == "":
		return []string{"agents reach the internet through one instance: while it is replaced, because it died or its image is renewed, they do not for some two minutes, and it passes on less than a NAT gateway"}
	}
	return []string{"the NAT instance is replaced: no agent reaches the internet for some two minutes"}
}

func readGroup(x types.AutoScalingGroup, tags cloud.Tags) engine.Found[AutoScalingGroupSpec] {
	found := engine.Found[AutoScalingGroupSpec]{Phase: engine.Pending, Why: "no NAT instance runs: the group starts one", Spec: AutoScalingGroupSpec{
		Zones: setOf(x.AvailabilityZones), Min: aws.ToInt32(x.MinSize), Max: aws.ToInt32(x.MaxSize), Desired: aws.ToInt32(x.DesiredCapacity), Tags: tags,
	}}
	if x.LaunchTemplate != nil {
		found.Spec.Template, found.Spec.Version = aws.ToString(x.LaunchTemplate.LaunchTemplateId), aws.ToString(x.LaunchTemplate.Version)
	}
	if x.Status != nil {
		found.Phase, found.Why = engine.Leaving, "the NAT instance stops"
	}
	for _, i := range x.Instances {
		if i.LifecycleState != types.LifecycleStateInService && i.LifecycleState != types.LifecycleStatePending || x.Status != nil {
			continue
		}
		found.Spec.Instance, found.Spec.Type = aws.ToString(i.InstanceId), aws.ToString(i.InstanceType)
		if i.LaunchTemplate != nil {
			found.Spec.Running = aws.ToString(i.LaunchTemplate.LaunchTemplateId)
		}
		found.Why = fmt.Sprintf("NAT instance %s starts", found.Spec.Instance)
		found.Outputs = map[string]string{"instance": found.Spec.Instance}
	}
	return found
}

func (g *AutoScalingGroup) list(ctx context.Context) ([]candidate[types.AutoScalingGroup], error) {
	all, err := cloud.Pages(ctx, autoscaling.NewDescribeAutoScalingGroupsPaginator(g.Clients.Groups, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []types.Filter{{Name: aws.String("tag:" + cloud.TagStack), Values: []string{g.Stack}}},
	}), func(out *autoscaling.DescribeAutoScalingGroupsOutput) []types.AutoScalingGroup {
		return out.AutoScalingGroups
	})
	var found []candidate[types.AutoScalingGroup]
	for _, x := range all {
		tags := cloud.FromSDK(x.Tags, func(t types.TagDescription) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
		found = append(found, candidate[types.AutoScalingGroup]{Item: x, ID: aws.ToString(x.AutoScalingGroupName), Tags: tags, Leaving: x.Status != nil})
	}
	return found, err
}

// Diff compares. An instance that another template started is replaced; that none runs is no difference, because
// the group is about to start one.
func (g *AutoScalingGroup) Diff(have, want AutoScalingGroupSpec) []engine.Change {
	var running []engine.Change
	if have.Running != "" {
		running = field("instance", have.Running, want.Running)
	}
	return changes(
		essential(field("launch_template", have.Template, want.Template)),
		essential(field("version", have.Version, want.Version)),
		running,
		essential(same("zones", have.Zones, want.Zones)),
		essential(field("min", have.Min, want.Min)),
		essential(field("max", have.Max, want.Max)),
		essential(field("desired", have.Desired, want.Desired)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the group. Zones, and no subnets, is how AWS is told that the template has an interface that is there
// already. A name is unique in the account and region.
func (g *AutoScalingGroup) Create(ctx context.Context, want AutoScalingGroupSpec, _ string) (string, error) {
	name := g.name()
	_, err := g.Clients.Groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &want.Template, Version: &want.Version},
		AvailabilityZones: want.Zones, MinSize: &want.Min, MaxSize: &want.Max, DesiredCapacity: &want.Desired, Tags: groupTags(name, want.Tags),
	})
	if !cloud.Is(err, "AlreadyExists") {
		return name, err
	}
	all, lerr := g.list(ctx)
	if lerr != nil {
		return "", err // AWS's refusal says more than the failure to explain it
	}
	if !slices.ContainsFunc(all, func(c candidate[types.AutoScalingGroup]) bool { return c.ID == name && c.Tags.Ours(g.Stack, g.Key()) }) {
		return "", g.foreign(g.Key(), "Auto Scaling group "+name, name)
	}
	return name, nil
}

// groupTags go with the instances, so that they are the stack's on the bill.
func groupTags(name string, tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag {
		return types.Tag{Key: &k, Value: &v, PropagateAtLaunch: aws.Bool(true), ResourceId: &name, ResourceType: aws.String("auto-scaling-group")}
	})
}

// Update sets what the group starts and how many, and ends an instance that another template started: the group
// starts the next one. That the instance is gone already is what AWS answers when the reply to the first attempt
// was lost.
func (g *AutoScalingGroup) Update(ctx context.Context, id string, have, want AutoScalingGroupSpec) error {
	_, err := g.Clients.Groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &id, LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &want.Template, Version: &want.Version},
		AvailabilityZones: want.Zones, MinSize: &want.Min, MaxSize: &want.Max, DesiredCapacity: &want.Desired,
	})
	if err != nil {
		return err
	}
	err = cloud.SyncTags(have.Tags, want.Tags, func(set cloud.Tags) error {
		return failure(g.Clients.Groups.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: groupTags(id, set)}))
	}, func(gone []string) error {
		drop := cloud.Tags{}
		for _, k := range gone {
			drop[k] = ""
		}
		return failure(g.Clients.Groups.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: groupTags(id, drop)}))
	})
	if err != nil || have.Instance == "" || have.Running == want.Template {
		return err
	}
	_, err = g.Clients.Groups.TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &have.Instance, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	if cloud.Is(err, "ValidationError") && cloud.Says(err, "No managed instance found") {
		return nil
	}
	return err
}

// Delete deletes the group and its instance.
func (g *AutoScalingGroup) Delete(ctx context.Context, id string) error {
	_, err := g.Clients.Groups.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &id, ForceDelete: aws.Bool(true)})
	if cloud.Is(err, "ValidationError") && cloud.Says(err, "not found") {
		return nil
	}
	return err
}
