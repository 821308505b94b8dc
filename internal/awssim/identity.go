package awssim

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Operator is whose credentials the caller has, as the documents that decide
// what he may do. One without a document is the account's administrator.
type Operator struct {
	// Policies are attached to the user.
	Policies []string `json:",omitempty"`
	// Boundary is the permissions boundary, Session the session's policy.
	Boundary string `json:",omitempty"`
	Session  string `json:",omitempty"`
	// Organization are the service control policies above the account.
	Organization []string `json:",omitempty"`
}

func (o Operator) same(p Operator) bool {
	return o.Boundary == p.Boundary && o.Session == p.Session && slices.Equal(o.Policies, p.Policies) && slices.Equal(o.Organization, p.Organization)
}

// administrator is the policy of who has none of his own.
const administrator = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// principal reads an operator's documents.
func (o Operator) principal(account string) (iam.Principal, error) {
	p := iam.Principal{ARN: "arn:aws:iam::" + account + ":user/operator"}
	policies := o.Policies
	if len(policies) == 0 {
		policies = []string{administrator}
	}
	var err error
	if p.Policies, err = parsePolicies(policies); err != nil {
		return p, err
	}
	if p.Organization, err = parsePolicies(o.Organization); err != nil {
		return p, err
	}
	if p.Boundary, err = parsePolicy(o.Boundary); err != nil {
		return p, err
	}
	p.Session, err = parsePolicy(o.Session)
	return p, err
}

func parsePolicies(texts []string) ([]iam.Policy, error) {
	var all []iam.Policy
	for _, t := range texts {
		p, err := iam.Parse(t)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func parsePolicy(text string) (*iam.Policy, error) {
	if text == "" {
		return nil, nil
	}
	p, err := iam.Parse(text)
	return &p, err
}

// authorize asks the caller's policies whether a call may be made.
func (s *Sim) authorize(service, op string, in any) error {
	if slices.Contains(s.world.Denied, service+"."+op) {
		return AccessDenied(service, op)
	}
	p, err := s.operator()
	if err != nil {
		return err
	}
	for _, n := range s.needs(service, op, in) {
		if err := s.ask(p, service, n); err != nil {
			return err
		}
	}
	return nil
}

// operator is the caller. Its documents are read once.
func (s *Sim) operator() (iam.Principal, error) {
	if s.caller.ARN == "" || !s.operated.same(s.world.Operator) {
		p, err := s.world.Operator.principal(s.world.Account)
		if err != nil {
			return p, fmt.Errorf("awssim: the operator's policy: %w", err)
		}
		s.caller, s.operated = p, s.world.Operator
		s.operated.Policies, s.operated.Organization = slices.Clone(s.operated.Policies), slices.Clone(s.operated.Organization)
	}
	return s.caller, nil
}

// ask has one question decided, and notes it.
func (s *Sim) ask(p iam.Principal, service string, n need) error {
	r := iam.Request{Action: n.action, Resource: n.resource, Context: n.context}
	s.decided[n.action] = true
	if d := iam.Decide(p, r); !d.Allowed {
		if n.refused != "" {
			return denied(service, n.refused)
		}
		return denied(service, d.Denial(p, r))
	}
	return nil
}

// Decided are the permissions that have been asked of the caller's policies, sorted.
func (s *Sim) Decided() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for a := range s.decided {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// AccessDenied is the answer to a call whose IAM action is missing.
func AccessDenied(service, op string) error {
	p := iam.Principal{ARN: "arn:aws:iam::123456789012:user/operator"}
	r := iam.Request{Action: cloud.Action(service, op), Resource: "*"}
	return denied(service, iam.Decide(p, r).Denial(p, r))
}

// denied is a refusal with the service's own code.
func denied(service, message string) error {
	switch service {
	case "EC2":
		return fail("UnauthorizedOperation", "You are not authorized to perform this operation. %s. Encoded authorization failure message: c2ltdWxhdGVk", message)
	case "IAM", "S3", "STS", "Elastic Load Balancing v2", "CloudWatch":
		return fail("AccessDenied", "%s", message)
	case "SNS":
		return fail("AuthorizationError", "%s", message)
	case "Secrets Manager":
		return refuse(http.StatusForbidden, "AccessDeniedException", message)
	}
	return fail("AccessDeniedException", "%s", message)
}
