package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// permissionsPolicy is the name of the inline policy with the rights that agents.yaml
// gives an agent. It is apart from karmactl's own.
const permissionsPolicy = "karmactl-permissions"

// tagPolicies marks which managed policies of a role karmactl has attached: a digest
// for each, as a tag has no room for ten ARNs. What is attached and not in it was
// attached by someone else.
const tagPolicies = "karmactl:policies"

// PermissionsPolicy is the inline policy of an agent's permissions; "" is none.
func PermissionsPolicy(all []agents.Permission) string {
	var out []statement
	for _, p := range all {
		if p.Policy == "" {
			out = append(out, statement{Effect: "Allow", Action: p.Allow, Resource: p.On})
		}
	}
	if len(out) == 0 {
		return ""
	}
	return policy(out...)
}

// ManagedPolicies are the managed policies of an agent's permissions.
func ManagedPolicies(all []agents.Permission) []string {
	var out []string
	for _, p := range all {
		if p.Policy != "" {
			out = append(out, p.Policy)
		}
	}
	return out
}

// policyDigest stands for a managed policy in a tag.
func policyDigest(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return hex.EncodeToString(sum[:])[:8]
}

func policyDigests(arns ...string) string {
	var out []string
	for _, arn := range arns {
		out = append(out, policyDigest(arn))
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// grants are the statements of a policy in words: on what it allows which actions, or
// all of a statement that says more than that.
func grants(text string) Variables {
	var doc struct {
		Statement cloud.OneOrMore[map[string]any]
	}
	out := Variables{}
	if text == "" || json.Unmarshal([]byte(text), &doc) != nil {
		return out
	}
	for _, s := range doc.Statement {
		delete(s, "Sid")
		key, value := "the statement", marshal(s)
		if s["Effect"] == "Allow" && len(s) == 3 && s["Action"] != nil && s["Resource"] != nil {
			key, value = "allows "+words(s["Action"]), "on "+words(s["Resource"])
		}
		if also := out[key]; also != "" {
			value = also + ", " + strings.TrimPrefix(value, "on ")
		}
		out[key] = value
	}
	return out
}

// words are a text or a list of texts, as a policy has either.
func words(v any) string {
	list, ok := v.([]any)
	if !ok {
		s, _ := v.(string)
		return s
	}
	var out []string
	for _, x := range list {
		s, _ := x.(string)
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// granted is a change of the permissions, in words.
func granted(have, want string) []engine.Change {
	all := differs("permissions", have, want)
	had, has := grants(have), grants(want)
	for i := range all {
		if !had.Equal(has) {
			all[i].Was, all[i].Now = had.String(), has.String()
		}
	}
	return all
}

// attached is a set of managed policies as a plan shows it, one by one.
func attached(arns Set) Variables {
	out := Variables{}
	for _, arn := range arns {
		out[arn] = "attached"
	}
	return out
}

// updatePolicies attaches and detaches. The tag says first what will have been attached
// by karmactl, so that a run that is interrupted knows its own.
func (r *Role) updatePolicies(ctx context.Context, id string, have, want Set) error {
	if have.Equal(want) {
		return nil
	}
	if err := r.tagPolicies(ctx, id, policyDigests(slices.Concat(have, want)...)); err != nil {
		return err
	}
	for _, arn := range want {
		if slices.Contains(have, arn) {
			continue
		}
		if _, err := r.Clients.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &id, PolicyArn: &arn}); err != nil {
			return noPolicy(err, arn, "permissions")
		}
	}
	for _, arn := range have {
		if slices.Contains(want, arn) {
			continue
		}
		if _, err := r.Clients.IAM.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &id, PolicyArn: &arn}); err != nil && !cloud.IsNotFound(err) {
			return err
		}
	}
	return r.tagPolicies(ctx, id, policyDigests(want...))
}

func (r *Role) tagPolicies(ctx context.Context, id, digests string) error {
	if digests == "" {
		return failure(r.Clients.IAM.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &id, TagKeys: []string{tagPolicies}}))
	}
	return failure(r.Clients.IAM.TagRole(ctx, &iam.TagRoleInput{RoleName: &id, Tags: toIAMTags(cloud.Tags{tagPolicies: digests})}))
}

func (r *Role) updateBoundary(ctx context.Context, id, have, want string) error {
	switch {
	case have == want:
		return nil
	case want == "":
		return failure(r.Clients.IAM.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &id}))
	}
	_, err := r.Clients.IAM.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &id, PermissionsBoundary: aws.String(want)})
	return noPolicy(err, want, "permissions_boundary")
}

// maxInline is how long the inline policies of a role may be together:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
const maxInline = 10240

// unmade is the id of what a plan does not know yet, which is an access point in a policy.
var unmade = lazyregexp.New(`<[^>]*>`)

// Missing refuses what IAM would not take, before anything is made.
func (r *Role) Missing(context.Context) (*engine.MissingInput, error) { return nil, r.fits() }

// fits refuses inline policies that are longer together than IAM takes.
func (r *Role) fits() error {
	w := r.Want()
	n := len(unmade.ReplaceAllString(w.Policy, "fsap-0123456789abcdef0")) + len(w.Permissions)
	if n <= maxInline {
		return nil
	}
	fewer := "fewer permissions and volumes, or a managed policy of your own for some of them ({policy: ARN})"
	if r.Kind == ExecutionRole {
		fewer = "fewer secrets of others (from), such as one with several keys, or secrets of its own"
	}
	return fmt.Errorf("the policies of the %s role of %s are %d characters, and IAM takes %d: %s", r.Kind, r.Agent, n, maxInline, fewer)
}

// noPolicy is IAM's refusal of a managed policy that the account does not have. karmactl makes none, so
// it is not one that IAM has yet to spread, which would be tried again for two minutes.
func noPolicy(err error, arn, key string) error {
	if !cloud.IsNotFound(err) || !strings.Contains(err.Error(), "not attachable") {
		return err
	}
	return errors.New("the policy " + arn + " does not exist or is not attachable: make it in this account, or change " + key)
}
