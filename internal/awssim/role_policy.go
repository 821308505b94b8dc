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

func (s *Sim) attachRolePolicy(in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	if arn := aws.ToString(in.PolicyArn); !slices.Contains(r.Attached, arn) {
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
