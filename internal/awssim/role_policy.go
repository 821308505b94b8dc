package awssim

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func (s *Sim) rolePolicyNoun() noun {
	return noun{
		ops: []operation{
			on("IAM.PutRolePolicy", s.putRolePolicy, "RoleName", "PolicyName", "PolicyDocument"),
			on("IAM.GetRolePolicy", s.getRolePolicy, "RoleName", "PolicyName"),
			on("IAM.ListRolePolicies", s.listRolePolicies, "RoleName").pages("PolicyNames", 100, 1000),
			on("IAM.DeleteRolePolicy", s.deleteRolePolicy, "RoleName", "PolicyName"),
			on("IAM.AttachRolePolicy", s.attachRolePolicy, "RoleName", "PolicyArn"),
			on("IAM.ListAttachedRolePolicies", s.listAttachedRolePolicies, "RoleName").pages("AttachedPolicies", 100, 1000),
			on("IAM.DetachRolePolicy", s.detachRolePolicy, "RoleName", "PolicyArn"),
			on("IAM.PutRolePermissionsBoundary", s.putRolePermissionsBoundary, "RoleName", "PermissionsBoundary"),
			on("IAM.DeleteRolePermissionsBoundary", s.deleteRolePermissionsBoundary, "RoleName"),
		},
	}
}

// inlineQuota is how long all inline policies of a role may be together, without
// white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const inlineQuota = 10240

func (s *Sim) putRolePolicy(in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	text := aws.ToString(in.PolicyDocument)
	if err := validPolicy(text, false); err != nil {
		return nil, err
	}
	size := 0
	for name, p := range r.Inline {
		if name != aws.ToString(in.PolicyName) {
			size += len(strings.Join(strings.Fields(p), ""))
		}
	}
	if size+len(strings.Join(strings.Fields(text), "")) > inlineQuota {
		return nil, fail("LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", inlineQuota, r.Name)
	}
	r.Inline[aws.ToString(in.PolicyName)] = text
	return &iam.PutRolePolicyOutput{}, nil
}

func (s *Sim) getRolePolicy(in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	r, err := s.role(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	text, ok := r.Inline[aws.ToString(in.PolicyName)]
	if !ok {
		return nil, fail("NoSuchEntity", "The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
	}
	return &iam.GetRolePolicyOutput{RoleName: &r.Name, PolicyName: in.PolicyName, PolicyDocument: escaped(text)}, nil
}

func (s *Sim) listRolePolicies(in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	r, err := s.role(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesOutput{PolicyNames: slices.Sorted(maps.Keys(r.Inline))}, nil
}

func (s *Sim) deleteRolePolicy(in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	if _, ok := r.Inline[aws.ToString(in.PolicyName)]; !ok {
		return nil, fail("NoSuchEntity", "The role policy with name %s cannot be found.", aws.ToString(in.PolicyName))
	}
	delete(r.Inline, aws.ToString(in.PolicyName))
	return &iam.DeleteRolePolicyOutput{}, nil
}

// policiesPerRole is the quota that an account begins with.
const policiesPerRole = 10

// attachable tells whether a managed policy can be attached: one of the account's own
// that is there, or any that has the form of AWS's, which the simulation has no list of.
func (s *Sim) attachable(what, arn string) error {
	if _, own := s.world.ManagedPolicies[arn]; own || strings.HasPrefix(arn, "arn:aws:iam::aws:policy/") {
		return nil
	}
	return fail("NoSuchEntity", "%s does not exist or is not attachable.", what)
}

func (s *Sim) putRolePermissionsBoundary(in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(in.PermissionsBoundary)
	if err := s.attachable("Scope ARN: "+arn, arn); err != nil {
		return nil, err
	}
	r.Boundary = arn
	return &iam.PutRolePermissionsBoundaryOutput{}, nil
}

func (s *Sim) deleteRolePermissionsBoundary(in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	if r.Boundary == "" {
		return nil, fail("NoSuchEntity", "Role with name %s does not have a permissions boundary", r.Name)
	}
	r.Boundary = ""
	return &iam.DeleteRolePermissionsBoundaryOutput{}, nil
}

func (s *Sim) attachRolePolicy(in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(in.PolicyArn)
	if err := s.attachable("Policy "+arn, arn); err != nil {
		return nil, err
	}
	switch {
	case slices.Contains(r.Attached, arn):
	case len(r.Attached) == policiesPerRole:
		return nil, fail("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", policiesPerRole)
	default:
		r.Attached = append(r.Attached, arn)
	}
	return &iam.AttachRolePolicyOutput{}, nil
}

func (s *Sim) listAttachedRolePolicies(in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	r, err := s.role(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	out := &iam.ListAttachedRolePoliciesOutput{}
	for _, arn := range r.Attached {
		out.AttachedPolicies = append(out.AttachedPolicies, types.AttachedPolicy{PolicyArn: &arn, PolicyName: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])})
	}
	return out, nil
}

func (s *Sim) detachRolePolicy(in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	i := slices.Index(r.Attached, aws.ToString(in.PolicyArn))
	if i < 0 {
		return nil, fail("NoSuchEntity", "Policy %s was not found.", aws.ToString(in.PolicyArn))
	}
	r.Attached = slices.Delete(r.Attached, i, i+1)
	return &iam.DetachRolePolicyOutput{}, nil
}
