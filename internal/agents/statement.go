package agents

import (
	"slices"
	"strings"
)

// Statement is one statement of an IAM policy that a role has elsewhere.
type Statement struct {
	// Effect is Allow or Deny.
	Effect      string   `json:"effect"`
	Action      []string `json:"action,omitempty"`
	NotAction   []string `json:"notAction,omitempty"`
	Resource    []string `json:"resource,omitempty"`
	NotResource []string `json:"notResource,omitempty"`
	// Conditional tells that it counts under a condition alone.
	Conditional bool `json:"conditional,omitempty"`
}

// String is the statement in one line: "Deny s3:Get* on *".
func (s Statement) String() string {
	list := func(these, all []string, but string) string {
		if len(all) > 0 {
			return but + strings.Join(all, ", ")
		}
		return strings.Join(these, ", ")
	}
	text := s.Effect + " " + list(s.Action, s.NotAction, "all but ") + " on " + list(s.Resource, s.NotResource, "all but ")
	if s.Conditional {
		text += ", under a condition"
	}
	return text
}

// Unsayable tells for each statement of a role why the key permissions cannot say it; "" is
// that it can. permissions only allow: a statement of which another one denies a part cannot
// be said either, because an agent never gets more than the role had.
func Unsayable(all []Statement) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.unsayable()
		if out[i] == "" && slices.ContainsFunc(all, s.narrowedBy) {
			out[i] = "another statement of the role denies a part of it"
		}
	}
	return out
}

func (s Statement) unsayable() string {
	switch {
	case s.Effect != "Allow":
		return "it denies, and permissions only allow"
	case len(s.NotAction) > 0:
		return "it allows all actions but some (NotAction)"
	case len(s.NotResource) > 0:
		return "it allows on all resources but some (NotResource)"
	case s.Conditional:
		return "it has a condition"
	case len(s.Action) == 0 || len(s.Resource) == 0:
		return "it names no actions or no resources"
	}
	for _, a := range s.Action {
		if len(a) > actionRule.most || !actionRule.pattern.MatchString(a) {
			return "agents.yaml does not take the action " + a
		}
	}
	for _, on := range s.Resource {
		switch {
		case strings.Contains(on, "${"):
			return "it has a variable of IAM's (" + on + "), which stands for something else in another role"
		case strings.Contains(on, "{agent}") || len(on) > resourceRule.most || !resourceRule.pattern.MatchString(on):
			return "agents.yaml does not take the resource " + on
		}
	}
	return ""
}

// narrowedBy tells whether a statement denies an action that s may allow. What it denies it
// on is not compared: a guess would be too wide.
func (s Statement) narrowedBy(deny Statement) bool {
	if deny.Effect != "Deny" {
		return false
	}
	return len(deny.Action) == 0 || slices.ContainsFunc(deny.Action, func(no string) bool {
		return slices.ContainsFunc(s.Action, func(yes string) bool { return meet(strings.ToLower(yes), strings.ToLower(no)) })
	})
}

// meet tells whether there is a text that both patterns match; * and ? stand for any characters.
func meet(a, b string) bool {
	rest := make([][]bool, len(a)+1) // whether a from i on and b from j on meet
	for i := len(a); i >= 0; i-- {
		rest[i] = make([]bool, len(b)+1)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				rest[i][j] = true
			case i < len(a) && a[i] == '*':
				rest[i][j] = rest[i+1][j] || j < len(b) && rest[i][j+1]
			case j < len(b) && b[j] == '*':
				rest[i][j] = rest[i][j+1] || i < len(a) && rest[i+1][j]
			case i < len(a) && j < len(b):
				rest[i][j] = (a[i] == b[j] || a[i] == '?' || b[j] == '?') && rest[i+1][j+1]
			}
		}
	}
	return rest[0][0]
}
