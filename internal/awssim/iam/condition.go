package iam

import (
	"slices"
	"strings"
)

// holds tells whether all conditions of a statement hold. Values of one key are
// alternatives, keys and operators must all hold.
func (s Statement) holds(context map[string]string) bool {
	for operator, keys := range s.Condition {
		same, negated, _ := compare(operator)
		optional := strings.HasSuffix(operator, "IfExists")
		for key, values := range keys {
			have, there := lookup(context, key)
			switch {
			case operator == "Null":
				if slices.Contains(values, "true") == there {
					return false
				}
			case !there:
				// A key that the request does not have fails what asks for a value
				// and passes what asks for another one.
				if !optional && !negated {
					return false
				}
			case slices.ContainsFunc(values, func(v string) bool { return same(v, have) }) == negated:
				return false
			}
		}
	}
	return true
}

// lookup finds a condition key, whose case does not count.
func lookup(context map[string]string, key string) (string, bool) {
	for k, v := range context {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// compare is how an operator compares a policy's value with a request's, and
// whether it asks for the contrary. Keys of several values are not simulated.
func compare(operator string) (same func(pattern, have string) bool, negated, known bool) {
	equal := func(a, b string) bool { return a == b }
	switch strings.TrimSuffix(operator, "IfExists") {
	case "StringEquals", "Bool", "Null":
		return equal, false, true
	case "StringNotEquals":
		return equal, true, true
	case "StringEqualsIgnoreCase":
		return strings.EqualFold, false, true
	case "StringLike", "ArnLike", "ArnEquals":
		return like, false, true
	case "StringNotLike", "ArnNotLike", "ArnNotEquals":
		return like, true, true
	}
	return nil, false, false
}
