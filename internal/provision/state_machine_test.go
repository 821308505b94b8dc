package provision

import (
	"regexp"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

func TestAStateMachineNamesNothingOfAnotherPartition(t *testing.T) {
	m := &StateMachine{
		Env: &Env{Project: "acme", Stack: "acme-prod", Account: cloud.Account{ID: "123456789012", Partition: "aws-cn", Region: "cn-north-1"}},
		Job: agents.Job{Name: "nightly", Retries: 1, Overlap: agents.OverlapSkip},
	}
	definition := m.definition()
	arns := regexp.MustCompile(`arn:[a-z-]+:`).FindAllString(definition, -1)
	if len(arns) < 4 {
		t.Fatalf("it has %d ARNs:\n%s", len(arns), definition)
	}
	for _, arn := range arns {
		if arn != "arn:aws-cn:" {
			t.Errorf("it names %s:\n%s", arn, definition)
		}
	}
}
