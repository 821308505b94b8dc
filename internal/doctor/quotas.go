package doctor

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/stack"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// fargate is the service's code in Service Quotas.
const fargate = "fargate"

// quota is a limit of the account's in a region.
type quota struct{ service, code, name string }

func addressQuota() quota { return quota{"ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"} }

func vpcQuota() quota { return quota{"vpc", "L-F678F1CE", "VPCs per Region"} }

// quotas are the quotas that a fleet meets first. Zonal NAT gateways have one too, 5 in
// a zone, but each takes one of the region's 5 addresses.
func (sn *snapshot) quotas() []quota {
	out := []quota{addressQuota(), vpcQuota()}
	for _, q := range stack.FleetVCPU(sn.Cfg) {
		out = append(out, vcpuQuota(q))
	}
	return out
}

func vcpuQuota(q stack.QuotaShort) quota { return quota{fargate, q.Code, q.Name} }

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
func (sn *snapshot) needs() []need {
	var out []need
	// The agents share the quota, whichever of them are examined.
	for _, q := range stack.FleetVCPU(sn.Cfg) {
		out = append(out, need{
			vcpuQuota(q), q.Standing + q.Rolling,
			fmt.Sprintf("%g vCPU with every agent at scale.max, and %g for new tasks, which start beside the old ones", q.Standing, q.Rolling), "lower scale.max in " + sn.Cfg.File,
			"the fleet has no room to be rolled out at its maximum: ECS would start what fits and wait",
		})
	}
	ours := 0
	for _, a := range sn.addresses {
		ours += sn.own(a.Tags)
	}
	if more := sn.gateways() - ours; sn.addresses != nil && more > 0 {
		out = append(out, need{
			addressQuota(), float64(len(sn.addresses) + more), fmt.Sprintf("%d that are there, and %d more", len(sn.addresses), more),
			"release one that nothing uses, or network: {nat: none}", "there is no address left for a NAT gateway of the stack",
		})
	}
	ours = 0
	for _, v := range sn.vpcs {
		ours += sn.own(v.Tags)
	}
	if sn.vpcs != nil && ours == 0 {
		out = append(out, need{
			vpcQuota(), float64(len(sn.vpcs) + 1), fmt.Sprintf("%d that are there, and 1 more", len(sn.vpcs)), "delete one that is not needed", "there is no room for the stack's VPC",
		})
	}
	return out
}

// own is 1 for what is the stack's.
func (sn *snapshot) own(tags []types.Tag) int {
	if cloud.FromEC2Tags(tags)[cloud.TagStack] == sn.Cfg.Stack() {
		return 1
	}
	return 0
}

// gateways is how many NAT gateways the stack has, each with an address.
func (sn *snapshot) gateways() int {
	n := 0
	for _, r := range stack.New(sn.Cfg, &provision.Env{Stack: sn.Cfg.Stack(), Project: sn.Cfg.Project}, stack.GuessLookup(sn.Cfg)).Resources() {
		if r.Key().Kind() == "eip" {
			n++
		}
	}
	return n
}

// checkQuotas: AWS refuses what is over a quota, or ECS waits for room in it.
func checkQuotas(sn *snapshot) []Finding {
	var out []Finding
	met := false
	for _, a := range sn.Agents {
		if f, short := sn.metQuota(a); short {
			out, met = append(out, f), true
		}
	}
	for _, n := range sn.needs() {
		limit, known := sn.limits[n.code]
		if !known || n.much <= limit || met && n.service == fargate {
			continue
		}
		out = append(out, Finding{
			Problem: n.problem, Cause: fmt.Sprintf("the quota %q (%s) of the account in %s is too low", n.name, n.code, sn.Cfg.Region),
			Evidence: []string{fmt.Sprintf("have %g", limit), fmt.Sprintf("need %g: %s", n.much, n.of)},
			Fix:      stack.AskQuota(n.service, n.code, n.much, sn.Cfg.Region) + "; or " + n.or,
		})
	}
	return out
}

// metQuota is the finding of an agent for which ECS starts no task because a quota
// is used up, by karmactl or another user of the account.
func (sn *snapshot) metQuota(a agents.Agent) (Finding, bool) {
	s := sn.Services[a.Name]
	said, c := tasks.WhyDown(s, sn.Tasks[a.Name], a.Name)
	if !sn.short(a) || c.Kind != tasks.KindQuota {
		return Finding{}, false
	}
	f := Finding{Agent: a.Name, Problem: running(s), Cause: c.Why, Evidence: []string{said}, Fix: "AWS Service Quotas, AWS Fargate, shows what the account may run and takes the request for more"}
	spot := tasks.UsesSpot(s)
	for _, q := range stack.FleetVCPU(sn.Cfg) {
		limit, known := sn.limits[q.Code]
		if !known || spot != strings.Contains(q.Name, "Spot") {
			continue
		}
		missing := float64(s.DesiredCount-s.RunningCount) * float64(a.CPU) / 1024
		f.Evidence = append(f.Evidence, fmt.Sprintf("the quota %q (%s) is %g vCPU; the tasks that are missing have %g", q.Name, q.Code, limit, missing))
		f.Fix = stack.AskQuota(fargate, q.Code, max(limit+missing, q.Standing+q.Rolling), sn.Cfg.Region) + "; or stop what else runs on Fargate in this account"
	}
	return f, true
}
