package adopt

import (
	"cmp"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/live"
)

// Rights are what a role might do when an agent was taken over.
type Rights struct {
	Role       string             `json:"role"`
	Boundary   string             `json:"boundary,omitempty"`
	Policies   []string           `json:"policies,omitempty"`
	Statements []agents.Statement `json:"statements,omitempty"`
}

// RightsOf are those of a role. The error is that they are not known.
func RightsOf(r live.Role) (Rights, error) {
	out := Rights{Role: r.ARN, Boundary: r.Boundary, Policies: r.Attached}
	for _, p := range r.Inline {
		list, err := p.Statements()
		if err != nil {
			return out, err
		}
		out.Statements = append(out.Statements, list...)
	}
	return out, r.Unread
}

// lines are the rights, one a line.
func (r Rights) lines() []string {
	var out []string
	if r.Boundary != "" {
		out = append(out, "bounded by "+r.Boundary)
	}
	for _, p := range r.Policies {
		out = append(out, "managed policy "+p)
	}
	for _, s := range r.Statements {
		out = append(out, s.String())
	}
	return out
}

// Changed are the rights that one has and the other has not: "- " what is gone, "+ " what is new.
func Changed(was, now Rights) []string {
	var out []string
	before, after := was.lines(), now.lines()
	for _, l := range before {
		if !slices.Contains(after, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			out = append(out, "+ "+l)
		}
	}
	return out
}

// grants are the rights that permissions can say, by the rules by which init writes them.
func (r Rights) grants() []agents.Permission {
	var out []agents.Permission
	denies := slices.ContainsFunc(r.Statements, func(s agents.Statement) bool { return s.Effect != "Allow" })
	if denies && len(r.Policies) > 0 {
		return nil
	}
	for _, p := range r.Policies {
		out = append(out, agents.Permission{Policy: p})
	}
	for i, why := range agents.Unsayable(r.Statements) {
		if why == "" {
			out = append(out, agents.Permission{Allow: r.Statements[i].Action, On: r.Statements[i].Resource})
		}
	}
	return out
}

// TooWide are the permissions of an agent that its role gave when it was taken over and may
// not give any more, each with what to do about it.
func TooWide(was, now Rights, a agents.Agent, boundary string) []string {
	var out []string
	if now.Boundary != was.Boundary && now.Boundary != "" && now.Boundary != boundary {
		out = append(out, "it is bounded by "+now.Boundary+" now, and the new role by "+cmp.Or(boundary, "nothing")+": write permissions_boundary: "+now.Boundary)
	}
	had, has := was.grants(), now.grants()
	for _, p := range now.Policies {
		if !slices.Contains(was.Policies, p) && !given([]agents.Permission{{Policy: p}}, a.Permissions) {
			out = append(out, "the managed policy "+p+" was added, which may deny something: write {policy: "+p+"} under permissions, too")
		}
	}
	for _, p := range a.Permissions {
		if !given([]agents.Permission{p}, had) || given([]agents.Permission{p}, has) {
			continue // the user's own, or still a right of the role
		}
		text := "{policy: " + p.Policy + "}"
		if p.Policy == "" {
			text = "{allow: [" + strings.Join(p.Allow, ", ") + "], on: [" + strings.Join(p.On, ", ") + "]}"
		}
		out = append(out, "it has "+text+" in permissions still: take it out, or write what the role has now")
	}
	return out
}

// given tells whether permissions give all that others say.
func given(these, by []agents.Permission) bool {
	return !slices.ContainsFunc(these, func(p agents.Permission) bool {
		return !slices.ContainsFunc(by, func(q agents.Permission) bool {
			return p.Policy == q.Policy && (p.Policy != "" || allows(q, p.Allow, p.On))
		})
	})
}
