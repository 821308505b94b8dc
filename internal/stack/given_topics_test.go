package stack

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

const (
	onCall     = "arn:aws:sns:us-east-1:123456789012:on-call"
	othersChat = "arn:aws:sns:us-east-1:999988887777:chat"
)

const withTopics = `
network: {nat: none}
observability: {alarms: {topics: [` + onCall + `, ` + othersChat + `]}}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  a: {port: 8080}
jobs: {nightly: {agent: a, command: [run], schedule: every day at 03:00}}
`

func TestAlarmsSpeakToTopicsThatAreThereAndNeverChangeThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withTopics))
		if err := b.sim.Seed(awssim.Seed{Topics: []string{onCall}}); err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(b.sim.Inventory())
		b.upStack(nil)
		for _, call := range b.sim.Mutations() {
			if call.Service == "SNS" {
				t.Errorf("up calls %s", call.Name())
			}
		}
		alarms := 0
		b.edit(func(w *awssim.World) {
			for name, a := range w.Alarms {
				if a.Policy != "" {
					continue
				}
				alarms++
				want := []string{onCall, othersChat}
				over := want
				if strings.HasSuffix(name, "dropped-starts") { // which is over at once
					over = nil
				}
				if !slices.Equal(a.Alarm.AlarmActions, want) || !slices.Equal(a.Alarm.OKActions, over) {
					t.Errorf("%s tells %q and %q, want %q and %q", name, a.Alarm.AlarmActions, a.Alarm.OKActions, want, over)
				}
				slices.Reverse(a.Alarm.AlarmActions) // whose order says nothing
			}
		})
		if alarms != 5 {
			t.Errorf("there are %d alarms", alarms)
		}
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up: %s", verbs(again))
		}
		b.cfg.Observability.Alarms.Emails = []string{"ops@example.com"}
		b.upStack(nil)
		b.edit(func(w *awssim.World) {
			for name, a := range w.Alarms {
				if a.Policy == "" && len(a.Alarm.AlarmActions) != 3 {
					t.Errorf("%s with an address tells %q", name, a.Alarm.AlarmActions)
				}
			}
		})
		b.downStack()
		if after := b.sim.Inventory(); !slices.ContainsFunc(after, func(s string) bool { return strings.Contains(s, onCall) }) || len(onlyAccounts(after)) != len(onlyAccounts(before)) {
			t.Errorf("down leaves %q of %q", after, before)
		}
	})
}

func TestATopicThatNoAlarmCouldReachIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		is   func(*awssim.Topic)
		seed []string
		want string
	}{
		"it is not there":      {nil, nil, "there is no " + onCall},
		"it has AWS's own key": {func(x *awssim.Topic) { x.Key = "alias/aws/sns" }, []string{onCall}, "is encrypted with AWS's own key alias/aws/sns, which CloudWatch may not use"},
		"it has another key":   {func(x *awssim.Topic) { x.Key = "alias/acme" }, []string{onCall}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newStackBench(t, parse(t, withTopics))
				if err := b.sim.Seed(awssim.Seed{Topics: c.seed}); err != nil {
					t.Fatal(err)
				}
				b.edit(func(w *awssim.World) {
					for _, x := range w.Topics {
						c.is(x)
					}
				})
				_, err := ReadLookup(t.Context(), b.cfg, b.home)
				if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
			})
		})
	}
}
