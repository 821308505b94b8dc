package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// The kinds of role: with one ECS starts a task (images, logs, secrets), the other is the
// agent's own. With the third EventBridge Scheduler starts the agent's jobs, and with the fourth
// Step Functions leads them. With the last two, GitHub's workflows plan and deploy the stack.
const (
	ExecutionRole = "execution"
	TaskRole      = "task"
	SchedulerRole = "scheduler"
	StatesRole    = "states"
	PlanRole      = "plan"
	DeployRole    = "deploy"
)

// inlinePolicy is the name of the one policy in each of our roles.
const inlinePolicy = "karmactl"

// RoleSpec is what we own of a role. Documents are in canonical form.
type RoleSpec struct {
	Trust string
	// Policy is the inline policy, or "" for none.
	Policy string
	// Permissions is the inline policy with the rights that the file gives the agent;
	// Policies are the managed policies that karmactl has attached, by ARN.
	Permissions string
	Policies    Set
	// Boundary is the ARN of the policy that bounds what the role may do, or "".
	Boundary string
	// Path begins and ends with a slash.
	Path string
	Tags cloud.Tags
}

// Role is one of an agent's roles, or one of GitHub's workflows. Its id is its name. It cannot be assumed
// everywhere for some ten seconds after it was made: what uses it waits.
type Role struct {
	engine.Ref
	*Env
	// Kind is one of the kinds; Agent is "github" for PlanRole and DeployRole.
	Kind  string
	Agent string
	// Subject is whose tokens of GitHub's take a PlanRole or a DeployRole.
	Subject string
	// Policy is the inline policy: ExecutionPolicy, TaskPolicy, SchedulerPolicy or StatesPolicy; Document is
	// the one of a PlanRole or a DeployRole, as JSON.
	Policy   Policy
	Document string
	// Mounts are the volumes that the agent may mount by the role.
	Mounts []Mount
	// Path and Boundary are those of all roles of the stack; "" is none.
	Path, Boundary string
	// Permissions and Managed are the rights that the file gives the agent.
	Permissions string
	Managed     []string

	mu sync.Mutex
	// others are the policies that someone else gave the role, by name or ARN.
	others []string
}

// Disposable is true: a role holds no data, and a path cannot change.
func (r *Role) Disposable() {}

// Name is the role's name, known before it is made. IAM knows no regions, so a stack
// of the same name in another region needs names of its own.
func (r *Role) Name() string { return r.nameBelow(r.path()) }

// nameBelow is the role's name below a path. A path makes another name, so that a role
// with another path can be made while the old one is still used.
func (r *Role) nameBelow(path string) string {
	if path == noPath {
		return cloud.Name(cloud.MaxRoleName, r.Stack, r.Account.Region, r.Agent, r.Kind)
	}
	return cloud.Name(cloud.MaxRoleName, r.Stack, r.Account.Region, r.Agent, r.Kind, digestOf(path))
}

// noPath is IAM's default path.
const noPath = "/"

// path is where the roles of the stack are.
func (r *Role) path() string { return cmp.Or(r.Path, noPath) }

// ARN is the role's ARN, known before it is made.
func (r *Role) ARN() string { return r.Account.GlobalARN("iam", "role"+r.path()+r.Name()) }

func (r *Role) Key() engine.Key { return engine.Key("role/" + r.Kind + "/" + r.Agent) }
func (r *Role) OfAgent() string { return r.Agent }

// Needs the access points, whose ids AWS chooses: all else in policies has ARNs that are known before.
func (r *Role) Needs() []engine.Node { return pointsOf(r.Mounts) }

// Want is a role that only ECS tasks, schedules or state machines of this account can take, or the
// workflows of one subject.
func (r *Role) Want() RoleSpec {
	trust := taskTrust(r.Account)
	switch r.Kind {
	case SchedulerRole:
		trust = serviceTrust(r.Account, "scheduler.amazonaws.com")
	case StatesRole:
		trust = serviceTrust(r.Account, "states.amazonaws.com")
	case PlanRole, DeployRole:
		trust = gitHubTrust(r.Account, r.Subject)
	}
	return RoleSpec{
		Trust: document(trust), Policy: document(cmp.Or(r.Document, slices.Concat(r.Policy, mountPolicy(r.Account, r.Mounts)).String())), Permissions: document(r.Permissions), Policies: setOf(r.Managed),
		Boundary: r.Boundary, Path: r.path(), Tags: r.TagsOf(r.Key()),
	}
}

// Find looks by name in the one listing of all roles.
func (r *Role) Find(ctx context.Context, look engine.Look) (engine.Found[RoleSpec], error) {
	names := []string{look.ID, r.Name()}
	if look.ID == "" { // the state is lost, or the path is new
		names = []string{r.Name(), r.nameBelow(noPath)}
	}
	roles, listed, err := r.roles(ctx, look.NotOlder)
	if err != nil {
		return engine.Found[RoleSpec]{}, err
	}
	for _, name := range slices.Compact(names) {
		if name == "" {
			continue
		}
		if !listed {
			if roles, err = r.get(ctx, name); err != nil {
				return engine.Found[RoleSpec]{}, err
			}
		}
		i := slices.IndexFunc(roles, func(d types.RoleDetail) bool { return aws.ToString(d.RoleName) == name })
		if i < 0 {
			continue
		}
		found := r.read(roles[i])
		return found, r.ours(look, r.Key(), found.Spec.Tags, "IAM role "+name, aws.ToString(roles[i].Arn))
	}
	if look.ID == "" && listed { // a run that died may have made it below another path
		for _, role := range roles {
			found := r.read(role)
			if aws.ToString(role.RoleName) == r.nameBelow(found.Spec.Path) && found.Spec.Tags.Ours(r.Stack, r.Key()) {
				return found, nil
			}
		}
	}
	return engine.Found[RoleSpec]{}, nil
}

// read is a role in our words. What someone else gave it is no part of the spec: it is
// told, and stays.
func (r *Role) read(role types.RoleDetail) engine.Found[RoleSpec] {
	spec := RoleSpec{
		Trust: iamDocument(aws.ToString(role.AssumeRolePolicyDocument)), Path: cmp.Or(aws.ToString(role.Path), noPath),
		Tags: cloud.FromSDK(role.Tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) }),
	}
	if b := role.PermissionsBoundary; b != nil {
		spec.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	ours := strings.Fields(spec.Tags[tagPolicies])
	delete(spec.Tags, tagPolicies)
	var others, policies []string
	for _, p := range role.RolePolicyList {
		switch name := aws.ToString(p.PolicyName); name {
		case inlinePolicy:
			spec.Policy = iamDocument(aws.ToString(p.PolicyDocument))
		case permissionsPolicy:
			spec.Permissions = iamDocument(aws.ToString(p.PolicyDocument))
		default:
			others = append(others, name)
		}
	}
	for _, p := range role.AttachedManagedPolicies {
		arn := aws.ToString(p.PolicyArn)
		if slices.Contains(r.Managed, arn) || slices.Contains(ours, policyDigest(arn)) {
			policies = append(policies, arn)
		} else {
			others = append(others, arn)
		}
	}
	spec.Policies = setOf(policies)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.others = others
	return engine.Found[RoleSpec]{Phase: engine.Ready, ID: aws.ToString(role.RoleName), Spec: spec, Outputs: map[string]string{"arn": aws.ToString(role.Arn)}}
}

// Notes tell what someone else gave the role.
func (r *Role) Notes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	up, down := "up", "down"
	if r.isGitHubs() {
		up, down = "ci github", "ci github --remove"
	}
	for _, p := range r.others {
		out = append(out, fmt.Sprintf("the %s role of %s has %s, which karmactl did not give it: %s leaves it there, %s takes it away with the role", r.Kind, r.Agent, p, up, down))
	}
	return out
}

// Diff compares documents by what they mean.
func (r *Role) Diff(have, want RoleSpec) []engine.Change {
	return changes(
		essential(differs("trust", have.Trust, want.Trust)),
		essential(differs("policy", have.Policy, want.Policy)),
		essential(granted(have.Permissions, want.Permissions)),
		essential(same("policies", attached(have.Policies), attached(want.Policies))),
		essential(field("permissions_boundary", have.Boundary, want.Boundary)),
		fixed("path", have.Path, want.Path),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the role with its boundary; its policies can only be put into it after.
func (r *Role) Create(ctx context.Context, want RoleSpec, _ string) (string, error) {
	name := r.nameBelow(want.Path)
	in := &iam.CreateRoleInput{
		RoleName:                 &name,
		Path:                     &want.Path,
		AssumeRolePolicyDocument: &want.Trust,
		Description:              aws.String(r.about()),
		Tags:                     toIAMTags(want.Tags),
	}
	if want.Boundary != "" {
		in.PermissionsBoundary = &want.Boundary
	}
	if _, err := r.Clients.IAM.CreateRole(ctx, in); err != nil {
		return "", noPolicy(madeMomentsAgo(err), want.Boundary, "permissions_boundary")
	}
	return name, nil
}

func (r *Role) isGitHubs() bool { return r.Kind == PlanRole || r.Kind == DeployRole }

// about is what the console says of it.
func (r *Role) about() string {
	if r.isGitHubs() {
		return "GitHub's workflows take it to " + r.Kind + " " + r.Stack
	}
	return r.Kind + " role of agent " + r.Agent
}

// Update sets boundary, trust, policies and tags. The boundary comes first: a policy
// that allows more is bound from the beginning.
func (r *Role) Update(ctx context.Context, id string, have, want RoleSpec) error {
	if err := r.updateBoundary(ctx, id, have.Boundary, want.Boundary); err != nil {
		return err
	}
	if have.Trust != want.Trust {
		if _, err := r.Clients.IAM.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &id, PolicyDocument: &want.Trust}); err != nil {
			return err
		}
	}
	if err := r.putPolicy(ctx, id, inlinePolicy, have.Policy, want.Policy); err != nil {
		return err
	}
	if err := r.putPolicy(ctx, id, permissionsPolicy, have.Permissions, want.Permissions); err != nil {
		return err
	}
	if err := r.updatePolicies(ctx, id, have.Policies, want.Policies); err != nil {
		return err
	}
	return cloud.SyncTags(have.Tags, want.Tags, func(set cloud.Tags) error {
		return failure(r.Clients.IAM.TagRole(ctx, &iam.TagRoleInput{RoleName: &id, Tags: toIAMTags(set)}))
	}, func(gone []string) error {
		return failure(r.Clients.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &id, TagKeys: gone}))
	})
}

func (r *Role) putPolicy(ctx context.Context, role, name, have, want string) error {
	switch {
	case have == want:
		return nil
	case want == "":
		return failure(r.Clients.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &name}))
	}
	return failure(r.Clients.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &name, PolicyDocument: &want}))
}

// Delete empties the role first: IAM answers DeleteConflict while it has policies,
// also policies that another program put in.
func (r *Role) Delete(ctx context.Context, id string) error {
	inline, attached, err := r.policiesOf(ctx, id)
	if err != nil {
		return err
	}
	for _, p := range inline {
		if _, err := r.Clients.IAM.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &id, PolicyName: &p}); err != nil && !cloud.IsNotFound(err) {
			return err
		}
	}
	for _, p := range attached {
		if _, err := r.Clients.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &id, PolicyArn: p.PolicyArn}); err != nil && !cloud.IsNotFound(err) {
			return err
		}
	}
	return failure(r.Clients.IAM.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &id}))
}

func toIAMTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

// RoleOf makes a role from what follows its kind in a key: execution/validator.
func RoleOf(h *Env, name string) *Role {
	kind, agent, _ := strings.Cut(name, "/")
	return &Role{Env: h, Kind: kind, Agent: agent, Path: h.RolePath}
}
