package doctor

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// quota is a limit of the account's in a region.
type quota struct{ service, code, name string }

func addressQuota() quota { return quota{"ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"} }

func vpcQuota() quota { return quota{"vpc", "L-F678F1CE", "VPCs per Region"} }

// quotas are those that a fleet meets first. Zonal NAT gateways have one too, 5 in
// a zone, but each takes one of the region's 5 addresses.
func (w *ward) quotas() []quota {
	out := []quota{addressQuota(), vpcQuota()}
	for _, q := range stack.FleetVCPU(w.Cfg) {
		out = append(out, vcpuQuota(q))
	}
	return out
}

func vcpuQuota(q stack.QuotaShort) quota { return quota{"fargate", q.Code, q.Name} }

// need is how much of a quota the account takes, with what it takes already.
type need struct {
	quota
	much float64
	// of says what that is, or what there is to do but to ask for more.
	of, or string
	// problem is what happens without enough.
	problem string
}

// needs are what the stack takes. What could not be read is not among them.
func (w *ward) needs() []need {
	var out []need
	// The agents share the quota, whichever of them are examined.
	for _, q := range stack.FleetVCPU(w.Cfg) {
		out = append(out, need{
			vcpuQuota(q), q.Standing + q.Rolling,
			fmt.Sprintf("%g vCPU with every agent at scale.max, and %g for new tasks, which start beside the old ones", q.Standing, q.Rolling), "lower scale.max in " + w.Cfg.File,
			"the fleet has no room to be rolled out at its maximum: ECS would start what fits and wait",
		})
	}
	ours := 0
	for _, a := range w.addresses {
		ours += w.own(a.Tags)
	}
	if more := w.gateways() - ours; w.addresses != nil && more > 0 {
		out = append(out, need{
			addressQuota(), float64(len(w.addresses) + more), fmt.Sprintf("%d that are there, and %d more", len(w.addresses), more),
			"release one that nothing uses, or network: {nat: none}", "there is no address left for a NAT gateway of the stack",
		})
	}
	ours = 0
	for _, v := range w.vpcs {
		ours += w.own(v.Tags)
	}
	if w.vpcs != nil && ours == 0 {
		out = append(out, need{
			vpcQuota(), float64(len(w.vpcs) + 1), fmt.Sprintf("%d that are there, and 1 more", len(w.vpcs)), "delete one that nobody needs", "there is no room for the stack's VPC",
		})
	}
	return out
}

// own is 1 for what is the stack's.
func (w *ward) own(tags []types.Tag) int {
	if ec2Tags(tags)[cloud.TagStack] == w.Cfg.Stack() {
		return 1
	}
	return 0
}

// gateways is how many NAT gateways the stack has, each with an address.
func (w *ward) gateways() int {
	n := 0
	for _, r := range stack.New(w.Cfg, &provision.Env{Stack: w.Cfg.Stack(), Project: w.Cfg.Project}, stack.GuessLookup(w.Cfg)).Resources() {
		if r.Key().Kind() == "eip" {
			n++
		}
	}
	return n
}

// checkQuotas: AWS refuses what is over a quota, or ECS waits for room in it.
func checkQuotas(w *ward) []Finding {
	var out []Finding
	for _, n := range w.needs() {
		limit, known := w.limits[n.code]
		if !known || n.much <= limit {
			continue
		}
		out = append(out, Finding{
			Problem: n.problem, Cause: fmt.Sprintf("the quota %q (%s) of the account in %s is too low", n.name, n.code, w.Cfg.Region),
			Evidence: []string{fmt.Sprintf("have %g", limit), fmt.Sprintf("need %g: %s", n.much, n.of)},
			Fix:      stack.AskQuota(n.service, n.code, n.much, w.Cfg.Region) + "; or " + n.or,
		})
	}
	return out
}
