package provision

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// A create whose reply was lost may have made a second one. It bills until it is deleted: by
// the next up, and by a down that comes first.
func TestWhatWasMadeTwiceIsToldByThePlanAndDeletedByUpAndByDown(t *testing.T) {
	for _, next := range []string{"up", "down"} {
		t.Run(next, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, slow)
				before := tables(t, b.sim)
				n := newNetwork(b.home)
				b.up(n.steps...)
				whole := tables(t, b.sim)
				again(t, b, n)
				time.Sleep(10 * time.Minute) // the second NAT gateway is available, and no listing of before is trusted
				if twice := tables(t, b.sim); twice == whole {
					t.Fatalf("nothing was made twice: %s", twice)
				}
				if gone := b.plan(newNetwork(b.home).steps...).Count(engine.Delete); gone != 3 {
					t.Errorf("the plan deletes %d, not the address, the NAT gateway and the security group that are too many", gone)
				}
				want := whole
				if next == "up" {
					b.up(newNetwork(b.home).steps...)
				} else {
					b.down(newNetwork(b.home).steps...)
					want = before
				}
				if left := tables(t, b.sim); left != want {
					t.Errorf("left are %s\nand not     %s", left, want)
				}
			})
		})
	}
}

// again makes a network's address, NAT gateway and group of the agents once more, with their tags.
func again(t *testing.T, b *bench, n *network) {
	t.Helper()
	api := b.home.Clients.EC2
	address, err := api.AllocateAddress(t.Context(), &ec2.AllocateAddressInput{
		Domain: types.DomainTypeVpc, TagSpecifications: ec2Tags(types.ResourceTypeElasticIp, n.address.Want().Tags),
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute) // until EC2 knows it everywhere
	if _, err = api.CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{
		SubnetId: aws.String(n.nat.Subnet.ID()), AllocationId: address.AllocationId, TagSpecifications: ec2Tags(types.ResourceTypeNatgateway, n.nat.Want().Tags),
	}); err != nil {
		t.Fatal(err)
	}
	group := n.agents.Want()
	if _, err = api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(group.Name + "-again"), Description: &group.Description, VpcId: &group.VPC, TagSpecifications: ec2Tags(types.ResourceTypeSecurityGroup, group.Tags),
	}); err != nil {
		t.Fatal(err)
	}
}
