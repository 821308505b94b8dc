package provision

import (
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// TestOnlyTheWorkflowsOfOneSubjectTakeARole: a trust without the condition is one for every repository of GitHub.
func TestOnlyTheWorkflowsOfOneSubjectTakeARole(t *testing.T) {
	trust := gitHubTrust(cloud.Account{ID: "123456789012", Partition: "aws", Region: "us-east-1"}, "repo:acme/agents:environment:prod")
	const want = `"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:acme/agents:environment:prod"}}`
	if !strings.Contains(strings.Join(strings.Fields(trust), ""), want) {
		t.Errorf("the trust is %s", trust)
	}
}
