package stack

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
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
	// Limit, Standing and Rolling are in vCPU: the quota, what there is to be anyway,
	// whether ECS has started it or not, and what is started beside it.
	Limit, Standing, Rolling float64
}

func (e *QuotaShort) Error() string {
	needs := fmt.Sprintf("the quota %q (%s) allows %g vCPU at once in %s, and this needs %g", e.Name, e.Code, e.Limit, e.Region, e.Standing+e.Rolling)
	if e.Standing == 0 {
		return needs + " for new tasks"
	}
	return fmt.Sprintf("%s: %g for tasks that run or are still to start, and %g for new ones beside them", needs, e.Standing, e.Rolling)
}

func (e *QuotaShort) provider() string {
	for _, q := range fargateQuotas {
		if q.code == e.Code {
			return q.provider
		}
	}
	return ""
}

// Ask is the command that asks AWS for enough, in whole vCPU.
func (e *QuotaShort) Ask() string { return AskQuota(fargate, e.Code, e.Standing+e.Rolling, e.Region) }

// fargate is the service's code in Service Quotas.
const fargate = "fargate"

// AskQuota is the command that asks AWS for so much of a quota, in whole units.
func AskQuota(service, code string, much float64, region string) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --service-code %s --quota-code %s --desired-value %g --region %s", service, code, math.Ceil(much), region)
}

// QuotaLimit is how much the account has of a quota; known is false where AWS does not say.
func QuotaLimit(ctx context.Context, api *servicequotas.Client, service, code string) (limit float64, known bool, err error) {
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
	d, err := s.vcpu(ctx, res, restarted)
	if err != nil {
		return nil, nil, err
	}
	return shortOf(ctx, s.Env, d.standing, d.most(s.Config.CallLevels(d.names)))
}

// Waves are the agents of a rollout in parts that roll one after the other, agents that
// others call first, as large as fit where the rollout is short; nil is that not even one
// agent at a time does.
func (s *Stack) Waves(ctx context.Context, agents []string, res *engine.Result, restarted []string, short []*QuotaShort) ([][]string, error) {
	d, err := s.vcpu(ctx, res, restarted)
	if err != nil {
		return nil, err
	}
	levels, size := s.Config.CallLevels(agents), 0
	for _, level := range levels {
		size = max(size, len(level))
	}
	for size--; size > 0; size-- {
		var waves [][]string
		for _, level := range levels {
			waves = slices.AppendSeq(waves, slices.Chunk(level, size))
		}
		most := d.most(waves)
		if !slices.ContainsFunc(short, func(q *QuotaShort) bool { return q.Limit < q.Standing+most[q.provider()] }) {
			return waves, nil
		}
	}
	return nil, nil
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
		limit, err := readQuota(ctx, env, q.code)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			notes = append(notes, fmt.Errorf("the quota %q (%s) is not known, so it was not checked that %g vCPU fit into it: %w", q.name, q.code, standing[q.provider]+rolling[q.provider], err))
		case len(limit) > 0 && limit[0] < standing[q.provider]+rolling[q.provider]:
			short = append(short, &QuotaShort{
				Name: q.name, Code: q.code, Region: env.Account.Region, Limit: limit[0], Standing: standing[q.provider], Rolling: rolling[q.provider],
			})
		}
	}
	return short, notes, nil
}

// ReadQuotas reads the Fargate quotas that tasks of agents count to, beside a walk with the same
// environment: Quotas need not ask for them again. What cannot be read Quotas tells.
func ReadQuotas(ctx context.Context, env *provision.Env, all []agents.Agent) {
	for _, q := range fargateQuotas {
		if slices.ContainsFunc(all, func(a agents.Agent) bool { return (&provision.Service{Agent: a}).VCPU(1)[q.provider] > 0 }) {
			_, _ = readQuota(ctx, env, q.code)
		}
	}
}

// readQuota is a Fargate quota, which a run asks for once; none where AWS does not say.
func readQuota(ctx context.Context, env *provision.Env, code string) ([]float64, error) {
	return cloud.List(ctx, env.Inventory, "quota/"+code, time.Time{}, func(ctx context.Context) ([]float64, error) {
		limit, known, err := QuotaLimit(ctx, env.Clients.Quotas, fargate, code)
		if !known {
			return nil, err
		}
		return []float64{limit}, nil
	})
}

// demand is what a rollout has in vCPU, by capacity provider.
type demand struct {
	// standing is of what services want, whether it runs yet or not.
	standing map[string]float64
	// names are the agents that roll, rolls is what each starts, fresh are those of which none runs.
	names []string
	rolls map[string]map[string]float64
	fresh map[string]bool
}

// vcpu is what the stack's tasks have, and what new ones have beside them.
func (s *Stack) vcpu(ctx context.Context, res *engine.Result, restarted []string) (demand, error) {
	d := demand{standing: map[string]float64{}, names: slices.Clone(restarted), rolls: map[string]map[string]float64{}, fresh: map[string]bool{}}
	for _, n := range s.resources {
		r, ok := n.(*provision.Service)
		if !ok {
			continue
		}
		count, there, err := r.Desired(ctx)
		if err != nil {
			return d, err
		}
		if !there {
			count = r.Agent.Scale.Min
		}
		need := r.VCPU(count)
		if there {
			plus(d.standing, need)
		}
		d.fresh[r.Agent.Name] = !there
		if o, _ := res.Get(r.Key()); provision.Deploys(o) {
			d.names = append(d.names, r.Agent.Name)
		}
		d.rolls[r.Agent.Name] = need
	}
	return d, nil
}

// most is the most that new tasks have beside what runs, by capacity provider, when agents
// roll a wave at a time: the old tasks of one are gone before the next begins. Fresh ones
// replace none.
func (d demand) most(waves [][]string) map[string]float64 {
	most := map[string]float64{}
	grown := map[string]float64{} // what earlier waves have added for good
	for _, wave := range waves {
		sum := maps.Clone(grown)
		for _, name := range wave {
			if !slices.Contains(d.names, name) {
				continue
			}
			plus(sum, d.rolls[name])
			if d.fresh[name] {
				plus(grown, d.rolls[name])
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
	rolling := demand{names: cfg.Names(), rolls: need}.most(cfg.CallLevels(cfg.Names()))
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
