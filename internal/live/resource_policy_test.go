package live

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
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
		if (ResourcePolicy{Document: document}).Names(role) != names {
			t.Errorf("%s names it: %v", document, !names)
		}
	}
}

func TestAQueueAndAKeyAreNamedWithTheCommandThatShowsTheirPolicy(t *testing.T) {
	env := func(value string) types.KeyValuePair { return types.KeyValuePair{Name: aws.String("X"), Value: &value} }
	f := &Fleet{Services: []Service{{Definition: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{
		Environment: []types.KeyValuePair{env("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"), env("https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/theirs"), env("https://sqs.eu-west-1.amazonaws.com/123456789012/"), env("https://sqs.eu-west-1.example.com/123456789012/jobs"), env("alias/ours")},
	}}}}}, Roles: []Role{{Inline: []InlinePolicy{{Document: `{"Statement":[{"Effect":"Allow","Action":["sqs:*","kms:Decrypt"],"Resource":[
		"arn:aws:sqs:eu-west-1:123456789012:jobs","arn:aws-cn:sqs:cn-north-1:123456789012:other.fifo","arn:aws-eusc:sqs:eusc-de-east-1:123456789012:ours","arn:aws:sqs:eu-west-1:123456789012:*",
		"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab","arn:aws:kms:eu-west-1:123456789012:alias/ours"]}]}`}}}}}
	_, _, unread := f.referred()
	var got []string
	for _, p := range unread {
		got = append(got, p.Of+": "+p.Unread.Error())
	}
	want := []string{
		"the key 1234abcd-12ab-34cd-56ef-1234567890ab: look at it with `aws kms get-key-policy --region eu-west-1 --key-id arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab --policy-name default --output text`",
		"the key ours: look at it with `aws kms get-key-policy --region eu-west-1 --key-id \"$(aws kms describe-key --region eu-west-1 --key-id arn:aws:kms:eu-west-1:123456789012:alias/ours --query KeyMetadata.KeyId --output text)\" --policy-name default --output text`",
		"the queue jobs: look at it with `aws sqs get-queue-attributes --region eu-west-1 --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/jobs --attribute-names Policy`",
		"the queue other.fifo: look at it with `aws sqs get-queue-attributes --region cn-north-1 --queue-url https://sqs.cn-north-1.amazonaws.com.cn/123456789012/other.fifo --attribute-names Policy`",
		"the queue ours: look at it with `aws sqs get-queue-attributes --region eusc-de-east-1 --queue-url https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/ours --attribute-names Policy`",
		"the queue theirs: look at it with `aws sqs get-queue-attributes --region eusc-de-east-1 --queue-url https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/theirs --attribute-names Policy`",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASecretOfAnotherRegionIsNotTakenForOneWithoutAPolicy(t *testing.T) {
	f := &Fleet{Cluster: types.Cluster{ClusterArn: aws.String("arn:aws:ecs:eu-west-1:123456789012:cluster/reef")}}
	for arn, want := range map[string]bool{
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:keys-AbCdEf": false, "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf": true,
	} {
		f.Services = []Service{{Definition: types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{Secrets: []types.Secret{{ValueFrom: &arn}}}}}}}
		f.ResourcePolicies = nil
		if !want {
			if _, elsewhere := f.elsewhere(arn); elsewhere {
				t.Errorf("%s is not elsewhere", arn)
			}
			continue
		}
		if err := f.ReadResourcePolicies(t.Context(), nil); err != nil { // no client is asked
			t.Fatal(err)
		}
		if len(f.ResourcePolicies) != 1 || f.ResourcePolicies[0].Of != "the secret keys-AbCdEf" || f.ResourcePolicies[0].Unread.Error() != "it is in another region" {
			t.Errorf("%+v", f.ResourcePolicies)
		}
	}
}
