package live_test

import (
	"testing"

	"github.com/karmacadabra/karmactl/internal/live"
)

func TestAPolicyNamesARoleByItsWholeName(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/agents/acme-task"
	for document, names := range map[string]bool{
		`{"Principal":{"AWS":"arn:aws:iam::123456789012:role/agents/acme-task"}}`:                                                                       true,
		`{"Principal":{"AWS":["arn:aws:iam::123456789012:role/agents/acme-task-2","arn:aws:iam::123456789012:role/agents/acme-task"]}}`:                 true,
		`{"Principal":{"AWS":"arn:aws:iam::123456789012:role/agents/acme-task-2"}}`:                                                                     false,
		`{"Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:sts::123456789012:assumed-role/acme-task/*"}}}`:                                        true,
		`{"Principal":{"AWS":"arn:aws:iam::123456789012:root"}}`:                                                                                        false,
		`{"Principal":{"AWS":"arn:aws:iam::210987654321:role/agents/acme-task"}}`:                                                                       false,
		`{"Principal":{"AWS":"arn:aws-cn:iam::123456789012:role/agents/acme-task"}}`:                                                                    false,
		`{"Condition":{"ArnEquals":{"aws:PrincipalArn":["arn:aws:iam::123456789012:role/agents/acme-tasks"]}},"Principal":"*","Action":"s3:GetObject"}`: false,
	} {
		if (live.ResourcePolicy{Document: document}).Names(role) != names {
			t.Errorf("%s names it: %v", document, !names)
		}
	}
}
