package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// AlarmMuteRule mutes the actions of alarms at times.
type AlarmMuteRule struct {
	Name       string
	Expression string
	Duration   string
	Timezone   string
	Alarms     []string
	Updated    time.Time
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
const (
	maxMutedAlarms = 100
	leastMute      = time.Minute
	mostMute       = 15 * 24 * time.Hour
)

func (s *Sim) alarmMuteRuleNoun() noun {
	return noun{
		ops: []operation{
			on("CloudWatch.PutAlarmMuteRule", s.putAlarmMuteRule, "Name", "Rule", "MuteTargets"),
			on("CloudWatch.GetAlarmMuteRule", s.getAlarmMuteRule, "AlarmMuteRuleName"),
			on("CloudWatch.ListAlarmMuteRules", s.listAlarmMuteRules, "AlarmName").pages("AlarmMuteRuleSummaries", 50, 100),
			on("CloudWatch.DeleteAlarmMuteRule", s.deleteAlarmMuteRule, "AlarmMuteRuleName"),
		},
		each: func(tell func(thing)) {
			for name := range s.world.AlarmMuteRules {
				tell(thing{kind: "alarm-mute-rule", name: name})
			}
		},
	}
}

// putAlarmMuteRule replaces all of a rule. The alarms that it names have to exist.
func (s *Sim) putAlarmMuteRule(in *cw.PutAlarmMuteRuleInput) (*cw.PutAlarmMuteRuleOutput, error) {
	r := &AlarmMuteRule{Name: aws.ToString(in.Name), Updated: s.now()}
	if len(r.Name) > 255 {
		return nil, fail("ValidationError", "Name must have at most 255 characters")
	}
	sch := in.Rule.Schedule
	r.Expression, r.Duration, r.Timezone = aws.ToString(sch.Expression), aws.ToString(sch.Duration), aws.ToString(sch.Timezone)
	if _, err := r.schedule(); err != nil {
		return nil, fail("ValidationError", "Invalid schedule %s %s: %s", r.Expression, r.Timezone, err)
	}
	if d, err := muteDuration(r.Duration); err != nil || d < leastMute || d > mostMute {
		return nil, fail("ValidationError", "Invalid duration %s: it must be PT1M to P15D", r.Duration)
	}
	if in.MuteTargets != nil {
		r.Alarms = in.MuteTargets.AlarmNames
	}
	if len(r.Alarms) > maxMutedAlarms {
		return nil, fail("ValidationError", "A mute rule can target at most %d alarms", maxMutedAlarms)
	}
	for _, a := range r.Alarms {
		if s.world.Alarms[a] == nil {
			return nil, fail("ValidationError", "Alarm %s does not exist", a)
		}
	}
	s.world.AlarmMuteRules[r.Name] = r
	return &cw.PutAlarmMuteRuleOutput{}, nil
}

// schedule reads cron with its five fields: minutes hours day-of-month month day-of-week.
func (r *AlarmMuteRule) schedule() (*schedule, error) {
	within, ok := strings.CutPrefix(r.Expression, "cron(")
	fields := strings.Fields(strings.TrimSuffix(within, ")"))
	if !ok || len(fields) != 5 || strings.ContainsAny(within, "?/#") {
		return nil, fmt.Errorf("cron takes five fields, and * , - in them")
	}
	if fields[2] != "*" && fields[4] != "*" {
		return nil, fmt.Errorf("days of the month and of the week together are not simulated")
	}
	if strings.ContainsAny(fields[4], "0123456789") {
		return nil, fmt.Errorf("numbers of days of the week are not simulated")
	}
	if fields[2] == "*" {
		fields[2] = "?"
	} else {
		fields[4] = "?"
	}
	return parseSchedule("cron("+strings.Join(fields, " ")+" *)", r.Timezone)
}

// mutes tells whether it mutes at the moment.
func (s *Sim) mutes(r *AlarmMuteRule) bool {
	when, err := r.schedule()
	d, derr := muteDuration(r.Duration)
	if err != nil || derr != nil {
		return false
	}
	_, within := when.last(s.now().Add(-d), s.now())
	return within
}

// muteDuration reads an ISO 8601 duration of days, hours and minutes: P2DT12H.
func muteDuration(text string) (time.Duration, error) {
	days, clock, _ := strings.Cut(strings.TrimPrefix(text, "P"), "T")
	d, err := time.ParseDuration(strings.ToLower(clock) + "0s")
	if days == "" || err != nil {
		return d, err
	}
	var n int
	if _, err := fmt.Sscanf(days, "%dD", &n); err != nil {
		return 0, fmt.Errorf("%q is no duration: %w", text, err)
	}
	return d + time.Duration(n)*24*time.Hour, nil
}

// AlarmIsMuted tells whether an alarm that changes its state sends nothing at the moment:
// its actions are off, or a mute rule is active.
func (s *Sim) AlarmIsMuted(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.world.Alarms[name]
	if a == nil || !aws.ToBool(a.Alarm.ActionsEnabled) {
		return true
	}
	for _, r := range s.world.AlarmMuteRules {
		if slices.Contains(r.Alarms, name) && s.mutes(r) {
			return true
		}
	}
	return false
}

func (s *Sim) muteRuleStatus(r *AlarmMuteRule) types.AlarmMuteRuleStatus {
	if s.mutes(r) {
		return types.AlarmMuteRuleStatusActive
	}
	return types.AlarmMuteRuleStatusScheduled
}

func (s *Sim) muteRuleARN(r *AlarmMuteRule) *string {
	return aws.String(s.world.arn("cloudwatch", "alarm-mute-rule:"+r.Name))
}

func (s *Sim) getAlarmMuteRule(in *cw.GetAlarmMuteRuleInput) (*cw.GetAlarmMuteRuleOutput, error) {
	r := s.world.AlarmMuteRules[aws.ToString(in.AlarmMuteRuleName)]
	if r == nil {
		return nil, fail("ResourceNotFoundException", "Alarm mute rule %s does not exist", aws.ToString(in.AlarmMuteRuleName))
	}
	return &cw.GetAlarmMuteRuleOutput{
		Name: &r.Name, AlarmMuteRuleArn: s.muteRuleARN(r), LastUpdatedTimestamp: &r.Updated, MuteType: aws.String("RECURRING"), Status: s.muteRuleStatus(r),
		MuteTargets: &types.MuteTargets{AlarmNames: slices.Clone(r.Alarms)},
		Rule:        &types.Rule{Schedule: &types.Schedule{Expression: &r.Expression, Duration: &r.Duration, Timezone: &r.Timezone}},
	}, nil
}

func (s *Sim) listAlarmMuteRules(in *cw.ListAlarmMuteRulesInput) (*cw.ListAlarmMuteRulesOutput, error) {
	out := &cw.ListAlarmMuteRulesOutput{}
	for _, r := range sorted(s.world.AlarmMuteRules) {
		if in.AlarmName == nil || slices.Contains(r.Alarms, *in.AlarmName) {
			out.AlarmMuteRuleSummaries = append(out.AlarmMuteRuleSummaries, types.AlarmMuteRuleSummary{
				AlarmMuteRuleArn: s.muteRuleARN(r), LastUpdatedTimestamp: &r.Updated, MuteType: aws.String("RECURRING"), Status: s.muteRuleStatus(r),
			})
		}
	}
	return out, nil
}

// deleteAlarmMuteRule succeeds although there is none.
func (s *Sim) deleteAlarmMuteRule(in *cw.DeleteAlarmMuteRuleInput) (*cw.DeleteAlarmMuteRuleOutput, error) {
	delete(s.world.AlarmMuteRules, aws.ToString(in.AlarmMuteRuleName))
	return &cw.DeleteAlarmMuteRuleOutput{}, nil
}
