package awssim

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// ListenerRule is a simulated rule. A listener's default rule is the listener's own.
type ListenerRule struct {
	ARN        string
	Listener   string
	Priority   int32
	Conditions []types.RuleCondition
	Actions    []types.Action
	Transforms []types.RuleTransform
	Tags       cloud.Tags
	Created    time.Time
}

func (s *Sim) listenerRuleNoun() noun {
	return noun{
		ops: []operation{
			on("Elastic Load Balancing v2.CreateRule", s.createRule, "ListenerArn", "Priority", "Conditions", "Actions", "Transforms", "Tags"),
			on("Elastic Load Balancing v2.DescribeRules", s.describeRules, "ListenerArn", "RuleArns").pages("Rules", 400, 400, "RuleArns"),
			on("Elastic Load Balancing v2.ModifyRule", s.modifyRule, "RuleArn", "Conditions", "Actions", "Transforms", "ResetTransforms"),
			on("Elastic Load Balancing v2.SetRulePriorities", s.setRulePriorities, "RulePriorities"),
			on("Elastic Load Balancing v2.DeleteRule", s.deleteRule, "RuleArn"),
		},
		each: func(tell func(thing)) {
			for _, r := range s.world.ListenerRules {
				tell(thing{kind: "listener-rule", name: r.ARN, tags: r.Tags})
			}
		},
	}
}

const maxPriority = 50000

func (s *Sim) rule(arn string) (*ListenerRule, error) {
	r := s.world.ListenerRules[arn]
	if r == nil || !s.visible(r.Created) {
		return nil, fail("RuleNotFound", "One or more rules not found")
	}
	return r, nil
}

// rulesOf are the rules of a listener in the order of their priorities.
func (s *Sim) rulesOf(listener string) []*ListenerRule {
	var out []*ListenerRule
	for _, r := range s.world.ListenerRules {
		if r.Listener == listener {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *ListenerRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return out
}

func (s *Sim) createRule(in *elb.CreateRuleInput) (*elb.CreateRuleOutput, error) {
	tags, err := elbTags(in.Tags)
	if err != nil {
		return nil, err
	}
	l, err := s.listener(aws.ToString(in.ListenerArn))
	if err != nil {
		return nil, err
	}
	r := &ListenerRule{Listener: l.ARN, Priority: aws.ToInt32(in.Priority), Tags: tags, Created: s.now()}
	if r.Priority < 1 || r.Priority > maxPriority {
		return nil, fail("ValidationError", "Priority '%d' must be between 1 and %d", r.Priority, maxPriority)
	}
	if err := s.setRule(r, in.Conditions, in.Actions, in.Transforms, false); err != nil {
		return nil, err
	}
	for _, have := range s.rulesOf(l.ARN) {
		if have.Priority == r.Priority {
			return nil, fail("PriorityInUse", "Priority '%d' is currently in use", r.Priority)
		}
	}
	n := 0
	for _, have := range s.world.ListenerRules {
		if o := s.world.Listeners[have.Listener]; o != nil && o.LoadBalancer == l.LoadBalancer {
			n++
		}
	}
	if n >= ruleQuota {
		return nil, fail("TooManyRules", "The maximum number of rules on load balancer '%s' has been reached", l.LoadBalancer)
	}
	_, tail, _ := strings.Cut(l.ARN, ":listener/")
	r.ARN = s.world.arn("elasticloadbalancing", "listener-rule/"+tail+"/"+s.world.hash())
	s.world.ListenerRules[r.ARN] = r
	s.settleTargets()
	return &elb.CreateRuleOutput{Rules: []types.Rule{describeRule(r)}}, nil
}

// setRule checks and sets what is given. Transforms are only removed on request.
func (s *Sim) setRule(r *ListenerRule, conditions []types.RuleCondition, actions []types.Action, transforms []types.RuleTransform, reset bool) error {
	next := *r
	if reset {
		if len(transforms) > 0 {
			return fail("ValidationError", "You can't specify both Transforms and ResetTransforms")
		}
		next.Transforms = nil
	}
	if len(conditions) > 0 {
		next.Conditions = conditions
	}
	if len(actions) > 0 {
		next.Actions = actions
	}
	if len(transforms) > 0 {
		next.Transforms = transforms
	}
	if err := checkConditions(next.Conditions); err != nil {
		return err
	}
	if err := checkTransforms(next.Transforms); err != nil {
		return err
	}
	if err := s.checkActions(next.Actions, s.world.Listeners[r.Listener].LoadBalancer); err != nil {
		return err
	}
	*r = next
	return nil
}

// checkConditions holds the rules for conditions:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
func checkConditions(conditions []types.RuleCondition) error {
	if len(conditions) == 0 {
		return fail("ValidationError", "A rule must have at least one condition")
	}
	n, wildcards, seen := 0, 0, map[string]bool{}
	for _, c := range conditions {
		f := aws.ToString(c.Field)
		if (f != "path-pattern" && f != "host-header") || seen[f] {
			return fail("ValidationError", "Condition field '%s' is given twice or is not simulated", f)
		}
		seen[f] = true
		values := valuesOf(c)
		if len(values) == 0 {
			return fail("ValidationError", "A condition value must be specified")
		}
		for _, v := range values {
			wildcards += strings.Count(v, "*") + strings.Count(v, "?")
			if f == "host-header" && !hostCondition.MatchString(v) {
				return fail("ValidationError", "Condition value '%s' contains a character that is not valid", v)
			}
			if len(v) > 128 || f == "path-pattern" && !strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "*") {
				return fail("ValidationError", "Condition value '%s' is not valid for '%s'", v, f)
			}
		}
		n += len(values)
	}
	if n > conditionValuesQuota {
		return fail("ValidationError", "Rules cannot have more than '%d' condition values", conditionValuesQuota)
	}
	if wildcards > conditionWildcardsQuota {
		return fail("ValidationError", "Rules cannot have more than '%d' condition wildcards", conditionWildcardsQuota)
	}
	return nil
}

// hostCondition is a host name as conditions take it, with a dot and letters after the last
// one: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
var hostCondition = lazyregexp.New(`^[A-Za-z0-9.*?-]*\.[A-Za-z]+$`)

// valuesOf are the values of a condition, in either of their forms.
func valuesOf(c types.RuleCondition) []string {
	switch {
	case c.PathPatternConfig != nil:
		return c.PathPatternConfig.Values
	case c.HostHeaderConfig != nil:
		return c.HostHeaderConfig.Values
	}
	return c.Values
}

// checkTransforms holds the rules for transforms:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
func checkTransforms(transforms []types.RuleTransform) error {
	if len(transforms) > 1 {
		return fail("ValidationError", "one URL rewrite is simulated, %d transforms are given", len(transforms))
	}
	for _, t := range transforms {
		if t.Type != types.TransformTypeEnumUrlRewrite || t.UrlRewriteConfig == nil || len(t.UrlRewriteConfig.Rewrites) != 1 {
			return fail("ValidationError", "Transform '%s' must have exactly one rewrite", t.Type)
		}
		w := t.UrlRewriteConfig.Rewrites[0]
		if len(aws.ToString(w.Regex)) > 1024 {
			return fail("ValidationError", "The regex must have at most 1024 characters")
		}
		if _, err := regexp.Compile(aws.ToString(w.Regex)); err != nil {
			return fail("ValidationError", "The regex '%s' is not valid", aws.ToString(w.Regex))
		}
	}
	return nil
}

func describeRule(r *ListenerRule) types.Rule {
	conditions := slices.Clone(r.Conditions)
	for i, c := range conditions {
		values := valuesOf(c)
		conditions[i].Values = values
		if aws.ToString(c.Field) == "path-pattern" {
			conditions[i].PathPatternConfig = &types.PathPatternConditionConfig{Values: values}
		} else {
			conditions[i].HostHeaderConfig = &types.HostHeaderConditionConfig{Values: values}
		}
	}
	return types.Rule{
		RuleArn: aws.String(r.ARN), Priority: aws.String(strconv.Itoa(int(r.Priority))), IsDefault: aws.Bool(false),
		Conditions: conditions, Actions: withForwardConfig(r.Actions), Transforms: slices.Clone(r.Transforms),
	}
}

func (s *Sim) describeRules(in *elb.DescribeRulesInput) (*elb.DescribeRulesOutput, error) {
	seen := func(r *ListenerRule) bool { return s.visible(r.Created) }
	if (in.ListenerArn == nil) == (len(in.RuleArns) == 0) {
		return nil, fail("ValidationError", "You must specify either listener rule ARNs or a listener ARN")
	}
	if err := only(in.RuleArns, s.world.ListenerRules, seen, "RuleNotFound"); err != nil {
		return nil, err
	}
	var all []types.Rule
	for _, arn := range in.RuleArns {
		all = append(all, describeRule(s.world.ListenerRules[arn]))
	}
	if in.ListenerArn != nil {
		l, err := s.listener(*in.ListenerArn)
		if err != nil {
			return nil, err
		}
		for _, r := range s.rulesOf(l.ARN) {
			if seen(r) {
				all = append(all, describeRule(r))
			}
		}
		all = append(all, types.Rule{
			RuleArn:  aws.String(strings.Replace(l.ARN, ":listener/", ":listener-rule/", 1) + "/default"),
			Priority: aws.String("default"), IsDefault: aws.Bool(true), Actions: withForwardConfig(l.Actions),
		})
	}
	out := &elb.DescribeRulesOutput{}
	out.Rules = all
	return out, nil
}

func (s *Sim) modifyRule(in *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error) {
	r, err := s.rule(aws.ToString(in.RuleArn))
	if err != nil {
		return nil, err
	}
	if err := s.setRule(r, in.Conditions, in.Actions, in.Transforms, aws.ToBool(in.ResetTransforms)); err != nil {
		return nil, err
	}
	s.settleTargets()
	return &elb.ModifyRuleOutput{Rules: []types.Rule{describeRule(r)}}, nil
}

// setRulePriorities moves rules, all of them or none.
func (s *Sim) setRulePriorities(in *elb.SetRulePrioritiesInput) (*elb.SetRulePrioritiesOutput, error) {
	next := map[*ListenerRule]int32{}
	for _, p := range in.RulePriorities {
		r, err := s.rule(aws.ToString(p.RuleArn))
		if err != nil {
			return nil, err
		}
		to := aws.ToInt32(p.Priority)
		if to < 1 || to > maxPriority {
			return nil, fail("ValidationError", "Priority '%d' must be between 1 and %d", to, maxPriority)
		}
		next[r] = to
	}
	for r, to := range next {
		for _, o := range s.rulesOf(r.Listener) {
			at, moved := next[o]
			if !moved {
				at = o.Priority
			}
			if o != r && at == to {
				return nil, fail("PriorityInUse", "Priority '%d' is currently in use", to)
			}
		}
	}
	out := &elb.SetRulePrioritiesOutput{}
	for r, to := range next {
		r.Priority = to
		out.Rules = append(out.Rules, describeRule(r))
	}
	return out, nil
}

func (s *Sim) deleteRule(in *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error) {
	r, err := s.rule(aws.ToString(in.RuleArn))
	if err != nil {
		return nil, err
	}
	delete(s.world.ListenerRules, r.ARN)
	s.settleTargets()
	return &elb.DeleteRuleOutput{}, nil
}
