package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// VPCSpec is what we own of a VPC.
type VPCSpec struct {
	CIDR string
	// DNSHostnames is off in a new VPC; private DNS of interface endpoints needs it.
	DNSHostnames bool
	Tags         cloud.Tags
}

// VPC is the stack's own network.
type VPC struct {
	engine.Ref
	*Env
	CIDR string
	// given: it is there already and not the stack's; see GivenVPC.
	given bool
}

// IsGiven tells whether it was there before the stack.
func (v *VPC) IsGiven() bool { return v.given }

func (v *VPC) Key() engine.Key      { return "vpc" }
func (v *VPC) Needs() []engine.Node { return nil }

func (v *VPC) Want() VPCSpec {
	return VPCSpec{CIDR: v.CIDR, DNSHostnames: true, Tags: v.TagsOf(v.Key())}
}

func (v *VPC) Find(ctx context.Context, look engine.Look) (engine.Found[VPCSpec], error) {
	found, err := find(ctx, v.Env, v.Key(), look, v.list, func(vpc types.Vpc, tags cloud.Tags) engine.Found[VPCSpec] {
		found := engine.Found[VPCSpec]{Spec: VPCSpec{CIDR: aws.ToString(vpc.CidrBlock), Tags: tags}}
		if vpc.State == types.VpcStatePending {
			found.Phase, found.Why = engine.Pending, "pending"
		}
		return found
	})
	if found.Phase == engine.Absent || err != nil {
		return found, err
	}
	names, err := v.Clients.EC2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &found.ID, Attribute: types.VpcAttributeNameEnableDnsHostnames})
	if err != nil {
		return engine.Found[VPCSpec]{}, cloud.IgnoreNotFound(err)
	}
	found.Spec.DNSHostnames = names.EnableDnsHostnames != nil && aws.ToBool(names.EnableDnsHostnames.Value)
	return found, nil
}

func (v *VPC) list(ctx context.Context) ([]candidate[types.Vpc], error) {
	all, err := cloud.Pages(ctx, ec2.NewDescribeVpcsPaginator(v.Clients.EC2, &ec2.DescribeVpcsInput{Filters: v.ofStack()}),
		func(out *ec2.DescribeVpcsOutput) []types.Vpc { return out.Vpcs })
	return ec2Candidates(all, func(x types.Vpc) (*string, []types.Tag) { return x.VpcId, x.Tags }), err
}

// Diff compares. The block of a VPC cannot change.
func (v *VPC) Diff(have, want VPCSpec) []engine.Change {
	return changes(
		essential(fixed("cidr", have.CIDR, want.CIDR)),
		field("dns_hostnames", have.DNSHostnames, want.DNSHostnames),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the VPC; DNS host names are an attribute that can only be set after.
func (v *VPC) Create(ctx context.Context, want VPCSpec, _ string) (string, error) {
	out, err := v.Clients.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock:         &want.CIDR,
		TagSpecifications: ec2Tags(types.ResourceTypeVpc, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Vpc.VpcId), nil
}

func (v *VPC) Update(ctx context.Context, id string, have, want VPCSpec) error {
	if have.DNSHostnames != want.DNSHostnames {
		_, err := v.Clients.EC2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{
			VpcId: &id, EnableDnsHostnames: &types.AttributeBooleanValue{Value: &want.DNSHostnames},
		})
		if err != nil {
			return err
		}
	}
	return updateEC2Tags(ctx, v.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete deletes the VPC; its default group, ACL and main route table go with
// it. AWS refuses while anything else is in it.
func (v *VPC) Delete(ctx context.Context, id string) error {
	_, err := v.Clients.EC2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &id})
	return v.held(ctx, err, func(n types.NetworkInterface) bool { return aws.ToString(n.VpcId) == id })
}
