package cloud

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// The operator's policies: docs/iam-policy-read.json for who looks, the other three beside it.
// Each is a managed policy of its own, because IAM takes 6,144 characters in one.
const (
	PolicyRead    = "read"    // what only looks
	PolicyChange  = "change"  // agents, their roles, logs, secrets and images, and the state
	PolicyNetwork = "network" // the network, and what is in front of the agents
	PolicyCI      = "ci"      // what lets identities of others into the account
)

// networkServices are those of which PolicyNetwork has all that changes something.
var networkServices = []string{"acm", "autoscaling", "ec2", "elasticloadbalancing", "route53"}

// PolicyOf is the operator's policy that an action is in.
func PolicyOf(action string) string {
	service, op, _ := strings.Cut(action, ":")
	switch {
	case strings.Contains(op, "OpenIDConnectProvider"): // apart from all: no workflow needs it
		return PolicyCI
	case Reads(op) || strings.HasPrefix(op, "View") || op == "BatchGetImage" || action == "kms:Decrypt":
		return PolicyRead
	case slices.Contains(networkServices, service):
		return PolicyNetwork
	default:
		return PolicyChange
	}
}

// PolicyText is a policy as JSON, of what IAM answers: URL-encoded by RFC 3986.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html
func PolicyText(document string) string {
	if plain, err := url.PathUnescape(document); err == nil && strings.HasPrefix(document, "%") {
		return plain
	}
	return document
}

// OneOrMore are values of a policy: where there is one, it needs no list.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type OneOrMore[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *OneOrMore[T]) UnmarshalJSON(b []byte) error {
	if b[0] == '[' || string(b) == "null" {
		return json.Unmarshal(b, (*[]T)(o))
	}
	*o = make([]T, 1)
	return json.Unmarshal(b, &(*o)[0])
}
