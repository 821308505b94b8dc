package provision

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// The two kinds of role that a task has: with one ECS starts it (images, logs,
// secrets), the other is the agent's own.
const (
	ExecutionRole = "execution"
	TaskRole      = "task"
)

// inlinePolicy is the name of the one policy in each of our roles.
const inlinePolicy = "karmactl"

// RoleSpec is what we own of a role. Documents are in canonical form.
type RoleSpec struct {
	Trust string
	// Policy is the inline policy, or "" for none.
	Policy string
	Tags   cloud.Tags
}

// Role is one of an agent's two roles. Its id is its name. It cannot be assumed
// everywhere for some ten seconds after it was made: what uses it waits.
type Role struct {
	engine.Ref
	*Env
	// Kind is ExecutionRole or TaskRole.
	Kind  string
	Agent string
	// Policy is the inline policy as JSON: ExecutionPolicy or TaskPolicy.
	Policy string
}

// Name is the role's name, known before it is made. IAM knows no regions, so a stack
// of the same name in another region needs names of its own.
func (r *Role) Name() string {
	return cloud.Name(cloud.MaxRoleName, r.Stack, r.Account.Region, r.Agent, r.Kind)
}

// ARN is the role's ARN, known before it is made.
func (r *Role) ARN() string { return r.Account.GlobalARN("iam", "role/"+r.Name()) }

// Key is role/kind/agent.
func (r *Role) Key() engine.Key { return engine.Key("role/" + r.Kind + "/" + r.Agent) }

// OfAgent is the agent that it belongs to.
func (r *Role) OfAgent() string { return r.Agent }

// Needs nothing: policies name what they allow by ARNs that are known before.
func (r *Role) Needs() []engine.Node { return nil }

// Want is a role that only ECS tasks of this account can take.
func (r *Role) Want() RoleSpec {
	return RoleSpec{Trust: document(taskTrust(r.Account)), Policy: document(r.Policy), Tags: r.TagsOf(r.Key())}
}

// Find looks by name in the one listing of all roles.
func (r *Role) Find(ctx context.Context, look engine.Look) (engine.Found[RoleSpec], error) {
	roles, listed, err := r.roles(ctx, look.NotOlder)
	if err == nil && !listed {
		roles, err = r.get(ctx)
	}
	if err != nil {
		return engine.Found[RoleSpec]{}, err
	}
	for _, role := range roles {
		if aws.ToString(role.RoleName) != r.Name() {
			continue
		}
		found := engine.Found[RoleSpec]{
			Phase: engine.Ready, ID: r.Name(), Outputs: map[string]string{"arn": aws.ToString(role.Arn)},
			Spec: RoleSpec{
				Trust: iamDocument(aws.ToString(role.AssumeRolePolicyDocument)),
				Tags:  cloud.FromSDK(role.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }),
			},
		}
		for _, p := range role.RolePolicyList {
			if aws.ToString(p.PolicyName) == inlinePolicy {
				found.Spec.Policy = iamDocument(aws.ToString(p.PolicyDocument))
			}
		}
		return found, r.ours(look, r.Key(), found.Spec.Tags, "IAM role "+r.Name(), aws.ToString(role.Arn))
	}
	return engine.Found[RoleSpec]{}, nil
}

// get asks for this role alone, where the listing of all is not allowed.
func (r *Role) get(ctx context.Context) ([]types.RoleDetail, error) {
	name := aws.String(r.Name())
	out, err := r.Clients.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := types.RoleDetail{RoleName: name, Arn: out.Role.Arn, AssumeRolePolicyDocument: out.Role.AssumeRolePolicyDocument, Tags: out.Role.Tags}
	p, err := r.Clients.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String(inlinePolicy)})
	if err == nil {
		d.RolePolicyList = []types.PolicyDetail{{PolicyName: p.PolicyName, PolicyDocument: p.PolicyDocument}}
	} else if !cloud.IsNotFound(err) {
		return nil, err
	}
	return []types.RoleDetail{d}, nil
}

// Diff compares documents by what they mean.
func (r *Role) Diff(have, want RoleSpec) []engine.Change {
	return changes(
		essential(differs("trust", have.Trust, want.Trust)),
		essential(differs("policy", have.Policy, want.Policy)),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the role; its policy can only be put into it after.
func (r *Role) Create(ctx context.Context, want RoleSpec, _ string) (string, error) {
	_, err := r.Clients.IAM.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 aws.String(r.Name()),
		AssumeRolePolicyDocument: &want.Trust,
		Description:              aws.String(r.Kind + " role of agent " + r.Agent),
		Tags:                     toIAMTags(want.Tags),
	})
	if err != nil {
		return "", err
	}
	return r.Name(), nil
}

// Update sets trust, policy and tags.
func (r *Role) Update(ctx context.Context, id string, have, want RoleSpec) error {
	if have.Trust != want.Trust {
		if _, err := r.Clients.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &id, PolicyDocument: &want.Trust}); err != nil {
			return err
		}
	}
	if have.Policy != want.Policy {
		if err := r.putPolicy(ctx, id, want.Policy); err != nil {
			return err
		}
	}
	return cloud.SyncTags(have.Tags, want.Tags, func(set cloud.Tags) error {
		_, err := r.Clients.IAM.TagRole(ctx, &iam.TagRoleInput{RoleName: &id, Tags: toIAMTags(set)})
		return err
	}, func(gone []string) error {
		_, err := r.Clients.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &id, TagKeys: gone})
		return err
	})
}

func (r *Role) putPolicy(ctx context.Context, name, policy string) error {
	if policy == "" {
		_, err := r.Clients.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String(inlinePolicy)})
		return err
	}
	_, err := r.Clients.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String(inlinePolicy), PolicyDocument: &policy})
	return err
}

// Delete empties the role first: IAM answers DeleteConflict while it has policies,
// also policies that another program put in.
func (r *Role) Delete(ctx context.Context, id string) error {
	inline, err := cloud.Pages(ctx, iam.NewListRolePoliciesPaginator(r.Clients.IAM, &iam.ListRolePoliciesInput{RoleName: &id}),
		func(out *iam.ListRolePoliciesOutput) []string { return out.PolicyNames })
	if err != nil {
		return err
	}
	for _, p := range inline {
		if _, err := r.Clients.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &id, PolicyName: &p}); err != nil && !cloud.IsNotFound(err) {
			return err
		}
	}
	attached, err := cloud.Pages(ctx, iam.NewListAttachedRolePoliciesPaginator(r.Clients.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: &id}),
		func(out *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return out.AttachedPolicies })
	if err != nil {
		return err
	}
	for _, p := range attached {
		if _, err := r.Clients.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &id, PolicyArn: p.PolicyArn}); err != nil && !cloud.IsNotFound(err) {
			return err
		}
	}
	_, err = r.Clients.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &id})
	return err
}

func toIAMTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

// RoleOf makes a role from what follows its kind in a key: execution/validator.
func RoleOf(h *Env, name string) *Role {
	kind, agent, _ := strings.Cut(name, "/")
	return &Role{Env: h, Kind: kind, Agent: agent}
}
