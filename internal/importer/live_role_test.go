package importer

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// fromRoles is the file of a fleet whose roles are edited, with its text in one line.
func fromRoles(t *testing.T, edit func(task, execution *live.Role)) (res *Result, text string) {
	t.Helper()
	return fromFleet(t, func(f *live.Fleet) { edit(&f.Roles[1], &f.Roles[0]) })
}

const ownPolicy = "arn:aws:iam::123456789012:policy/agents"

func TestATaskRoleNeverBecomesMoreThanItWas(t *testing.T) {
	inline := func(document string) func(task, _ *live.Role) {
		return func(task, _ *live.Role) {
			task.Attached, task.Inline = []string{ownPolicy}, []live.InlinePolicy{{Name: "p", Document: document}}
		}
	}
	const queue = "arn:aws:sqs:us-east-1:123456789012:a"
	const denial = `{"Statement":[{"Sid":"All","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"},{"Sid":"Keep","Effect":"Deny","Action":"s3:Delete*","Resource":"*"}]}`
	for _, c := range []struct {
		name string
		edit func(task, execution *live.Role)
		want []agents.Permission
		says string
	}{
		{
			"the account's own policy by its ARN, a statement alone", inline(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"}}`),
			[]agents.Permission{{Policy: ownPolicy}, {Allow: []string{"sqs:SendMessage"}, On: []string{queue}}},
			"Everything was carried over.",
		},
		{
			"a denial", func(task, _ *live.Role) {
				task.Attached, task.Inline = nil, []live.InlinePolicy{{Name: "p", Document: denial}}
			},
			[]agents.Permission{{Allow: []string{"sqs:SendMessage"}, On: []string{queue}}},
			"All: another statement of the role denies a part of it: make a managed policy of it",
		},
		{
			"a denial beside a managed policy, which may deny too", inline(denial),
			nil, "a managed policy of the role, which is left out, may deny a part of it: write permissions for both",
		},
		{
			"NotAction", inline(`{"Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`),
			[]agents.Permission{{Policy: ownPolicy}},
			"it allows all actions but some (NotAction): make a managed policy of it",
		},
		{
			"a role that may not be read", func(task, _ *live.Role) {
				task.Attached, task.Unread = nil, errors.New("permission iam:ListRolePolicies is missing")
			},
			nil, "its rights are not known, permission iam:ListRolePolicies is missing: write permissions",
		},
		{
			"a boundary of one role", func(task, _ *live.Role) { task.Boundary = ownPolicy },
			nil, "not all roles of the fleet are bounded by " + ownPolicy + ": write permissions_boundary",
		},
		{
			"more on the execution role", func(task, execution *live.Role) {
				task.Attached, task.Inline = nil, nil
				execution.Attached = []string{"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", ownPolicy}
				execution.Inline = []live.InlinePolicy{{Name: "p", Document: `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`}}
			},
			nil, "ECS starts tasks with it, and karmactl gives it what image, logs, secrets and registries need: the agent itself could not use this",
		},
	} {
		res, text := fromRoles(t, c.edit)
		got := res.Config.Agents[0].Permissions
		same := func(a, b agents.Permission) bool {
			return a.Policy == b.Policy && slices.Equal(a.Allow, b.Allow) && slices.Equal(a.On, b.On)
		}
		if !slices.EqualFunc(got, c.want, same) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if !strings.Contains(text, c.says) {
			t.Errorf("%s: %q is not in\n%s", c.name, c.says, res.Text)
		}
	}
}

func TestABoundaryOfAllRolesIsTheStacks(t *testing.T) {
	res, _ := fromRoles(t, func(task, execution *live.Role) { task.Boundary, execution.Boundary = ownPolicy, ownPolicy })
	if res.Config.Boundary != ownPolicy || len(res.Config.Agents[0].Permissions) != 3 {
		t.Errorf("the boundary is %q, the permissions %+v", res.Config.Boundary, res.Config.Agents[0].Permissions)
	}
}

func TestWhatSessionsNeedIsGivenByExec(t *testing.T) {
	for _, exec := range []bool{true, false} {
		res, text := fromFleet(t, func(f *live.Fleet) {
			f.Services[0].EnableExecuteCommand = exec
			f.Roles[1].Inline = []live.InlinePolicy{{Name: "exec", Document: `{"Statement":{"Effect":"Allow","Action":["ssmmessages:CreateControlChannel","ssmmessages:OpenDataChannel"],"Resource":"*"}}`}}
		})
		if n, want := len(res.Config.Agents[0].Permissions), map[bool]int{true: 1, false: 2}[exec]; n != want {
			t.Errorf("with exec %v: %d permissions, want %d, in\n%s", exec, n, want, text)
		}
	}
}

func TestWhatIsMoreThanARoleHoldsIsNamed(t *testing.T) {
	res, text := fromRoles(t, func(task, _ *live.Role) {
		task.Inline = nil
		for _, name := range strings.Split("abcdefghijk", "") { // some accounts have a larger quota
			task.Attached = append(task.Attached, ownPolicy+"-"+name)
		}
	})
	for _, a := range res.Config.Agents {
		if n := len(a.Permissions); n != 10 {
			t.Errorf("%s has %d permissions", a.Name, n)
		}
	}
	if want := "agents.yaml takes: at most 10: IAM attaches no more to a role"; strings.Count(text, want) != 1 {
		t.Errorf("%q is not said once in\n%s", want, res.Text)
	}
	res, text = fromRoles(t, func(task, _ *live.Role) {
		task.Attached, task.Inline = nil, nil
		for _, name := range []string{"p", "q", "r", "s", "t"} {
			task.Inline = append(task.Inline, live.InlinePolicy{Name: name, Document: `{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + strings.Repeat(name, 2000) + `/*"}}`})
		}
		task.Inline = append(task.Inline, task.Inline[4])
	})
	if n := len(res.Config.Agents[0].Permissions); n != 4 || !strings.Contains(text, "put the rest into a managed policy and name it") {
		t.Errorf("%d permissions, want four of five, each once, in\n%s", n, text)
	}
}
