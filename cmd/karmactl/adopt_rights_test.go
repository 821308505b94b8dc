package main

import (
	"context"
	"os"
	"regexp"
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

const ownPolicy = "arn:aws:iam::123456789012:policy/own"

// narrower are edits of a fleet's role, in every way in which a role can be narrower than
// what it allows.
func narrower() map[string]func(w *awssim.World, r *awssim.IAMRole) {
	return map[string]func(w *awssim.World, r *awssim.IAMRole){
		"a denial": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["deny"] = `{"Statement":{"Effect":"Deny","Action":["s3:Get*","dynamodb:*"],"Resource":"*"}}`
		},
		"a denial of all but some": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["deny"] = `{"Statement":{"Effect":"Deny","NotAction":"bedrock:*","Resource":"*"}}`
		},
		"a managed policy that denies": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{ownPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}`}
			r.Attached = append(r.Attached, ownPolicy)
		},
		"a denial, and a managed policy that denies what another statement allows": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{ownPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`}
			r.Attached = append(r.Attached, ownPolicy)
			r.Inline["both"] = `{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"},{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}]}`
		},
		"all but some": func(_ *awssim.World, r *awssim.IAMRole) {
			r.Inline["wide"] = `{"Statement":[{"Effect":"Allow","NotAction":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::anything/*"}]}`
		},
		"a boundary": func(w *awssim.World, r *awssim.IAMRole) {
			w.ManagedPolicies = map[string]string{ownPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}`}
			r.Boundary = ownPolicy
		},
	}
}

func TestATakenOverAgentNeverMayMoreThanItDidBefore(t *testing.T) {
	for name, edit := range narrower() {
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
				if more := mayMore(o, after, before); len(more) > 0 {
					t.Errorf("it may do more than before: %q", more)
				}
			})
		})
	}
}

// mayMore are the calls of which a role may make more than another one.
func mayMore(o *office, after, before string) []string {
	var out []string
	for _, action := range []string{"s3:GetObject", "s3:PutObject", "bedrock:InvokeModel", "dynamodb:GetItem", "dynamodb:PutItem", "sqs:SendMessage", "iam:CreateUser"} {
		for _, resource := range []string{
			"arn:aws:s3:::anything/at/all", "arn:aws:s3:::other/x", "arn:aws:bedrock:us-east-1::foundation-model/x",
			"arn:aws:dynamodb:us-east-1:123456789012:table/ledger", "arn:aws:sqs:us-east-1:123456789012:outbox", "*",
		} {
			if o.sim.RoleMay(after, action, resource) && !o.sim.RoleMay(before, action, resource) {
				out = append(out, action+" on "+resource)
			}
		}
	}
	return out
}

// The role of the other program's revision is changed after the takeover and before the
// agent's first deployment, which would give the agent the rights of that day.
func TestAnAgentWhoseRoleWasNarrowedSinceItWasTakenOverIsNotDeployedWithMore(t *testing.T) {
	edits := narrower()
	edits["a managed policy that is taken off"] = func(_ *awssim.World, r *awssim.IAMRole) { r.Attached = nil }
	edits["a statement that is taken out"] = func(_ *awssim.World, r *awssim.IAMRole) { r.Inline = map[string]string{} }
	edits["a statement that is narrowed"] = func(_ *awssim.World, r *awssim.IAMRole) {
		for name, document := range r.Inline {
			r.Inline[name] = strings.Replace(document, `"dynamodb:GetItem","dynamodb:PutItem"`, `"dynamodb:GetItem"`, 1)
		}
	}
	edits["a condition"] = func(_ *awssim.World, r *awssim.IAMRole) {
		for name, document := range r.Inline {
			r.Inline[name] = strings.Replace(document, `"Sid":"Models",`, `"Sid":"Models","Condition":{"Bool":{"aws:SecureTransport":"true"}},`, 1)
		}
	}
	delete(edits, "all but some") // it allows more
	for name, narrow := range edits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, f := withoutFile(t)
				before := roleOf(t, o, f, "validator")
				revision, _ := running(t, f, "validator")
				o.must("", takeIt...)
				if err := o.sim.Edit(func(w *awssim.World) { narrow(w, w.Roles[strings.ToLower(before)]) }); err != nil {
					t.Fatal(err)
				}
				o.sim.ResetCalls()
				code, out := o.run("", "deploy", "validator")
				if more := mayMore(o, roleOf(t, o, f, "validator"), before); len(more) > 0 {
					t.Errorf("it may do more than before: %q", more)
				}
				if now, _ := running(t, f, "validator"); code != exitError || now != revision {
					t.Errorf("exits %d, and runs %s:\n%s", code, now, out)
				}
				if !strings.Contains(out, "may do less than when validator was taken over") {
					t.Errorf("it says:\n%s", out)
				}
				for _, c := range o.sim.Mutations() {
					if c.Service != "S3" {
						t.Errorf("%s is called", c.Name())
					}
				}
				old := "  validator:\n    port: 9001  # ecs_service acme-prod-validator\n    service: acme-prod-validator\n    cpu: 256"
				now := strings.Replace(old, "256", "512", 1)
				edit(t, o, old, now)
				edit(t, o, "memory: 512  # ecs_task_definition acme-prod-validator", "memory: 1024")
				if code, out := o.run("", "up", "--yes"); code != exitError || !strings.Contains(out, "may do less than when validator was taken over") {
					t.Errorf("up exits %d:\n%s", code, out)
				}
				if code, out := o.run("", "plan"); code != exitError || !strings.Contains(out, "may do less than when validator was taken over") {
					t.Errorf("plan exits %d:\n%s", code, out)
				}
			})
		})
	}
}

// A state that a hand has edited may not say what was copied; then nothing is compared, so nothing is given.
func TestAStateThatDoesNotSayWhichRightsWereCopiedGivesNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := roleOf(t, o, f, "validator")
		o.must("", takeIt...)
		err := o.sim.Edit(func(w *awssim.World) {
			w.Roles[strings.ToLower(before)].Attached = nil
			for _, b := range w.Buckets {
				for _, versions := range b.Objects {
					last := versions[len(versions)-1]
					last.Body = regexp.MustCompile(`"rights": ?\{`).ReplaceAll(last.Body, []byte(`"rights": 7, "were": {`))
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		code, out := o.run("", "deploy", "validator")
		if code != exitError || !strings.Contains(strings.Join(strings.Fields(out), " "), "the state does not say which revision of validator was taken over") {
			t.Errorf("exits %d:\n%s", code, out)
		}
		if more := mayMore(o, roleOf(t, o, f, "validator"), before); len(more) > 0 {
			t.Errorf("it may do more than before: %q", more)
		}
	})
}

// What the message asks for is a way on; a right that the user has added stays the user's.
func TestAnAgentIsDeployedOnceItsPermissionsAreWhatItsRoleHasNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := roleOf(t, o, f, "validator")
		o.must("", takeIt...)
		err := o.sim.Edit(func(w *awssim.World) {
			r := w.Roles[strings.ToLower(before)]
			r.Attached = nil
			for name, document := range r.Inline {
				r.Inline[name] = strings.Replace(document, `"dynamodb:GetItem","dynamodb:PutItem"`, `"dynamodb:GetItem"`, 1)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		code, out := o.run("", "deploy", "validator")
		if code != exitError {
			t.Errorf("exits %d", code)
		}
		golden(t, "adopt_narrowed.txt", out)
		text, err := os.ReadFile(o.file)
		if err != nil {
			t.Fatal(err)
		}
		head, own, _ := strings.Cut(string(text), "\n  validator:\n")
		own = strings.Replace(own, "dynamodb:GetItem, dynamodb:PutItem", "dynamodb:GetItem", 1)
		own = strings.Replace(own, "{policy: \"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}", "{allow: [sqs:SendMessage], on: [\"arn:aws:sqs:us-east-1:123456789012:mine\"]}", 1)
		if err := os.WriteFile(o.file, []byte(head+"\n  validator:\n"+own), 0o600); err != nil {
			t.Fatal(err)
		}
		out = said(t, o, "deploy", "validator")
		if !strings.Contains(out, "was changed since validator was taken over") || !strings.Contains(out, "- managed policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess") {
			t.Errorf("it says:\n%s", out)
		}
		if more := mayMore(o, roleOf(t, o, f, "validator"), before); len(more) > 0 {
			t.Errorf("it may do more than before: %q", more)
		}
		if out := said(t, o, "plan"); strings.Contains(out, "validator was taken over") {
			t.Errorf("the plan after it:\n%s", out)
		}
	})
}

// A role that may do more by now narrows nothing: it is said, and the deployment continues.
func TestARoleThatMayDoMoreSinceATakeoverIsSaidBeforeTheFirstDeployment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, f := withoutFile(t)
		before := roleOf(t, o, f, "validator")
		o.must("", takeIt...)
		err := o.sim.Edit(func(w *awssim.World) {
			w.Roles[strings.ToLower(before)].Inline["mail"] = `{"Statement":{"Effect":"Allow","Action":"ses:SendEmail","Resource":"*"}}`
		})
		if err != nil {
			t.Fatal(err)
		}
		out := said(t, o, "deploy", "validator")
		at, rolled := strings.Index(out, "+ Allow ses:SendEmail on *"), strings.Index(out, "role/task/validator")
		if at < 0 || rolled < at {
			t.Errorf("it says:\n%s", out)
		}
	})
}
