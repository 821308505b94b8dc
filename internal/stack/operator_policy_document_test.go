package stack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// allow is a statement of the operator's policy.
type allow struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// document is a policy as it is published.
type document struct {
	Version   string
	Statement []allow
}

// operatorDocuments are the documents of an operator. Who has the first may
// look: plan, status, logs, doctor, cost. Who changes things has all three. What only
// describes is joined under a wildcard; what reads values never is.
type operatorDocuments struct{ read, change, network document }

// all are what who changes things has.
func (o operatorDocuments) all() []document { return []document{o.read, o.change, o.network} }

func operatorPolicies(actions []string) operatorDocuments {
	var describe, values, look, write, push, rest, network, keys []string
	for _, a := range actions {
		service, op, _ := strings.Cut(a, ":")
		reads := cloud.PolicyOf(a) == cloud.PolicyRead
		switch {
		case a == "iam:CreateServiceLinkedRole" || a == "iam:PassRole" || a == "iam:AttachRolePolicy": // have their own conditions
		case a == "kms:Decrypt": // in a statement of its own
		case cloud.PolicyOf(a) == cloud.PolicyCI: // see ciPolicy
		case service == "kms":
			keys = append(keys, a)
		case a == "s3:GetBucketPolicy": // of the buckets that agents use, whatever these are called
			describe = append(describe, a)
		case service == "s3" && reads:
			look = append(look, a)
		case service == "s3":
			write = append(write, a)
		case a == "secretsmanager:GetSecretValue", a == "ssm:GetParameter":
			values = append(values, a)
		case service == "ecr" && slices.Contains(awssim.RegistryNeeds(), a) && !reads:
			push = append(push, a)
		case (service == "scheduler" || service == "application-autoscaling") && !reads: // all that changes anything there is asked
			rest = append(rest, service+":*")
		case wholeNoun(service, op) != "" && !reads:
			rest = append(rest, service+":*"+wholeNoun(service, op))
		case strings.HasPrefix(op, "Describe"):
			describe = append(describe, service+":Describe*")
		case strings.HasPrefix(op, "List"):
			describe = append(describe, service+":List*")
		case reads:
			describe = append(describe, a)
		case cloud.PolicyOf(a) == cloud.PolicyNetwork:
			network = append(network, a)
		default:
			rest = append(rest, a)
		}
	}
	slices.Sort(rest)
	only := func(key string, values ...string) map[string]map[string][]string {
		return map[string]map[string][]string{"StringEquals": {key: values}}
	}
	// A customer's own keys are used through the services that encrypt with them, and for nothing else.
	via := map[string]map[string][]string{"StringLike": {"kms:ViaService": {"s3.*.amazonaws.com", "secretsmanager.*.amazonaws.com", "ssm.*.amazonaws.com"}}}
	whole, buckets := []string{"*"}, []string{"arn:*:s3:::karmactl-*"}
	read := published(
		allow{Sid: "Read", Action: slices.Compact(describe), Resource: whole},
		allow{Sid: "Values", Action: values, Resource: whole},
		allow{Sid: "Images", Action: []string{"ssm:GetParameter"}, Resource: []string{"arn:*:ssm:*::parameter/aws/service/*"}}, // Amazon's, which are no secret
		allow{Sid: "Keys", Action: []string{"kms:Decrypt"}, Resource: whole, Condition: via},
		allow{Sid: "State", Action: look, Resource: buckets},
	)
	change := published(
		allow{Sid: "State", Action: write, Resource: buckets},
		allow{Sid: "Keys", Action: keys, Resource: whole, Condition: via},
		allow{Sid: "Push", Action: push, Resource: []string{"arn:*:ecr:*:*:repository/*"}},
		allow{Sid: "Change", Action: slices.Compact(rest), Resource: whole},
		allow{Sid: "PassRoles", Action: []string{"iam:PassRole"}, Resource: whole, Condition: only("iam:PassedToService", "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com")},
		allow{
			Sid: "Attach", Action: []string{"iam:AttachRolePolicy"}, Resource: whole,
			Condition: map[string]map[string][]string{"ArnNotLike": {"iam:PolicyARN": {"arn:*:iam::aws:policy/AdministratorAccess", "arn:*:iam::aws:policy/IAMFullAccess", "arn:*:iam::aws:policy/PowerUserAccess"}}},
		},
		allow{
			Sid: "LinkedRoles", Action: []string{"iam:CreateServiceLinkedRole"}, Resource: whole,
			Condition: only("iam:AWSServiceName", "autoscaling.amazonaws.com", "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com"),
		},
	)
	return operatorDocuments{read, change, published(allow{Sid: "Network", Action: network, Resource: whole})}
}

// wholeNoun is the noun of an operation where a wildcard for the verb is shorter and allows what
// is asked anyway, and no more than elasticfilesystem:UpdateFileSystem; "" is of all others.
func wholeNoun(service, op string) string {
	for _, noun := range map[string][]string{
		"cloudwatch":        {"AlarmActions", "AlarmMuteRule"},
		"elasticfilesystem": {"AccessPoint", "FileSystem", "MountTarget"},
	}[service] {
		if strings.HasSuffix(op, noun) {
			return noun
		}
	}
	return ""
}

// ciPolicy is what karmactl ci github needs beside the others. It is apart because who may
// make identity providers may let strangers in: no workflow needs it.
func ciPolicy(actions []string) document {
	own := slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return cloud.PolicyOf(a) != cloud.PolicyCI })
	return published(allow{Sid: "GitHub", Action: own, Resource: []string{"arn:*:iam::*:oidc-provider/" + provision.GitHubIssuer}})
}

func published(statements ...allow) document {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
	return document{"2012-10-17", statements}
}

// text is a document as its file has it.
func (d document) text(t *testing.T) string {
	t.Helper()
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}
