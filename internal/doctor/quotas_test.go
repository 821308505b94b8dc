package doctor

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// held allocates an address of another owner that is in use.
func (b *bench) held() {
	b.t.Helper()
	out, err := b.c.EC2.AllocateAddress(b.t.Context(), &ec2.AllocateAddressInput{Domain: ec2types.DomainTypeVpc})
	if err != nil {
		b.t.Fatal(err)
	}
	b.edit(func(w *awssim.World) { w.Addresses[*out.AllocationId].HeldBy = "eni-0123456789abcdef0" })
}

// crowded is an account without the stack, and with as many VPCs as it may have.
func (b *bench) crowded() {
	b.t.Helper()
	b.edit(func(w *awssim.World) {
		clear(w.Services)
		for _, v := range w.VPCs {
			v.Tags = cloud.Tags{"Name": "another owner's"}
		}
	})
	another := func() error {
		_, err := b.c.EC2.CreateVpc(b.t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.1.0.0/16")})
		return err
	}
	for range 4 {
		if err := another(); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := another(); !cloud.Is(err, "VpcLimitExceeded") {
		b.t.Errorf("a sixth VPC: %v", err)
	}
}

func TestAQuotaThatMayNotBeReadIsAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.edit(func(w *awssim.World) { w.FargateVCPU = map[string]float64{"L-36FBB829": 5} })
		b.sim.Inject(func(c awssim.Call) awssim.Fault {
			if c.Service == "Service Quotas" {
				return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
			}
			return awssim.Fault{}
		})
		r := b.examine()
		if len(r.Findings) > 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0].Error(), "quotas cannot be read") || !strings.Contains(r.Notes[0].Error(), "L-36FBB829") {
			t.Errorf("it says:\n%s", text(r))
		}
	})
}

// With room for what it has, a stack needs no more, however full the account is.
func TestAStackThatHasWhatItNeedsIsNotShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *agents.Config) { c.Network.NAT = agents.NATPerAZ })
		for range 3 {
			b.held() // two are the stack's
		}
		if r := b.examine(); len(r.Findings)+len(r.Notes) > 0 {
			t.Errorf("it says:\n%s", text(r))
		}
	})
}
