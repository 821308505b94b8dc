package stack

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

const withRights = `project: karmacadabra
environment: prod
region: us-east-1
network: {nat: none}
defaults: {image: "public.ecr.aws/docker/library/python:3.13-slim"}
agents:
  scout:
    port: 9001
    permissions:
      - {policy: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}
      - {allow: [bedrock:InvokeModel], on: ["arn:aws:bedrock:*::foundation-model/*"]}
  writer:
    port: 9002
`

const scoutRole = "karmacadabra-prod-us-east-1-scout-task"

// changesOf are the changes that a result shows of a key, as text.
func changesOf(res *engine.Result, key engine.Key) []string {
	o, _ := res.Get(key)
	var out []string
	for _, c := range o.Changes {
		out = append(out, c.Field+": "+c.Was+" -> "+c.Now)
	}
	return out
}

func TestAnAgentMayWhatItsFileAllowsAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withRights))
		b.upStack(nil)
		const model = "arn:aws:bedrock:us-east-1::foundation-model/some"
		for _, x := range []struct {
			role, action, resource string
			may                    bool
		}{
			{scoutRole, "bedrock:InvokeModel", model, true},
			{scoutRole, "s3:GetObject", "arn:aws:s3:::any/key", true},
			{scoutRole, "s3:PutObject", "arn:aws:s3:::any/key", false},
			{scoutRole, "ssmmessages:OpenDataChannel", "*", true},
			{strings.Replace(scoutRole, "scout", "writer", 1), "bedrock:InvokeModel", model, false},
		} {
			if may := b.sim.RoleMay(x.role, x.action, x.resource); may != x.may {
				t.Errorf("%s may %s on %s: %t", x.role, x.action, x.resource, may)
			}
		}

		// Other rights are shown as what is allowed and what no longer is.
		b.cfg = parse(t, strings.NewReplacer(
			"AmazonS3ReadOnlyAccess", "AmazonS3FullAccess", "[bedrock:InvokeModel]", "[dynamodb:GetItem, dynamodb:PutItem]",
			"arn:aws:bedrock:*::foundation-model/*", "arn:aws:dynamodb:*:*:table/{agent}",
		).Replace(withRights))
		plan := b.planStack()
		want := []string{
			`permissions: {"allows bedrock:InvokeModel":"on arn:aws:bedrock:*::foundation-model/*"} -> {"allows dynamodb:GetItem, dynamodb:PutItem":"on arn:aws:dynamodb:*:*:table/scout"}`,
			`policies: {"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess":"attached"} -> {"arn:aws:iam::aws:policy/AmazonS3FullAccess":"attached"}`,
		}
		if got := changesOf(plan, "role/task/scout"); !slices.Equal(got, want) {
			t.Errorf("the plan shows\n%s", strings.Join(got, "\n"))
		}
		b.upStack(plan)
		if b.sim.RoleMay(scoutRole, "bedrock:InvokeModel", model) || !b.sim.RoleMay(scoutRole, "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:1:table/scout") {
			t.Error("the old rights are still there, or the new ones are not")
		}

		// An agent that says nothing has no rights left, and no policy.
		b.cfg = parse(t, withRights[:strings.Index(withRights, "    permissions")]+withRights[strings.Index(withRights, "  writer"):])
		b.upStack(b.planStack())
		b.edit(func(w *awssim.World) {
			if r := w.Roles[scoutRole]; len(r.Attached) > 0 || len(r.Inline) != 1 || r.Tags["karmactl:policies"] != "" {
				t.Errorf("the role still has %v, %v, %q", r.Attached, r.Inline, r.Tags["karmactl:policies"])
			}
		})
	})
}

func TestAPolicyThatSomeoneElseAttachedIsToldAndStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newStackBench(t, parse(t, withRights))
		b.upStack(nil)
		const byHand = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
		if _, err := b.home.Clients.IAM.AttachRolePolicy(context.Background(), &iam.AttachRolePolicyInput{RoleName: aws.String(scoutRole), PolicyArn: aws.String(byHand)}); err != nil {
			t.Fatal(err)
		}
		plan := b.planStack()
		o, _ := plan.Get("role/task/scout")
		want := []string{"the task role of scout has " + byHand + ", which karmactl did not give it: up leaves it there, down takes it away with the role"}
		if plan.Changes() || !slices.Equal(o.Notes, want) {
			t.Errorf("the plan says %v %q", verbs(plan), o.Notes)
		}
		b.sim.ResetCalls()
		b.upStack(plan)
		if m := b.sim.Mutations(); len(m) > 0 {
			t.Errorf("up writes: %s", m[0].Name())
		}
		down := b.downStack()
		if o, _ := down.Get("role/task/scout"); !slices.Equal(o.Notes, want) {
			t.Errorf("down says %q", o.Notes)
		}
		b.edit(func(w *awssim.World) {
			if w.Roles[scoutRole] != nil {
				t.Error("down left the role")
			}
		})
	})
}

// A company's account takes only roles that are bounded: its policy asks for the
// boundary by condition.
func TestEveryRoleHasTheBoundaryAndThePathOfTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const boundary = "arn:aws:iam::123456789012:policy/boundary"
		b := newStackBench(t, parse(t, withRights))
		b.edit(func(w *awssim.World) {
			w.ManagedPolicies = map[string]string{boundary: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:*","logs:*","bedrock:*","s3:*"],"Resource":"*"}]}`}
			w.Operator.Organization = []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
				{"Effect":"Deny","Action":["iam:CreateRole","iam:PutRolePolicy","iam:AttachRolePolicy"],"Resource":"*","Condition":{"StringNotEquals":{"iam:PermissionsBoundary":"` + boundary + `"}}}]}`}
		})
		b.cfg = parse(t, "permissions_boundary: "+boundary+"\n"+withRights)
		b.upStack(nil)
		if b.sim.RoleMay(scoutRole, "ssmmessages:OpenDataChannel", "*") || !b.sim.RoleMay(scoutRole, "bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/a") {
			t.Error("the boundary does not bound the task role, or takes what it allows")
		}

		// A path cannot change: roles with another name are made, the agents switch to them.
		b.cfg = parse(t, "permissions_boundary: "+boundary+"\nrole_path: /team/agents/\n"+withRights)
		plan := b.planStack()
		if o, _ := plan.Get("role/task/scout"); o.Verb != engine.Replace {
			t.Errorf("another path is shown as %s", o.Verb)
		}
		b.upStack(plan)
		if again := b.planStack(); again.Changes() {
			t.Errorf("the plan after up is not empty: %s", verbs(again))
		}
		b.edit(func(w *awssim.World) {
			for _, r := range w.Roles {
				if r.Linked == "" && (r.Boundary != boundary || r.Path != "/team/agents/") {
					t.Errorf("%s has the boundary %q and the path %q", r.Name, r.Boundary, r.Path)
				}
			}
			for _, d := range w.TaskDefinitions {
				if d.Definition.Revision == 2 && !strings.Contains(aws.ToString(d.Definition.TaskRoleArn), ":role/team/agents/karmacadabra-prod") {
					t.Errorf("the revision has the role %s", aws.ToString(d.Definition.TaskRoleArn))
				}
			}
		})

		// Without a state the roles are found by their names, and down leaves none.
		b.cfg = parse(t, strings.Replace(withRights, "agents:", "role_path: /team/agents/\nagents:", 1))
		b.edit(func(w *awssim.World) { w.Operator.Organization = nil })
		if got := changesOf(b.planStack(), "role/execution/writer"); !slices.Equal(got, []string{"permissions_boundary: " + boundary + " -> "}) {
			t.Errorf("without the boundary the plan shows %q", got)
		}
		b.upStack(b.planStack())
		b.downStack()
		b.edit(func(w *awssim.World) {
			for _, r := range w.Roles {
				if r.Linked == "" {
					t.Errorf("down left %s", r.Name)
				}
			}
		})
	})
}

// TestAPolicyThatIsNotThereIsNamedAndNotWaitedFor: nothing that karmactl makes could make it come.
func TestAPolicyThatIsNotThereIsNamedAndNotWaitedFor(t *testing.T) {
	for key, file := range map[string]string{
		"permissions_boundary": "permissions_boundary: arn:aws:iam::123456789012:policy/none\n" + withRights,
		"permissions":          strings.Replace(withRights, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "arn:aws:iam::123456789012:policy/none", 1),
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, file))
			res, err := b.walkOf(b.fresh(false)).Up(context.Background())
			if err == nil {
				err = res.Err()
			}
			if err == nil || !strings.Contains(err.Error(), "the policy arn:aws:iam::123456789012:policy/none does not exist or is not attachable: make it in this account, or change "+key) {
				t.Errorf("up ends with %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "still not there") {
				t.Errorf("up waits for what does not come: %v", err)
			}
		})
	}
}
