package stack

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// fargateQuotas are the account's limits on vCPU that run at once in a region, 6
// each in a new account: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
var fargateQuotas = []struct{ provider, name, code string }{
	{"FARGATE", "Fargate On-Demand vCPU resource count", "L-3032A538"},
	{"FARGATE_SPOT", "Fargate Spot vCPU resource count", "L-36FBB829"},
}

// QuotaShort is a rollout that needs more vCPU at once than the account may run:
// ECS would start what fits and then wait, until the deployment's time is over.
type QuotaShort struct {
	Name, Code, Region string
	// Limit, Standing and Rolling are in vCPU: the quota, what runs anyway, and
	// what is started beside it.
	Limit, Standing, Rolling float64
}

func (e *QuotaShort) Error() string {
	return fmt.Sprintf("the quota %q (%s) allows %g vCPU at once in %s, and this needs %g: %g that run, and %g for new tasks, which start beside the old ones",
		e.Name, e.Code, e.Limit, e.Region, e.Standing+e.Rolling, e.Standing, e.Rolling)
}

// Ask is the command that asks AWS for enough, in whole vCPU.
func (e *QuotaShort) Ask() string { return AskQuota(fargate, e.Code, e.Standing+e.Rolling, e.Region) }

// fargate is the service's code in Service Quotas.
const fargate = "fargate"

// AskQuota is the command that asks AWS for so much of a quota, in whole units.
func AskQuota(service, code string, much float64, region string) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %g --region %s", service, code, math.Ceil(much), region)
}

type quotaAPI interface {
	GetServiceQuota(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
}

// QuotaLimit is how much the account has of a quota; known is false where AWS does not say.
func QuotaLimit(ctx context.Context, api quotaAPI, service, code string) (limit float64, known bool, err error) {
	out, err := api.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	if err != nil || out.Quota == nil || out.Quota.Value == nil {
		return 0, false, err
	}
	return *out.Quota.Value, true, nil
}

// Quotas are the Fargate quotas that a planned rollout would exceed. A quota that
// cannot be read is a note: it is no reason to stop. What others run in the
// account is not counted.
func (s *Stack) Quotas(ctx context.Context, res *engine.Result, restarted []string) (short []*QuotaShort, notes []error, err error) {
	standing, rolling, err := s.vcpu(ctx, res, restarted)
	if err != nil {
		return nil, nil, err
	}
	return shortOf(ctx, s.Env, standing, rolling)
}

// QuotasOf are the Fargate quotas that so many tasks of agents would exceed, where
// there were was of them before.
func QuotasOf(ctx context.Context, env *provision.Env, cfg *agents.Config, was, now map[string]int) (short []*QuotaShort, notes []error, err error) {
	standing, more := map[string]float64{}, map[string]float64{}
	for _, a := range cfg.Agents {
		before := (&provision.Service{Agent: a}).VCPU(was[a.Name])
		plus(standing, before)
		for provider, n := range (&provision.Service{Agent: a}).VCPU(now[a.Name]) {
			more[provider] += n - before[provider]
		}
	}
	maps.DeleteFunc(more, func(_ string, n float64) bool { return n <= 0 })
	return shortOf(ctx, env, standing, more)
}

// QuotasBeside are the Fargate quotas that one more task would exceed, beside the tasks that run.
func QuotasBeside(ctx context.Context, env *provision.Env, running []tasks.Size, more tasks.Size) (short []*QuotaShort, notes []error, err error) {
	provider := map[bool]string{false: "FARGATE", true: "FARGATE_SPOT"}
	standing := map[string]float64{}
	for _, t := range running {
		standing[provider[t.Spot]] += float64(t.CPU) / 1024
	}
	return shortOf(ctx, env, standing, map[string]float64{provider[more.Spot]: float64(more.CPU) / 1024})
}

// shortOf holds vCPU by capacity provider against the account's quotas.
func shortOf(ctx context.Context, env *provision.Env, standing, rolling map[string]float64) (short []*QuotaShort, notes []error, err error) {
	for _, q := range fargateQuotas {
		if rolling[q.provider] == 0 {
			continue
		}
		limit, known, err := QuotaLimit(ctx, env.Clients.Quotas, fargate, q.code)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			notes = append(notes, fmt.Errorf("the quota %q (%s) is not known, so it was not checked that %g vCPU fit into it: %w", q.name, q.code, standing[q.provider]+rolling[q.provider], err))
		case known && limit < standing[q.provider]+rolling[q.provider]:
			short = append(short, &QuotaShort{
				Name: q.name, Code: q.code, Region: env.Account.Region, Limit: limit, Standing: standing[q.provider], Rolling: rolling[q.provider],
			})
		}
	}
	return short, notes, nil
}

// vcpu is what the stack's tasks have by capacity provider, and the most that new
// ones have beside them.
func (s *Stack) vcpu(ctx context.Context, res *engine.Result, restarted []string) (standing, rolling map[string]float64, err error) {
	standing = map[string]float64{}
	rolls := map[string]map[string]float64{}
	fresh := map[string]bool{}
	names := slices.Clone(restarted)
	for _, n := range s.resources {
		r, ok := n.(*provision.Service)
		if !ok {
			continue
		}
		count, there, err := r.Desired(ctx)
		if err != nil {
			return nil, nil, err
		}
		if !there {
			count = r.Agent.Scale.Min
		}
		need := r.VCPU(count)
		if there {
			plus(standing, need)
		}
		fresh[r.Agent.Name] = !there
		if o, _ := res.Get(r.Key()); provision.Deploys(o) {
			names = append(names, r.Agent.Name)
		}
		rolls[r.Agent.Name] = need
	}
	return standing, mostBeside(s.Config, names, rolls, fresh), nil
}

// mostBeside is the most that the new tasks of agents have beside what runs, by
// capacity provider: agents that others call go first, a level at a time, and a
// level's old tasks are gone before the next begins. Fresh ones replace none.
func mostBeside(cfg *agents.Config, names []string, rolls map[string]map[string]float64, fresh map[string]bool) map[string]float64 {
	most := map[string]float64{}
	grown := map[string]float64{} // what earlier levels have added for good
	for _, level := range cfg.CallLevels(names) {
		sum := maps.Clone(grown)
		for _, name := range level {
			plus(sum, rolls[name])
			if fresh[name] {
				plus(grown, rolls[name])
			}
		}
		for provider, n := range sum {
			most[provider] = max(most[provider], n)
		}
	}
	return most
}

// FleetVCPU is what agents have in vCPU when each is at its maximum, by Fargate
// quota, and the most that a rollout of them all starts beside that.
func FleetVCPU(cfg *agents.Config) []QuotaShort {
	standing := map[string]float64{}
	need := map[string]map[string]float64{}
	for _, a := range cfg.Agents {
		need[a.Name] = (&provision.Service{Agent: a}).VCPU(a.Scale.Max)
		plus(standing, need[a.Name])
	}
	rolling := mostBeside(cfg, cfg.Names(), need, nil)
	var out []QuotaShort
	for _, q := range fargateQuotas {
		if standing[q.provider] > 0 {
			out = append(out, QuotaShort{Name: q.name, Code: q.code, Standing: standing[q.provider], Rolling: rolling[q.provider]})
		}
	}
	return out
}

func plus(sum, more map[string]float64) {
	for k, v := range more {
		sum[k] += v
	}
}
