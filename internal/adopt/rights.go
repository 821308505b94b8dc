package adopt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// rights says what the agents lose with their task role at their first deploy; "" is for a role
// that is none of theirs.
func (j *judge) rights(arn string) string {
	role, known := j.Role(&arn)
	var order []string
	who := map[string][]string{}
	out := ""
	for _, a := range j.Config.Agents {
		if !known || !j.has(a, arn) {
			continue
		}
		out = "; what names this one (policies of buckets, keys and queues, trusts of roles) has to name those, too"
		for _, text := range lost(role, a.Permissions, j.Config.Boundary) {
			if who[text] == nil {
				order = append(order, text)
			}
			who[text] = append(who[text], a.Name)
		}
	}
	if known {
		out += j.namedIn(arn)
	}
	for _, text := range order {
		out += "; " + strings.Join(who[text], ", ") + " " + text
	}
	return out
}

// namedIn says which policies of buckets and secrets name a role, and of which it is not known.
func (j *judge) namedIn(arn string) string {
	out := ""
	for _, p := range j.ResourcePolicies {
		switch {
		case p.Unread != nil:
			out += "; whether the policy of " + p.Of + " names it is not known: " + p.Unread.Error()
		case p.Names(arn):
			out += "; the policy of " + p.Of + " names it: let it name the agents' roles, too, before their first deployment"
		}
	}
	return out
}

// has tells whether an agent's tasks have the role.
func (j *judge) has(a agents.Agent, arn string) bool {
	return slices.ContainsFunc(j.Services, func(s live.Service) bool {
		return aws.ToString(s.ServiceName) == j.ServiceOf[a.Name] && aws.ToString(s.Definition.TaskRoleArn) == arn
	})
}

// lost is what a role may do and agents with these permissions may not, each as the rest of a
// sentence about them. What is in a managed policy that the role does not have is not known,
// and may be all of it.
func lost(role live.Role, all []agents.Permission, boundary string) []string {
	if role.Unread != nil {
		return []string{"need permissions from you before that, because what the role may do is not known: " + role.Unread.Error()}
	}
	var out, managed []string
	for _, p := range all {
		if p.Policy != "" {
			managed = append(managed, p.Policy)
		}
	}
	if role.Boundary != boundary {
		out = append(out, fmt.Sprintf("then are bounded by %s and not by %s (permissions_boundary)", cmp.Or(boundary, "nothing"), cmp.Or(role.Boundary, "nothing")))
	}
	for _, arn := range role.Attached {
		if !slices.Contains(managed, arn) {
			out = append(out, "then lack the managed policy "+arn)
		}
	}
	more := slices.ContainsFunc(managed, func(arn string) bool { return !slices.Contains(role.Attached, arn) })
	if more {
		return out
	}
	return append(out, lostStatements(role, all)...)
}

func lostStatements(role live.Role, all []agents.Permission) []string {
	var out, names []string
	var said []agents.Statement
	for _, p := range role.Inline {
		list, err := p.Statements()
		if err != nil {
			out = append(out, "then lack what is in it: "+err.Error())
		}
		for i, s := range list {
			said, names = append(said, s), append(names, fmt.Sprintf("statement %d of the policy %s", i+1, p.Name))
		}
	}
	for i, why := range agents.Unsayable(said) {
		switch {
		case why != "":
			out = append(out, "then lack "+names[i]+": "+why)
		case !slices.ContainsFunc(all, func(p agents.Permission) bool {
			return allows(p, said[i].Action, said[i].Resource)
		}):
			out = append(out, "then lack "+names[i]+", which allows "+strings.Join(said[i].Action, ", "))
		}
	}
	return out
}

// allows tells whether a permission gives all these actions on all these resources. The case
// of an action does not matter, that of a resource does:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func allows(p agents.Permission, actions, resources []string) bool {
	return covers(p.Allow, actions, strings.ToLower) && covers(p.On, resources, func(s string) string { return s })
}

// covers tells whether each text of another list is one of a list, or matched by a pattern of it.
func covers(list, other []string, as func(string) string) bool {
	return !slices.ContainsFunc(other, func(s string) bool {
		return !slices.ContainsFunc(list, func(pattern string) bool { return matches(as(pattern), as(s)) })
	})
}

// matches tells whether a pattern, in which * stands for any characters, matches a text; a *
// of the text is matched by one of the pattern alone.
func matches(pattern, text string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	if !more {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	for i := len(first); i <= len(text); i++ {
		if matches(rest, text[i:]) {
			return true
		}
	}
	return false
}
