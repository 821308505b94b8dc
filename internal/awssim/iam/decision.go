package iam

import (
	"fmt"
	"slices"
)

// Principal is who asks: the policies that speak for and against it.
type Principal struct {
	// ARN is as AWS names it in a denial.
	ARN string
	// Policies are attached to the identity: what they do not allow is denied.
	Policies []Policy
	// Boundary is the permissions boundary; nil is none.
	Boundary *Policy
	// Session is the policy of the session; nil is none.
	Session *Policy
	// Organization are the service control policies, each of which has to allow.
	Organization []Policy
}

// Decision is the answer, with AWS's reason when it is no.
type Decision struct {
	Allowed bool
	// Reason is the end of AWS's message: "because no identity-based policy
	// allows the ecs:CreateService action".
	Reason string
}

// Decide evaluates what a principal's policies say. A denial anywhere counts
// before all, and each kind of policy that there is has to allow. The words are
// AWS's own:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func Decide(p Principal, r Request) Decision {
	kinds := []struct {
		name     string
		policies []Policy
		there    bool
		each     bool // each of them has to allow, and not any
	}{
		{"service control policy", p.Organization, len(p.Organization) > 0, true},
		{"permissions boundary", one(p.Boundary), p.Boundary != nil, false},
		{"session policy", one(p.Session), p.Session != nil, false},
		{"identity-based policy", p.Policies, true, false},
	}
	for _, k := range kinds {
		if slices.ContainsFunc(k.policies, func(p Policy) bool { return p.says("Deny", r) }) {
			return Decision{Reason: "with an explicit deny in " + article(k.name)}
		}
	}
	for _, k := range kinds {
		allows := func(p Policy) bool { return p.says("Allow", r) }
		missing := !slices.ContainsFunc(k.policies, allows)
		if k.each {
			missing = slices.ContainsFunc(k.policies, func(p Policy) bool { return !allows(p) })
		}
		if k.there && missing {
			return Decision{Reason: fmt.Sprintf("because no %s allows the %s action", k.name, r.Action)}
		}
	}
	return Decision{Allowed: true}
}

func one(p *Policy) []Policy {
	if p == nil {
		return nil
	}
	return []Policy{*p}
}

func article(noun string) string {
	if noun[0] == 'i' {
		return "an " + noun
	}
	return "a " + noun
}

// says tells whether a statement with an effect covers a request.
func (p Policy) says(effect string, r Request) bool {
	return slices.ContainsFunc(p.Statements, func(s Statement) bool { return s.Effect == effect && s.covers(r) })
}

// Trusts tells whether a role's trust policy lets a service take the role.
func (p Policy) Trusts(service string, context map[string]string) bool {
	return p.trusts("Service", service, Request{Action: "sts:AssumeRole", Context: context})
}

// TrustsWebIdentity tells whether a role's trust policy lets who has a token of an identity
// provider, given by its ARN, take the role. The context has the claims by condition key.
func (p Policy) TrustsWebIdentity(provider string, context map[string]string) bool {
	return p.trusts("Federated", provider, Request{Action: "sts:AssumeRoleWithWebIdentity", Context: context})
}

func (p Policy) trusts(kind, who string, r Request) bool {
	trusted := func(effect string) bool {
		return slices.ContainsFunc(p.Statements, func(s Statement) bool {
			return s.Effect == effect && slices.Contains(s.Principal[kind], who) && s.covers(r)
		})
	}
	return trusted("Allow") && !trusted("Deny")
}

// Denial is AWS's sentence for a request that was refused.
func (d Decision) Denial(p Principal, r Request) string {
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", p.ARN, r.Action, r.Resource, d.Reason)
}
