package provision

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// roleListing is the account's roles, or that they were not listed.
type roleListing struct {
	Roles  []types.RoleDetail
	Listed bool
}

// roles lists every role of the account with its tags and inline policies, in one call
// for all of ours. listed is false where that is not allowed or not offered, and in an
// account that has more roles than one answer holds: a company's may have thousands, of
// which a few are ours. Then each role is asked for by name.
func (h *Env) roles(ctx context.Context, notOlder time.Time) (roles []types.RoleDetail, listed bool, err error) {
	all, err := cloud.List(ctx, h.Inventory, "roles", notOlder, func(ctx context.Context) ([]roleListing, error) {
		out, err := h.Clients.IAM.GetAccountAuthorizationDetails(ctx, &iam.GetAccountAuthorizationDetailsInput{
			Filter: []types.EntityType{types.EntityTypeRole}, MaxItems: aws.Int32(1000),
		})
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, err
		case err != nil || out.IsTruncated:
			return []roleListing{{}}, nil
		}
		return []roleListing{{Roles: out.RoleDetailList, Listed: true}}, nil
	})
	if err != nil {
		return nil, false, err
	}
	return all[0].Roles, all[0].Listed, nil
}

// get asks for one role alone, where the listing of all is not allowed.
func (r *Role) get(ctx context.Context, role string) ([]types.RoleDetail, error) {
	name := &role
	out, err := r.Clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	d := types.RoleDetail{RoleName: name, Arn: out.Role.Arn, Path: out.Role.Path, AssumeRolePolicyDocument: out.Role.AssumeRolePolicyDocument, Tags: out.Role.Tags}
	d.PermissionsBoundary = out.Role.PermissionsBoundary
	inline, attached, err := r.policiesOf(ctx, role)
	if err != nil {
		return nil, cloud.IgnoreNotFound(err)
	}
	d.AttachedManagedPolicies = attached
	for _, n := range inline {
		p, err := r.Clients.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: &n})
		if err == nil {
			d.RolePolicyList = append(d.RolePolicyList, types.PolicyDetail{PolicyName: p.PolicyName, PolicyDocument: p.PolicyDocument})
		} else if !cloud.IsNotFound(err) {
			return nil, err
		}
	}
	return []types.RoleDetail{d}, nil
}

// policiesOf are the names of a role's inline policies, and its managed ones.
func (r *Role) policiesOf(ctx context.Context, role string) ([]string, []types.AttachedPolicy, error) {
	inline, err := cloud.Pages(ctx, iam.NewListRolePoliciesPaginator(r.Clients.IAM, &iam.ListRolePoliciesInput{RoleName: &role}),
		func(out *iam.ListRolePoliciesOutput) []string { return out.PolicyNames })
	if err != nil {
		return nil, nil, err
	}
	attached, err := cloud.Pages(ctx, iam.NewListAttachedRolePoliciesPaginator(r.Clients.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: &role}),
		func(out *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return out.AttachedPolicies })
	return inline, attached, err
}
