package adopt

import (
	"errors"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim/livetest"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/live"
)

// roleWhy is what a report says of the fleet's task role.
func roleWhy(t *testing.T, r *Report) string {
	t.Helper()
	for _, x := range r.Rest {
		if x.Kind == "role" && strings.Contains(x.Name, "-task-") {
			return x.Why
		}
	}
	t.Fatalf("no task role in %+v", r.Rest)
	return ""
}

func TestWhatTheAgentsLoseWithTheirRoleIsSaidOfIt(t *testing.T) {
	built(t, livetest.Shape{}, func(f *livetest.Fleet, account cloud.Account) {
		before := read(t, f)
		want := "; chat, seller, validator then lack statement 3 of the policy agents: it has a condition"
		if why := roleWhy(t, judged(t, before, before, account)); !strings.HasSuffix(why, want) {
			t.Errorf("it says %q", why)
		}
		now := read(t, f)
		for i := range now.Roles {
			if r := &now.Roles[i]; strings.Contains(r.Name, "-task-") {
				r.Attached = append(r.Attached, "arn:aws:iam::123456789012:policy/ledger")
				r.Inline = append(r.Inline, live.InlinePolicy{Name: "mail", Document: `{"Statement":{"Effect":"Allow","Action":"ses:SendEmail","Resource":"*"}}`})
			}
		}
		why := roleWhy(t, judged(t, before, now, account))
		for _, text := range []string{
			"then lack the managed policy arn:aws:iam::123456789012:policy/ledger",
			"then lack statement 1 of the policy mail, which allows ses:SendEmail",
		} {
			if !strings.Contains(why, text) {
				t.Errorf("%q is not in %q", text, why)
			}
		}
	})
}

func TestWhatIsLostWithARoleIsToldFromThePermissions(t *testing.T) {
	policy := "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
	role := live.Role{Attached: []string{policy}, Inline: []live.InlinePolicy{
		{Name: "p", Document: `{"Statement":[{"Effect":"Allow","Action":["sqs:SendMessage"],"Resource":"arn:aws:sqs:us-east-1:123456789012:a"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`},
	}}
	plain := []agents.Permission{{Policy: policy}, {Allow: []string{"sqs:SendMessage", "sqs:GetQueueUrl"}, On: []string{"*"}}}
	for _, c := range []struct {
		name     string
		role     live.Role
		have     []agents.Permission
		boundary string
		want     string
	}{
		{"a denial", role, plain, "", "then lack statement 2 of the policy p: it denies, and permissions only allow"},
		{"the case of an action", live.Role{Inline: role.Inline[:1:1]}, []agents.Permission{{Allow: []string{"SQS:sendmessage"}, On: []string{"*"}}}, "", "then lack statement 2 of the policy p: it denies, and permissions only allow"},
		{"the case of a resource", live.Role{Inline: []live.InlinePolicy{
			{Name: "p", Document: `{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/Keys/*"}]}`},
		}}, []agents.Permission{{Allow: []string{"s3:*"}, On: []string{"arn:aws:s3:::b/keys/*"}}}, "", "then lack statement 1 of the policy p, which allows s3:GetObject"},
		{"a policy that says the rest", role, append(plain, agents.Permission{Policy: "arn:aws:iam::123456789012:policy/rest"}), "", ""},
		{"a boundary", live.Role{}, nil, "arn:aws:iam::123456789012:policy/b", "then are bounded by arn:aws:iam::123456789012:policy/b and not by nothing (permissions_boundary)"},
		{"a role that may not be read", live.Role{Unread: errors.New("permission iam:GetRole is missing")}, nil, "", "need permissions from you before that, because what the role may do is not known: permission iam:GetRole is missing"},
		{"no policy", live.Role{Inline: []live.InlinePolicy{{Name: "p", Document: "no JSON"}}}, nil, "", "then lack what is in it: the policy p is not JSON as IAM has it: invalid character 'o' in literal null (expecting 'u')"},
	} {
		if got := strings.Join(lost(c.role, c.have, c.boundary), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
