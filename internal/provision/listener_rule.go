package provision

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// ListenerRuleSpec is what we own of a rule.
type ListenerRuleSpec struct {
	Group string
	// Paths or Hosts are what the rule takes.
	Paths []string
	Hosts []string
	// Rewrite is the regular expression of what the agent sees of the path; ""
	// passes the path on as it came.
	Rewrite  string
	Priority int
	Tags     cloud.Tags
}

// ListenerRule sends one agent's requests to its target group: those to its
// path, or with Host those to its own name.
type ListenerRule struct {
	engine.Ref
	*Env
	Listener *Listener
	Group    *TargetGroup
	Agent    string
	// Host makes this the rule for a name, such as validator.agents.example.com, and
	// whatever path.
	Host string
	// Path is /x, for itself and what is below it, or / for everything; Hosts are where, and
	// none is anywhere.
	Path  string
	Hosts []string
	// StripPrefix turns /x/health into /health before it reaches the agent.
	StripPrefix bool
	// Priority is 1 to 50000; the lowest that matches answers.
	Priority int
}

// hostRule begins the last part of the key of a rule for a name.
const hostRule = "host-"

// Key is rule/http/AGENT, rule/https/AGENT or rule/https/host-AGENT.
func (r *ListenerRule) Key() engine.Key {
	name := r.Agent
	if r.Host != "" {
		name = hostRule + name
	}
	return engine.Key("rule/" + strings.ToLower(r.Listener.Protocol) + "/" + name)
}

func (r *ListenerRule) OfAgent() string { return r.Agent }

// ListenerRuleOf makes a rule from what follows its kind in a key.
func ListenerRuleOf(h *Env, name string) *ListenerRule {
	protocol, agent, _ := strings.Cut(name, "/")
	r := &ListenerRule{Env: h, Agent: agent, Listener: &Listener{Env: h, Protocol: strings.ToUpper(protocol)}}
	if name, ok := strings.CutPrefix(agent, hostRule); ok {
		r.Agent, r.Host = name, engine.Unknown(engine.Key("rule/"+protocol+"/"+agent))
	}
	return r
}

func (r *ListenerRule) Needs() []engine.Node { return []engine.Node{r.Listener, r.Group} }

// OwnedBy is the listener, which AWS deletes with its rules: at three deletions a
// second a large fleet's rules would hold up the load balancer for longer than
// anything else takes.
func (r *ListenerRule) OwnedBy() engine.Node { return r.Listener }

// Want is a rule for the agent's path, with and without what follows, or for its name.
func (r *ListenerRule) Want() ListenerRuleSpec {
	want := ListenerRuleSpec{Group: r.Group.ID(), Priority: r.Priority, Tags: r.TagsOf(r.Key())}
	if r.Host != "" {
		want.Hosts = []string{r.Host}
		return want
	}
	want.Hosts = slices.Sorted(slices.Values(r.Hosts))
	switch {
	case r.Path != "/":
		want.Paths = []string{r.Path, r.Path + "/*"} // "/validator/*" alone misses "/validator"
		if r.StripPrefix {
			want.Rewrite = "^" + regexp.QuoteMeta(r.Path) + "/?(.*)$"
		}
	case len(r.Hosts) == 0:
		want.Paths = []string{"/*"}
	}
	return want
}

// rewritten is what Rewrite turns a path into.
const rewritten = "/$1"

func (r *ListenerRule) Find(ctx context.Context, look engine.Look) (engine.Found[ListenerRuleSpec], error) {
	return find(ctx, r.Env, r.Key(), look, func(ctx context.Context) ([]candidate[types.Rule], error) {
		return r.rules(ctx, look.NotOlder)
	}, func(rule types.Rule, tags cloud.Tags) engine.Found[ListenerRuleSpec] {
		return engine.Found[ListenerRuleSpec]{Spec: readRule(rule, tags)}
	})
}

// rules are those of the stack's listeners. They are listed while the listeners' tags,
// which tell whose each is, are read.
func (h *Env) rules(ctx context.Context, notOlder time.Time) ([]candidate[types.Rule], error) {
	type rulesOf struct {
		listener string
		rules    []types.Rule
	}
	var listed []rulesOf
	var listeners []candidate[types.Listener]
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		listeners, err = h.listeners(gctx, notOlder)
		return err
	})
	g.Go(func() error {
		named, err := h.namedListeners(gctx, notOlder)
		if err != nil {
			return err
		}
		listed, err = cloud.Chunks(gctx, named, 1, func(ctx context.Context, one []types.Listener) ([]rulesOf, error) {
			arn := aws.ToString(one[0].ListenerArn)
			rules, err := h.describeRules(ctx, arn)
			return []rulesOf{{arn, rules}}, err
		})
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []types.Rule
	for _, l := range listeners {
		for _, r := range listed {
			if r.listener == l.ID && l.Tags[cloud.TagStack] == h.Stack {
				all = append(all, r.rules...)
			}
		}
	}
	return h.ruleCandidates(ctx, all)
}

// rulesOf lists the rules of a listener, except its default rule.
func (h *Env) rulesOf(ctx context.Context, listener string) ([]candidate[types.Rule], error) {
	all, err := h.describeRules(ctx, listener)
	if err != nil {
		return nil, err
	}
	return h.ruleCandidates(ctx, all)
}

func (h *Env) describeRules(ctx context.Context, listener string) ([]types.Rule, error) {
	all, err := unlessGone(cloud.Pages(ctx, elb.NewDescribeRulesPaginator(h.Clients.ELB, &elb.DescribeRulesInput{ListenerArn: &listener}),
		func(out *elb.DescribeRulesOutput) []types.Rule { return out.Rules }))
	return slices.DeleteFunc(all, func(r types.Rule) bool { return aws.ToBool(r.IsDefault) }), err
}

func (h *Env) ruleCandidates(ctx context.Context, all []types.Rule) ([]candidate[types.Rule], error) {
	return elbCandidates(ctx, h.Clients.ELB, all, func(i types.Rule) string { return aws.ToString(i.RuleArn) })
}

func readRule(rule types.Rule, tags cloud.Tags) ListenerRuleSpec {
	s := ListenerRuleSpec{Priority: priorityOf(rule), Tags: tags}
	for _, c := range rule.Conditions {
		switch aws.ToString(c.Field) {
		case "path-pattern":
			s.Paths = slices.Sorted(slices.Values(pathsOf(c)))
		case "host-header":
			s.Hosts = slices.Sorted(slices.Values(hostsOf(c)))
		default: // a condition that we do not set shows as a difference
			s.Paths = append(s.Paths, "and a condition on "+aws.ToString(c.Field))
		}
	}
	for _, a := range rule.Actions {
		s.Group = aws.ToString(a.TargetGroupArn)
		if a.Type != types.ActionTypeEnumForward {
			s.Group = string(a.Type)
		}
	}
	for _, t := range rule.Transforms {
		s.Rewrite = string(t.Type)
		if t.UrlRewriteConfig == nil {
			continue
		}
		for _, w := range t.UrlRewriteConfig.Rewrites {
			s.Rewrite = aws.ToString(w.Regex)
			if to := aws.ToString(w.Replace); to != rewritten {
				s.Rewrite += " to " + to
			}
		}
	}
	return s
}

func pathsOf(c types.RuleCondition) []string {
	if c.PathPatternConfig != nil {
		return c.PathPatternConfig.Values
	}
	return c.Values
}

func hostsOf(c types.RuleCondition) []string {
	if c.HostHeaderConfig != nil {
		return c.HostHeaderConfig.Values
	}
	return c.Values
}

func (s ListenerRuleSpec) conditions() []types.RuleCondition {
	var out []types.RuleCondition
	if len(s.Paths) > 0 {
		out = append(out, types.RuleCondition{Field: aws.String("path-pattern"), PathPatternConfig: &types.PathPatternConditionConfig{Values: s.Paths}})
	}
	if len(s.Hosts) > 0 {
		out = append(out, types.RuleCondition{Field: aws.String("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: s.Hosts}})
	}
	return out
}

func (s ListenerRuleSpec) actions() []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: aws.String(s.Group)}}
}

// transforms: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
func (s ListenerRuleSpec) transforms() []types.RuleTransform {
	if s.Rewrite == "" {
		return nil
	}
	return []types.RuleTransform{{Type: types.TransformTypeEnumUrlRewrite, UrlRewriteConfig: &types.UrlRewriteConfig{
		Rewrites: []types.RewriteConfig{{Regex: aws.String(s.Rewrite), Replace: aws.String(rewritten)}},
	}}}
}

// Diff compares. All of it can change in place.
func (r *ListenerRule) Diff(have, want ListenerRuleSpec) []engine.Change {
	return changes(
		essential(field("target_group", have.Group, want.Group)),
		essential(field("paths", strings.Join(have.Paths, " "), strings.Join(want.Paths, " "))),
		essential(field("hosts", strings.Join(have.Hosts, " "), strings.Join(want.Hosts, " "))),
		essential(field("rewrite", have.Rewrite, want.Rewrite)),
		field("priority", have.Priority, want.Priority),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the rule. When another rule still has its place it is made at
// the end, and Update moves it.
func (r *ListenerRule) Create(ctx context.Context, want ListenerRuleSpec, _ string) (string, error) {
	done, err := r.Listener.alone(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	try := func(priority int) (*elb.CreateRuleOutput, error) {
		return r.Clients.ELB.CreateRule(ctx, &elb.CreateRuleInput{
			ListenerArn: aws.String(r.Listener.ID()), Priority: place(priority), Conditions: want.conditions(), Actions: want.actions(),
			Transforms: want.transforms(), Tags: toELBTags(want.Tags),
		})
	}
	out, err := try(want.Priority)
	if cloud.Is(err, "PriorityInUse") {
		var all []candidate[types.Rule]
		if all, err = r.rulesOf(ctx, r.Listener.ID()); err != nil {
			return "", err
		}
		last := 0
		for _, c := range all {
			last = max(last, priorityOf(c.Item))
		}
		out, err = try(last + 1)
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Rules[0].RuleArn), nil
}

// Update changes the rule in place, moves it, and sets its tags.
func (r *ListenerRule) Update(ctx context.Context, id string, have, want ListenerRuleSpec) error {
	other := have
	other.Priority, other.Tags = want.Priority, want.Tags
	if len(r.Diff(other, want)) > 0 {
		in := &elb.ModifyRuleInput{RuleArn: &id, Conditions: want.conditions(), Actions: want.actions(), Transforms: want.transforms()}
		if have.Rewrite != "" && want.Rewrite == "" {
			in.ResetTransforms = aws.Bool(true)
		}
		if _, err := r.Clients.ELB.ModifyRule(ctx, in); err != nil {
			return err
		}
	}
	if have.Priority != want.Priority {
		if err := r.move(ctx, id, want.Priority); err != nil {
			return err
		}
	}
	return updateELBTags(ctx, r.Clients.ELB, id, have.Tags, want.Tags)
}

func (r *ListenerRule) Delete(ctx context.Context, id string) error {
	return failure(r.Clients.ELB.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: &id}))
}
