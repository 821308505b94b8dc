package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// Role is a role that tasks of the services have or are started with, and what it may do.
type Role struct {
	ARN, Name string
	// Attached are its managed policies by ARN, AWS's own and the account's.
	Attached []string
	Inline   []InlinePolicy
	// Boundary is the ARN of the policy that bounds it; "" is none.
	Boundary string
	// Unread is why its rights are not known; nil is that they are.
	Unread error
}

// InlinePolicy is one of a role's own.
type InlinePolicy struct {
	Name string
	// Document is the policy as JSON.
	Document string
}

// Statements are those of the policy. The error is of a document that is no policy.
func (p InlinePolicy) Statements() ([]agents.Statement, error) {
	var doc struct{ Statement cloud.OneOrMore[statement] }
	if err := json.Unmarshal([]byte(p.Document), &doc); err != nil {
		return nil, fmt.Errorf("the policy %s is not JSON as IAM has it: %w", p.Name, err)
	}
	var out []agents.Statement
	for _, s := range doc.Statement {
		out = append(out, agents.Statement{
			Effect: s.Effect, Action: s.Action, NotAction: s.NotAction, Resource: s.Resource, NotResource: s.NotResource, Conditional: len(s.Condition) > 0,
		})
	}
	return out, nil
}

// statement is one of a policy as JSON has it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type statement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource cloud.OneOrMore[string]
	Condition                                map[string]json.RawMessage
}

// Role is what is known of a role, by its ARN.
func (f *Fleet) Role(arn *string) (Role, bool) {
	i := slices.IndexFunc(f.Roles, func(r Role) bool { return arn != nil && r.ARN == *arn })
	if i < 0 {
		return Role{}, false
	}
	return f.Roles[i], true
}

// Uses tells whether tasks of the services have a role, or are started with it.
func (f *Fleet) Uses(arn string) bool {
	return slices.ContainsFunc(f.Services, func(s Service) bool {
		return aws.ToString(s.Definition.TaskRoleArn) == arn || aws.ToString(s.Definition.ExecutionRoleArn) == arn
	})
}

// roles reads what the roles of the services may do. One that may not be read is named so,
// and the rest of the fleet is read all the same.
func (r *reader) roles(ctx context.Context) error {
	var arns []string
	for _, s := range r.fleet.Services {
		for _, arn := range []*string{s.Definition.TaskRoleArn, s.Definition.ExecutionRoleArn} {
			if arn != nil && *arn != "" {
				arns = append(arns, *arn)
			}
		}
	}
	slices.Sort(arns)
	for _, arn := range slices.Compact(arns) {
		role, err := ReadRole(ctx, r.clients.IAM, arn)
		if err != nil {
			return err
		}
		r.fleet.Roles = append(r.fleet.Roles, role)
	}
	return nil
}

// ReadRole reads what a role may do, by its ARN. One that is not there or may not be read says so.
func ReadRole(ctx context.Context, api *iam.Client, arn string) (Role, error) {
	role := Role{ARN: arn, Name: arn[strings.LastIndexByte(arn, '/')+1:]}
	switch err := role.read(ctx, api); {
	case cloud.IsNotFound(err):
		role.Unread = errors.New("it is not there any more")
	case cloud.Classify(err) == engine.Denied:
		role.Unread = cloud.Reason(err)
	case err != nil:
		return role, err
	}
	return role, nil
}

func (role *Role) read(ctx context.Context, api *iam.Client) error {
	got, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &role.Name})
	if err != nil {
		return err
	}
	if b := got.Role.PermissionsBoundary; b != nil {
		role.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	attached, err := cloud.Pages(ctx, iam.NewListAttachedRolePoliciesPaginator(api, &iam.ListAttachedRolePoliciesInput{RoleName: &role.Name}),
		func(out *iam.ListAttachedRolePoliciesOutput) []iamtypes.AttachedPolicy { return out.AttachedPolicies })
	if err != nil {
		return err
	}
	for _, p := range attached {
		role.Attached = append(role.Attached, aws.ToString(p.PolicyArn))
	}
	names, err := cloud.Pages(ctx, iam.NewListRolePoliciesPaginator(api, &iam.ListRolePoliciesInput{RoleName: &role.Name}),
		func(out *iam.ListRolePoliciesOutput) []string { return out.PolicyNames })
	if err != nil {
		return err
	}
	for _, name := range names {
		p, err := api.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &role.Name, PolicyName: &name})
		if cloud.IsNotFound(err) { // it has gone since it was listed
			continue
		}
		if err != nil {
			return err
		}
		role.Inline = append(role.Inline, InlinePolicy{Name: name, Document: cloud.PolicyText(aws.ToString(p.PolicyDocument))})
	}
	return nil
}
