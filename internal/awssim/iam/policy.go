// Package iam decides as AWS's identity and access management does whether a
// caller may do something: policies in, a decision with its reason out. It knows
// nothing of the simulated account.
//
// The rules are those of "Policy evaluation logic" in the IAM user guide; an
// element or a condition operator that this package does not know is an error,
// because a policy that is misread lets pass what AWS refuses.
package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Policy is a policy document.
type Policy struct {
	Version    string
	ID         string     `json:"Id"`
	Statements statements `json:"Statement"`
}

// Statement is one statement of a policy.
type Statement struct {
	Sid         string
	Effect      string
	Principal   principals
	Action      actions
	NotAction   actions
	Resource    texts
	NotResource texts
	Condition   map[string]map[string]texts
}

// texts is one text or a list of them, as JSON policies have either.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	var flag bool
	if json.Unmarshal(b, &flag) == nil { // a condition on a boolean may be written as one
		*t = texts{fmt.Sprint(flag)}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// actions are texts in lower case: the case of an action does not count.
type actions []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *actions) UnmarshalJSON(b []byte) error {
	err := (*texts)(a).UnmarshalJSON(b)
	for i, action := range *a {
		(*a)[i] = strings.ToLower(action)
	}
	return err
}

// statements is one statement or a list of them.
type statements []Statement

// UnmarshalJSON implements json.Unmarshaler.
func (s *statements) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		*s = make(statements, 1)
		return strict(b, &(*s)[0])
	}
	return strict(b, (*[]Statement)(s))
}

// principals are whom a statement of a trust policy is about, by kind: Service, AWS.
type principals map[string]texts

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(b []byte) error {
	if string(b) == `"*"` {
		*p = principals{"AWS": {"*"}}
		return nil
	}
	return json.Unmarshal(b, (*map[string]texts)(p))
}

func strict(b []byte, to any) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// Parse reads a policy document. An error says what AWS would refuse, or what
// this package does not know.
func Parse(text string) (Policy, error) {
	var p Policy
	if err := strict([]byte(text), &p); err != nil {
		return p, fmt.Errorf("not a policy: %w", err)
	}
	if len(p.Statements) == 0 {
		return p, fmt.Errorf("a policy without a statement")
	}
	for i, s := range p.Statements {
		switch {
		case s.Effect != "Allow" && s.Effect != "Deny":
			return p, fmt.Errorf("statement %d: the effect is %q", i+1, s.Effect)
		case (len(s.Action) == 0) == (len(s.NotAction) == 0):
			return p, fmt.Errorf("statement %d: it needs either Action or NotAction", i+1)
		case len(s.Resource) > 0 && len(s.NotResource) > 0:
			return p, fmt.Errorf("statement %d: it has both Resource and NotResource", i+1)
		}
		for operator := range s.Condition {
			if _, _, ok := compare(operator); !ok {
				return p, fmt.Errorf("statement %d: the condition operator %s is not known", i+1, operator)
			}
		}
	}
	return p, nil
}

// Request is what a caller wants to do.
type Request struct {
	// Action is the permission: ecs:CreateService.
	Action string
	// Resource is the ARN of what it is done to, "*" where AWS has none.
	Resource string
	// Context has the values of condition keys, by key.
	Context map[string]string
}

// covers tells whether a statement is about a request.
func (s Statement) covers(r Request) bool {
	asked := strings.ToLower(r.Action)
	isAsked := func(p string) bool { return like(p, asked) }
	action := slices.ContainsFunc(s.Action, isAsked)
	if len(s.NotAction) > 0 {
		action = !slices.ContainsFunc(s.NotAction, isAsked)
	}
	resource := len(s.Resource) == 0 || slices.ContainsFunc(s.Resource, func(p string) bool { return like(p, r.Resource) })
	if len(s.NotResource) > 0 {
		resource = !slices.ContainsFunc(s.NotResource, func(p string) bool { return like(p, r.Resource) })
	}
	return action && resource && s.holds(r.Context)
}

// like compares with * and ?, which both take any character, slashes and colons too.
func like(pattern, s string) bool {
	at, star, from := 0, -1, 0
	for i := 0; i < len(s); {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, from = at, i
			at++
		case at < len(pattern) && (pattern[at] == '?' || pattern[at] == s[i]):
			at, i = at+1, i+1
		case star >= 0:
			from++
			at, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[at:], "*") == ""
}
