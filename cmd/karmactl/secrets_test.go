package main

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/fleet"
)

func TestWhyAnAgentIsLeftAloneIsSaid(t *testing.T) {
	fresh := fleet.SecretTask{Injected: []string{"PRIVATE_KEY"}}
	stale := fleet.SecretTask{Injected: []string{"PRIVATE_KEY"}, Older: []string{"PRIVATE_KEY"}}
	for _, tc := range []struct {
		tasks []fleet.SecretTask
		want  string
	}{
		{nil, "no task runs: the next one starts with the current values"},
		{[]fleet.SecretTask{{}}, "its revision takes nothing from a secret: karmactl deploy gives it what has a value now"},
		{[]fleet.SecretTask{fresh, fresh}, "its tasks (2) were created after its secrets changed last"},
		{[]fleet.SecretTask{fresh, stale}, ""},
	} {
		if got := standing(fleet.AgentSecrets{Tasks: tc.tasks}); got != tc.want {
			t.Errorf("%v: %q, not %q", tc.tasks, got, tc.want)
		}
	}
}
