package tasks

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// The package does not know agents.yaml, so it has the two by itself.
func TestTheTimerOfAJobIsTheOneThatAgentsYAMLMakes(t *testing.T) {
	if timer != agents.TimerContainer || timerExitCode != agents.TimerExitCode {
		t.Errorf("it knows %s and %d, agents.yaml makes %s and %d", timer, timerExitCode, agents.TimerContainer, agents.TimerExitCode)
	}
}
