package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// AlarmMuteRuleSpec is what we own of a mute rule.
type AlarmMuteRuleSpec struct {
	// Cron has five fields, Timezone is an IANA name.
	Cron     string
	Timezone string
	// Duration is how long the alarm is muted from each of those times on.
	Duration time.Duration
}

// AlarmMuteRule mutes an alarm's actions at times of the week: it continues to change state, and
// sends nothing. When the time is over and it is in ALARM, it sends that. It costs nothing. It is
// made by karmactl scale and not part of the stack: up neither makes nor deletes it, and it
// goes with its alarm. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
type AlarmMuteRule struct {
	engine.Ref
	*Env
	Agent string
	// N tells the rules of the agent's alarm apart: 1 and up.
	N    int
	Spec AlarmMuteRuleSpec

	// without says why there is nothing to make; "" is that there is.
	without string
}

// closedInfix is in the names of an alarm's mute rules: no one else makes such names.
const closedInfix = "-closed-"

func (m *AlarmMuteRule) mutes() *Alarm {
	return &Alarm{Env: m.Env, Name: m.SilenceFewHealthy(m.Agent).Name}
}

func (m *AlarmMuteRule) name() string {
	return fmt.Sprintf("%s%s%d", m.mutes().alarmName(), closedInfix, m.N)
}

func (m *AlarmMuteRule) Key() engine.Key {
	return engine.Key(fmt.Sprintf("mute-rule/%s/%d", m.Agent, m.N))
}

func (m *AlarmMuteRule) OfAgent() string { return m.Agent }

// Needs nothing: up has made the alarm.
func (m *AlarmMuteRule) Needs() []engine.Node { return nil }

func (m *AlarmMuteRule) Want() AlarmMuteRuleSpec { return m.Spec }

// Wanted unless there is no such alarm, which has to exist, or CloudWatch has no mute rules here.
func (m *AlarmMuteRule) Wanted(context.Context) (bool, string, error) {
	return m.without == "", m.without, nil
}

func (m *AlarmMuteRule) Find(ctx context.Context, look engine.Look) (engine.Found[AlarmMuteRuleSpec], error) {
	m.without = ""
	alarm, err := m.mutes().byName(ctx, look.NotOlder)
	if alarm == nil {
		m.without = "there is no such alarm"
	}
	if err != nil || alarm == nil {
		return engine.Found[AlarmMuteRuleSpec]{}, err
	}
	out, err := m.Clients.CloudWatch.GetAlarmMuteRule(ctx, &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: aws.String(m.name())})
	switch {
	case cloud.IsNotFound(err):
		return engine.Found[AlarmMuteRuleSpec]{}, nil
	case hasNoMuteRules(err):
		m.without = "CloudWatch has no mute rules in this region: the alarm also tells of the hours without tasks"
		return engine.Found[AlarmMuteRuleSpec]{}, nil
	case err != nil:
		return engine.Found[AlarmMuteRuleSpec]{}, err
	}
	found := engine.Found[AlarmMuteRuleSpec]{Phase: engine.Ready, ID: m.name()}
	if out.Rule != nil && out.Rule.Schedule != nil {
		s := out.Rule.Schedule
		found.Spec = AlarmMuteRuleSpec{
			Cron: strings.TrimSuffix(strings.TrimPrefix(aws.ToString(s.Expression), "cron("), ")"), Timezone: aws.ToString(s.Timezone), Duration: fromISO(aws.ToString(s.Duration)),
		}
	}
	return found, nil
}

// isoDuration is ISO 8601, as CloudWatch has it: PT7H30M.
func isoDuration(d time.Duration) string {
	minutes := int(d / time.Minute)
	return fmt.Sprintf("PT%dH%dM", minutes/60, minutes%60)
}

// fromISO reads a duration of days, hours and minutes, in which AWS may write it otherwise
// than it was put; 0 for any other.
func fromISO(text string) time.Duration {
	var sum time.Duration
	n := time.Duration(0)
	for _, r := range strings.TrimPrefix(text, "P") {
		unit := map[rune]time.Duration{'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute}[r]
		switch {
		case r >= '0' && r <= '9':
			n = 10*n + time.Duration(r-'0')
		case r == 'T':
		case unit == 0:
			return 0
		default:
			sum, n = sum+n*unit, 0
		}
	}
	return sum
}

func (m *AlarmMuteRule) Diff(have, want AlarmMuteRuleSpec) []engine.Change {
	return changes(
		field("cron", have.Cron, want.Cron),
		field("timezone", have.Timezone, want.Timezone),
		field("duration", have.Duration, want.Duration),
	)
}

func (m *AlarmMuteRule) Create(ctx context.Context, want AlarmMuteRuleSpec, _ string) (string, error) {
	_, err := m.Clients.CloudWatch.PutAlarmMuteRule(ctx, &cloudwatch.PutAlarmMuteRuleInput{
		Name: aws.String(m.name()), MuteTargets: &types.MuteTargets{AlarmNames: []string{m.mutes().alarmName()}},
		Rule: &types.Rule{Schedule: &types.Schedule{Expression: aws.String("cron(" + want.Cron + ")"), Timezone: &want.Timezone, Duration: aws.String(isoDuration(want.Duration))}},
	})
	return m.name(), err
}

// Update puts it again, which replaces it.
func (m *AlarmMuteRule) Update(ctx context.Context, _ string, _, want AlarmMuteRuleSpec) error {
	return failure(m.Create(ctx, want, ""))
}

// Delete deletes the rule, which arms the alarm at once.
func (m *AlarmMuteRule) Delete(ctx context.Context, id string) error {
	return m.deleteMuteRules(ctx, []string{id})
}

func (h *Env) deleteMuteRules(ctx context.Context, names []string) error {
	for _, name := range names {
		if _, err := h.Clients.CloudWatch.DeleteAlarmMuteRule(ctx, &cloudwatch.DeleteAlarmMuteRuleInput{AlarmMuteRuleName: &name}); err != nil {
			return err
		}
	}
	return nil
}

// hasNoMuteRules tells that CloudWatch does not know mute rules, which are of 2026, where it was asked.
func hasNoMuteRules(err error) bool {
	return cloud.Is(err, "InvalidAction", "UnknownOperationException", "UnknownOperation", "NotImplemented")
}

// muteRulesOf are the names of karmactl's mute rules of an alarm, which would outlive it.
func (h *Env) muteRulesOf(ctx context.Context, alarm string) ([]string, error) {
	all, err := cloud.Pages(ctx, cloudwatch.NewListAlarmMuteRulesPaginator(h.Clients.CloudWatch, &cloudwatch.ListAlarmMuteRulesInput{AlarmName: &alarm}),
		func(out *cloudwatch.ListAlarmMuteRulesOutput) []types.AlarmMuteRuleSummary {
			return out.AlarmMuteRuleSummaries
		})
	if hasNoMuteRules(err) {
		return nil, nil
	}
	var names []string
	for _, r := range all {
		names = append(names, aws.ToString(r.AlarmMuteRuleArn)[strings.LastIndexByte(aws.ToString(r.AlarmMuteRuleArn), ':')+1:])
	}
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, alarm+closedInfix) }), err
}
