package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/xray"
	"github.com/aws/aws-sdk-go-v2/service/xray/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// maxSamplingRuleName: https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html
const maxSamplingRuleName = 32

// SamplingRuleSpec is what we own of a sampling rule.
type SamplingRuleSpec struct {
	// Service is a pattern of the names under which services trace.
	Service string
	// Requests are the requests that it counts: host, method and path, as patterns.
	Requests  string
	Rate      float64
	Reservoir int
	Priority  int
	Tags      cloud.Tags
}

// SamplingRule says how many requests of the agents X-Ray keeps: one a second
// and 5 % of the rest, of services whose name begins with the stack's. A million
// traces cost $5, the first 100,000 a month nothing. Its id is its name.
type SamplingRule struct {
	engine.Ref
	*Env
}

func (r *SamplingRule) name() string         { return cloud.Name(maxSamplingRuleName, r.Stack) }
func (r *SamplingRule) Key() engine.Key      { return "sampling-rule" }
func (r *SamplingRule) Needs() []engine.Node { return nil }

// Want is one request a second and 5 % of the rest.
func (r *SamplingRule) Want() SamplingRuleSpec {
	return SamplingRuleSpec{Service: r.Stack + "*", Requests: everyRequest, Rate: 0.05, Reservoir: 1, Priority: 1000, Tags: r.TagsOf(r.Key())}
}

// everyRequest is any host, any method and any path.
const everyRequest = "* * *"

func (r *SamplingRule) Find(ctx context.Context, look engine.Look) (engine.Found[SamplingRuleSpec], error) {
	all, err := cloud.Pages(ctx, xray.NewGetSamplingRulesPaginator(r.Clients.XRay, &xray.GetSamplingRulesInput{}),
		func(out *xray.GetSamplingRulesOutput) []types.SamplingRuleRecord { return out.SamplingRuleRecords })
	for _, rec := range all {
		if rec.SamplingRule != nil && aws.ToString(rec.SamplingRule.RuleName) == r.name() {
			return r.observe(ctx, look, rec.SamplingRule)
		}
	}
	return engine.Found[SamplingRuleSpec]{}, err
}

func (r *SamplingRule) observe(ctx context.Context, look engine.Look, rule *types.SamplingRule) (engine.Found[SamplingRuleSpec], error) {
	tags, err := r.ownTags(ctx, look, r.Key(), "X-Ray sampling rule "+r.name(), aws.ToString(rule.RuleARN), r.samplingRuleTags().read)
	if tags == nil || err != nil {
		return engine.Found[SamplingRuleSpec]{}, err
	}
	return engine.Found[SamplingRuleSpec]{Phase: engine.Ready, ID: r.name(), Spec: SamplingRuleSpec{
		Service: aws.ToString(rule.ServiceName), Rate: rule.FixedRate,
		Requests:  aws.ToString(rule.Host) + " " + aws.ToString(rule.HTTPMethod) + " " + aws.ToString(rule.URLPath),
		Reservoir: int(rule.ReservoirSize),
		Priority:  int(aws.ToInt32(rule.Priority)), Tags: tags,
	}}, nil
}

func (r *SamplingRule) Diff(have, want SamplingRuleSpec) []engine.Change {
	return changes(
		field("service", have.Service, want.Service),
		field("requests", have.Requests, want.Requests),
		field("rate", have.Rate, want.Rate),
		field("reservoir", have.Reservoir, want.Reservoir),
		field("priority", have.Priority, want.Priority),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

func every() *string { return aws.String("*") }

func (r *SamplingRule) Create(ctx context.Context, want SamplingRuleSpec, _ string) (string, error) {
	_, err := r.Clients.XRay.CreateSamplingRule(ctx, &xray.CreateSamplingRuleInput{Tags: toXRayTags(want.Tags), SamplingRule: &types.SamplingRule{
		RuleName: aws.String(r.name()), ServiceName: &want.Service, FixedRate: want.Rate, ReservoirSize: int32(want.Reservoir),
		Priority: aws.Int32(int32(want.Priority)), Version: aws.Int32(1), Host: every(), HTTPMethod: every(), URLPath: every(), ServiceType: every(), ResourceARN: every(),
	}})
	return made(r.name(), err)
}

func (r *SamplingRule) Update(ctx context.Context, id string, have, want SamplingRuleSpec) error {
	out, err := r.Clients.XRay.UpdateSamplingRule(ctx, &xray.UpdateSamplingRuleInput{SamplingRuleUpdate: &types.SamplingRuleUpdate{
		Host: every(), HTTPMethod: every(), URLPath: every(),
		RuleName: &id, ServiceName: &want.Service, FixedRate: &want.Rate, ReservoirSize: aws.Int32(int32(want.Reservoir)), Priority: aws.Int32(int32(want.Priority)),
	}})
	if err != nil {
		return err
	}
	return r.samplingRuleTags().update(ctx, aws.ToString(out.SamplingRuleRecord.SamplingRule.RuleARN), have.Tags, want.Tags)
}

// Delete deletes the rule. X-Ray answers InvalidRequestException for one that is
// gone, so that answer is checked.
func (r *SamplingRule) Delete(ctx context.Context, id string) error {
	_, err := r.Clients.XRay.DeleteSamplingRule(ctx, &xray.DeleteSamplingRuleInput{RuleName: &id})
	if cloud.Is(err, "InvalidRequestException") {
		if found, ferr := r.Find(ctx, engine.Look{ID: id}); ferr == nil && found.Phase == engine.Absent {
			return nil
		}
	}
	return err
}
