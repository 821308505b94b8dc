package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// roleOf is the name of the role that an agent's tasks have.
func roleOf(t *testing.T, o *office, f *livetest.Fleet, agent string) string {
	t.Helper()
	revision, _ := running(t, f, agent)
	d, err := cloud.NewClients(o.sim.Config()).ECS.DescribeTaskDefinition(context.Background(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &revision})
	if err != nil {
		t.Fatal(err)
	}
	arn := aws.ToString(d.TaskDefinition.TaskRoleArn)
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// right is a call that a policy of the fleet's task role is asked about.
type right struct{ action, resource string }

func TestATakenOverAgentMayDoAfterItsFirstDeployWhatItDidBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := roleOf(t, o, f, "validator")
		o.must("", takeIt...)
		o.must("", "deploy", "validator")
		after := roleOf(t, o, f, "validator")
		if after == before {
			t.Fatalf("it has the role %s still", after)
		}
		for _, r := range []right{
			{"s3:GetObject", "arn:aws:s3:::anything/at/all"},
			{"bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude"},
			{"dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"},
			{"dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/ledger/index/by-day"},
		} {
			if had, has := o.sim.RoleMay(before, r.action, r.resource), o.sim.RoleMay(after, r.action, r.resource); !had || !has {
				t.Errorf("%s on %s: before %v, after %v", r.action, r.resource, had, has)
			}
		}
		for _, r := range []right{
			{"s3:PutObject", "arn:aws:s3:::anything/at/all"},
			{"dynamodb:DeleteItem", "arn:aws:dynamodb:us-east-1:123456789012:table/ledger"},
			{"sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:outbox"}, // allowed under a condition, which is named
		} {
			if o.sim.RoleMay(after, r.action, r.resource) {
				t.Errorf("%s on %s is allowed", r.action, r.resource)
			}
		}
	})
}

func TestAFleetWhoseRolesMayNotBeReadIsTakenOverAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := withoutFile(t)
		for _, op := range []string{"IAM.GetRole", "IAM.ListAttachedRolePolicies", "IAM.ListRolePolicies", "IAM.GetRolePolicy"} {
			o.deny(op)
			code, said := o.run("", "adopt", "--dry-run", "--from-ecs", livetest.Cluster)
			words := strings.Join(strings.Fields(said), " ")
			want := "chat, seller, validator need permissions from you before that, because what the role may do is not known: permission iam:" + strings.TrimPrefix(op, "IAM.") + " is missing"
			if code != 0 || !strings.Contains(words, want) {
				t.Errorf("without %s exits %d:\n%s", op, code, said)
			}
			dir := t.TempDir()
			code, said = o.run("", "init", dir, "--from-ecs", livetest.Cluster)
			o.deny("")
			if words = strings.Join(strings.Fields(said), " "); code != 0 || !strings.Contains(words, "its rights are not known, permission iam:"+strings.TrimPrefix(op, "IAM.")+" is missing") {
				t.Errorf("init without %s exits %d:\n%s", op, code, said)
			}
		}
	})
}

// A fleet's role in every way in which a role can be narrower than what it allows.
func TestATakenOverAgentNeverMayMoreThanItDidBefore(t *testing.T) {
	const own = "arn:aws:iam::123456789012:policy/own"
	for name, edit := range map[string]func(w *awssim.World, r *awssim.IAMRole){
		"a denial": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["deny"] = `{"Statement":{"Effect":"Deny","Action":["s3:Get*","dynamodb:*"],"Resource":"*"}}`
		},
		"a denial of all but some": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["deny"] = `{"Statement":{"Effect":"Deny","NotAction":"bedrock:*","Resource":"*"}}`
		},
		"a managed policy that denies": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{own: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`}
			r.Attached = append(r.Attached, own)
		},
		"a denial, and a managed policy that denies what another statement allows": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{own: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`}
			r.Attached = append(r.Attached, own)
			r.Inline["both"] = `{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}]}`
		},
		"all but some": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["wide"] = `{"Statement":[{"Effect":"Allow","NotAction":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::anything/*"}]}`
		},
		"a boundary": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{own: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}`}
			r.Boundary = own
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, f := withoutFile(t)
				before := roleOf(t, o, f, "validator")
				if err := o.sim.Edit(func(w *awssim.World) { edit(w, w.Roles[strings.ToLower(before)]) }); err != nil {
					t.Fatal(err)
				}
				o.must("", takeIt...)
				o.must("", "deploy", "validator")
				after := roleOf(t, o, f, "validator")
				for _, action := range []string{"s3:GetObject", "s3:PutObject", "bedrock:InvokeModel", "dynamodb:GetItem", "dynamodb:PutItem", "sqs:SendMessage", "iam:CreateUser"} {
					for _, resource := range []string{
						"arn:aws:s3:::anything/at/all", "arn:aws:s3:::other/x", "arn:aws:bedrock:us-east-1::foundation-model/x",
						"arn:aws:dynamodb:us-east-1:123456789012:table/ledger", "arn:aws:sqs:us-east-1:123456789012:outbox", "*",
					} {
						if o.sim.RoleMay(after, action, resource) && !o.sim.RoleMay(before, action, resource) {
							t.Errorf("%s on %s is allowed, and was not", action, resource)
						}
					}
				}
			})
		})
	}
}
