package provision

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// AlarmSilenceSpec is empty: an alarm is muted or it is not.
type AlarmSilenceSpec struct{}

// AlarmSilence is the silence of one alarm: it is there while the alarm's actions are
// off. The alarm still changes state and sends nothing. up leaves it as it is.
type AlarmSilence struct {
	engine.Ref
	*Env
	// Name is the alarm's: validator/few-healthy.
	Name string

	alarm bool
}

// fewHealthySuffix is at the end of the name of the only alarm that mute rules are made for.
const fewHealthySuffix = "-" + agents.AlarmFewHealthy

// SilenceFewHealthy is the silence of the alarm that rings while an agent has no
// tasks. The others take missing data for good news.
func (h *Env) SilenceFewHealthy(agent string) *AlarmSilence {
	return &AlarmSilence{Env: h, Name: agent + "/" + agents.AlarmFewHealthy}
}

func (m *AlarmSilence) Key() engine.Key { return engine.Key("mute/" + m.Name) }

func (m *AlarmSilence) OfAgent() string {
	agent, _, _ := strings.Cut(m.Name, "/")
	return agent
}

func (m *AlarmSilence) Needs() []engine.Node   { return nil }
func (m *AlarmSilence) Want() AlarmSilenceSpec { return AlarmSilenceSpec{} }

// Wanted unless there is no such alarm.
func (m *AlarmSilence) Wanted(context.Context) (bool, string, error) {
	return m.alarm, "there is no such alarm", nil
}

// Find looks whether the alarm's actions are off.
func (m *AlarmSilence) Find(ctx context.Context, look engine.Look) (engine.Found[AlarmSilenceSpec], error) {
	a := &Alarm{Env: m.Env, Name: m.Name}
	alarm, err := a.byName(ctx, look.NotOlder)
	m.alarm = alarm != nil
	if err != nil || alarm == nil || aws.ToBool(alarm.ActionsEnabled) {
		return engine.Found[AlarmSilenceSpec]{}, err
	}
	return engine.Found[AlarmSilenceSpec]{Phase: engine.Ready, ID: a.alarmName()}, nil
}

func (m *AlarmSilence) Diff(AlarmSilenceSpec, AlarmSilenceSpec) []engine.Change { return nil }

// Create turns the actions off.
func (m *AlarmSilence) Create(ctx context.Context, _ AlarmSilenceSpec, _ string) (string, error) {
	name := (&Alarm{Env: m.Env, Name: m.Name}).alarmName()
	_, err := m.Clients.CloudWatch.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{name}})
	return name, err
}

func (m *AlarmSilence) Update(context.Context, string, AlarmSilenceSpec, AlarmSilenceSpec) error {
	return nil
}

// Delete turns the actions on again.
func (m *AlarmSilence) Delete(ctx context.Context, id string) error {
	return failure(m.Clients.CloudWatch.EnableAlarmActions(ctx, &cloudwatch.EnableAlarmActionsInput{AlarmNames: []string{id}}))
}
