package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ElasticIPSpec is what we own of an elastic IP address.
type ElasticIPSpec struct {
	Tags cloud.Tags
}

// ElasticIP is the public address of a NAT gateway. It costs $3.65 a month,
// in use or idle.
type ElasticIP struct {
	engine.Ref
	*Env
	// AZ is that of the NAT gateway; the address itself belongs to the region.
	AZ string
}

func (e *ElasticIP) Key() engine.Key      { return engine.Key("eip/" + e.AZ) }
func (e *ElasticIP) Needs() []engine.Node { return nil }
func (e *ElasticIP) Want() ElasticIPSpec  { return ElasticIPSpec{Tags: e.TagsOf(e.Key())} }

func (e *ElasticIP) Find(ctx context.Context, look engine.Look) (engine.Found[ElasticIPSpec], error) {
	return find(ctx, e.Env, e.Key(), look, e.list, func(a types.Address, tags cloud.Tags) engine.Found[ElasticIPSpec] {
		return engine.Found[ElasticIPSpec]{Spec: ElasticIPSpec{Tags: tags}, Outputs: map[string]string{"public_ip": aws.ToString(a.PublicIp)}}
	})
}

func (e *ElasticIP) list(ctx context.Context) ([]candidate[types.Address], error) {
	out, err := e.Clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: e.ofStack()})
	if err != nil {
		return nil, err
	}
	return ec2Candidates(out.Addresses, func(a types.Address) (*string, []types.Tag) { return a.AllocationId, a.Tags }), nil
}

// Diff compares tags: an address has nothing else.
func (e *ElasticIP) Diff(have, want ElasticIPSpec) []engine.Change {
	return cloud.DiffTags(have.Tags, want.Tags)
}

// Create allocates an address. There is no client token: a repeated call makes a second one.
func (e *ElasticIP) Create(ctx context.Context, want ElasticIPSpec, _ string) (string, error) {
	out, err := e.Clients.EC2.AllocateAddress(ctx, &ec2.AllocateAddressInput{
		Domain: types.DomainTypeVpc, TagSpecifications: ec2Tags(types.ResourceTypeElasticIp, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.AllocationId), nil
}

func (e *ElasticIP) Update(ctx context.Context, id string, have, want ElasticIPSpec) error {
	return updateEC2Tags(ctx, e.Clients.EC2, id, have.Tags, want.Tags)
}

// Delete releases the address. While a NAT gateway that is being deleted holds
// it AWS answers AuthFailure, which cloud.Classify takes for busy. A user
// who gave it to an interface of his own is named.
func (e *ElasticIP) Delete(ctx context.Context, id string) error {
	_, err := e.Clients.EC2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})
	if !cloud.Is(err, "InvalidIPAddress.InUse") {
		return err
	}
	out, lerr := e.Clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{AllocationIds: []string{id}})
	if lerr != nil || len(out.Addresses) == 0 || out.Addresses[0].NetworkInterfaceId == nil {
		return err // AWS's refusal says more than the failure to explain it
	}
	a := out.Addresses[0]
	holder := fmt.Sprintf("network interface %s (it has the address %s, owner %s)",
		aws.ToString(a.NetworkInterfaceId), aws.ToString(a.PublicIp), aws.ToString(a.NetworkInterfaceOwnerId))
	if a.InstanceId != nil {
		holder = "instance " + *a.InstanceId + ", " + holder
	}
	return &engine.InUse{Holder: holder, Foreign: true, Err: err}
}
