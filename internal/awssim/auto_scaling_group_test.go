package awssim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// TestAnInstanceHasItsInterfaceFromItsStartToItsEnd: what it holds cannot be deleted, and the next instance has it after.
func TestAnInstanceHasItsInterfaceFromItsStartToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNet(t, Options{})
		groups := autoscaling.NewFromConfig(n.Config())
		vpc := n.vpc()
		subnet := n.subnet(vpc, "10.0.0.0/24", "us-east-1a")
		sg := must[*ec2.CreateSecurityGroupOutput](t)(n.ec2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: aws.String("nat"), Description: aws.String("nat")}))
		eni := *must[*ec2.CreateNetworkInterfaceOutput](t)(n.ec2.CreateNetworkInterface(t.Context(), &ec2.CreateNetworkInterfaceInput{SubnetId: &subnet, Groups: []string{*sg.GroupId}})).NetworkInterface.NetworkInterfaceId
		template := *must[*ec2.CreateLaunchTemplateOutput](t)(n.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String("nat"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
				ImageId: aws.String(LinuxImage), InstanceType: ec2types.InstanceTypeT4gNano,
				NetworkInterfaces: []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{DeviceIndex: aws.Int32(0), NetworkInterfaceId: &eni}},
			},
		})).LaunchTemplate.LaunchTemplateId
		create := func(template string, zones []string, lowest, highest int32) error {
			_, err := groups.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
				AutoScalingGroupName: aws.String("nat"), LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &template, Version: aws.String("1")},
				AvailabilityZones: zones, MinSize: &lowest, MaxSize: &highest,
			})
			return err
		}
		zone := []string{"us-east-1a"}
		refused(t, "a template that is not there", create("lt-0", zone, 1, 1), "ValidationError")
		refused(t, "no zone", create(template, nil, 1, 1), "ValidationError")
		refused(t, "more than the most", create(template, zone, 2, 1), "ValidationError")
		if err := create(template, zone, 1, 1); err != nil {
			t.Fatal(err)
		}
		refused(t, "a second of the name", create(template, zone, 1, 1), "AlreadyExists")

		time.Sleep(3 * time.Minute)
		running := func() []types.Instance {
			return must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})).AutoScalingGroups[0].Instances
		}
		first := running()
		if len(first) != 1 || first[0].LifecycleState != types.LifecycleStateInService {
			t.Fatalf("after three minutes there are %v", first)
		}
		_, err := n.ec2.DeleteNetworkInterface(t.Context(), &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni})
		refused(t, "the interface of an instance", err, "InvalidParameterValue")
		_, err = groups.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("nat")})
		refused(t, "a group with an instance", err, "ResourceInUse")

		must[*autoscaling.TerminateInstanceInAutoScalingGroupOutput](t)(groups.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
			InstanceId: first[0].InstanceId, ShouldDecrementDesiredCapacity: aws.Bool(false),
		}))
		time.Sleep(3 * time.Minute)
		if next := running(); len(next) != 1 || *next[0].InstanceId == *first[0].InstanceId {
			t.Errorf("after it ended there are %v", next)
		}
		must[*autoscaling.DeleteAutoScalingGroupOutput](t)(groups.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("nat"), ForceDelete: aws.Bool(true)}))
		time.Sleep(time.Minute)
		if left := must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})).AutoScalingGroups; len(left) > 0 {
			t.Errorf("a minute after its deletion there is %v", left)
		}
		must[*ec2.DeleteNetworkInterfaceOutput](t)(n.ec2.DeleteNetworkInterface(t.Context(), &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &eni}))
	})
}
