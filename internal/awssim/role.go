package awssim

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	policy "github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// rolePropagation is how long a new role cannot be assumed: AWS's other regions
// and services learn of it 5 to 20 s later.
const rolePropagation = 10 * time.Second

// IAMRole is a simulated role.
type IAMRole struct {
	Name        string
	ARN         string
	Path        string
	Trust       string
	Description string
	// Inline are the inline policies by name, Attached the managed ones by ARN.
	Inline   map[string]string
	Attached []string
	// Boundary is the ARN of the managed policy that bounds what the role may do.
	Boundary string `json:",omitempty"`
	Tags     cloud.Tags
	Created  time.Time
	// Linked is the service's principal of a service-linked role.
	Linked string
}

func (s *Sim) roleNoun() noun {
	return noun{
		ops: []operation{
			on("IAM.CreateRole", s.createRole, "RoleName", "AssumeRolePolicyDocument", "Description", "Tags", "Path", "PermissionsBoundary"),
			on("IAM.GetRole", s.getRole, "RoleName"),
			on("IAM.GetAccountAuthorizationDetails", s.getAccountAuthorizationDetails, "Filter").pages("RoleDetailList", 100, 1000),
			on("IAM.UpdateAssumeRolePolicy", s.updateAssumeRolePolicy, "RoleName", "PolicyDocument"),
			on("IAM.TagRole", s.tagRole, "RoleName", "Tags"),
			on("IAM.UntagRole", s.untagRole, "RoleName", "TagKeys"),
			on("IAM.DeleteRole", s.deleteRole, "RoleName"),
			on("IAM.CreateServiceLinkedRole", s.createServiceLinkedRole, "AWSServiceName"),
		},
		each: func(tell func(thing)) {
			for _, r := range s.world.Roles {
				kind := "role"
				if strings.HasPrefix(r.Path, "/aws-service-role") {
					kind = "service-linked-role"
				}
				tell(thing{kind: kind, name: r.Name, tags: r.Tags}) // the tagging API does not know IAM's roles
			}
		},
	}
}

var (
	roleName = lazyregexp.New(`^[\w+=,.@-]{1,64}$`)
	rolePath = lazyregexp.New(`^/([!-~]{1,510}/)?$`)
)

// role finds by name, which IAM compares without regard to case.
func (s *Sim) role(name string) (*IAMRole, error) {
	r := s.world.Roles[strings.ToLower(name)]
	if r == nil || !s.visible(r.Created) {
		return nil, fail("NoSuchEntity", "The role with name %s cannot be found.", name)
	}
	return r, nil
}

// ownRole is a role that may be changed: a service-linked one may not.
func (s *Sim) ownRole(name string) (*IAMRole, error) {
	r, err := s.role(name)
	if err == nil && r.Linked != "" {
		return nil, fail("UnmodifiableEntity", "Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", r.Name)
	}
	return r, err
}

// assumable tells whether a role exists, trusts ECS tasks, and is known everywhere.
func (s *Sim) assumable(roleARN string) bool {
	return s.assumableBy(roleARN, "ecs-tasks.amazonaws.com")
}

// assumableBy is the same of a service of AWS.
func (s *Sim) assumableBy(roleARN, service string) bool {
	for _, r := range s.world.Roles {
		if r.ARN == roleARN {
			trust, err := policy.Parse(r.Trust)
			return err == nil && trust.Trusts(service, map[string]string{"aws:SourceAccount": s.world.Account}) && !s.now().Before(r.Created.Add(rolePropagation))
		}
	}
	return false
}

// rolePrincipal is a role in a session, with all that decides what it may do. A
// managed policy that the account does not have allows nothing.
func (s *Sim) rolePrincipal(r *IAMRole, session string) policy.Principal {
	p := policy.Principal{ARN: "arn:aws:sts::" + s.world.Account + ":assumed-role/" + r.Name + "/" + session}
	texts := slices.Collect(maps.Values(r.Inline))
	for _, arn := range r.Attached {
		texts = append(texts, s.managedPolicy(arn))
	}
	for _, text := range texts {
		if one, err := s.policies.read(text, policy.Parse); err == nil {
			p.Policies = append(p.Policies, one)
		}
	}
	p.Organization, _ = parsePolicies(s.world.Operator.Organization) // the operator's own calls say what is wrong with it
	if r.Boundary != "" {
		boundary, _ := s.policies.read(s.managedPolicy(r.Boundary), policy.Parse) // one that is not there allows nothing
		p.Boundary = &boundary
	}
	return p
}

// awsPolicies are the managed policies of AWS that the simulation knows the text of.
var awsPolicies = map[string]string{
	"arn:aws:iam::aws:policy/AdministratorAccess":    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}`,
}

// managedPolicy is the text of a managed policy, "" when it is not known.
func (s *Sim) managedPolicy(arn string) string {
	return cmp.Or(s.world.ManagedPolicies[arn], awsPolicies[arn])
}

func (s *Sim) createRole(in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	name := aws.ToString(in.RoleName)
	if !roleName.MatchString(name) {
		return nil, fail("ValidationError", "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64 and match [\\w+=,.@-]+")
	}
	if s.world.Roles[strings.ToLower(name)] != nil {
		return nil, fail("EntityAlreadyExists", "Role with name %s already exists.", name)
	}
	path := cmp.Or(aws.ToString(in.Path), "/")
	if !rolePath.MatchString(path) {
		return nil, fail("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	boundary := aws.ToString(in.PermissionsBoundary)
	if err := s.attachable("Scope ARN: "+boundary, boundary); boundary != "" && err != nil {
		return nil, err
	}
	if err := validPolicy(aws.ToString(in.AssumeRolePolicyDocument), true); err != nil {
		return nil, err
	}
	tags, err := iamTags(in.Tags)
	if err != nil {
		return nil, err
	}
	r := &IAMRole{
		Name: name, Path: path, ARN: "arn:aws:iam::" + s.world.Account + ":role" + path + name, Boundary: boundary, Trust: aws.ToString(in.AssumeRolePolicyDocument),
		Description: aws.ToString(in.Description), Inline: map[string]string{}, Tags: tags, Created: s.now(),
	}
	s.world.Roles[strings.ToLower(name)] = r
	return &iam.CreateRoleOutput{Role: r.describe()}, nil
}

// validPolicy is what IAM checks before it takes a document. A single statement needs no list.
func validPolicy(text string, trust bool) error {
	var doc struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return fail("MalformedPolicyDocument", "This policy contains invalid Json")
	}
	var all []map[string]any
	if one := map[string]any{}; json.Unmarshal(doc.Statement, &one) == nil && len(one) > 0 {
		all = append(all, one)
	} else if json.Unmarshal(doc.Statement, &all) != nil || len(all) == 0 {
		return fail("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	for _, st := range all {
		resource, action := st["Resource"] != nil || st["NotResource"] != nil, st["Action"] != nil || st["NotAction"] != nil
		switch {
		case st["Effect"] != "Allow" && st["Effect"] != "Deny":
			return fail("MalformedPolicyDocument", "Syntax errors in policy.")
		case trust && st["Principal"] == nil:
			return fail("MalformedPolicyDocument", "Missing required field Principal")
		case trust && resource:
			return fail("MalformedPolicyDocument", "Has prohibited field Resource")
		case !trust && st["Principal"] != nil:
			return fail("MalformedPolicyDocument", "Policy document should not specify a principal.")
		case !trust && !resource:
			return fail("MalformedPolicyDocument", "Policy statement must contain resources.")
		case !action:
			return fail("MalformedPolicyDocument", "Policy statement must contain actions.")
		}
	}
	return nil
}

// iamTags reads tags; IAM does not take two keys that differ in case only.
func iamTags(in []types.Tag) (cloud.Tags, error) {
	tags, lower := cloud.Tags{}, map[string]bool{}
	for _, t := range in {
		k := aws.ToString(t.Key)
		if lower[strings.ToLower(k)] {
			return nil, fail("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		lower[strings.ToLower(k)] = true
		tags[k] = aws.ToString(t.Value)
	}
	return tags, validTags(tags, "ValidationError")
}

// escaped is a document as IAM returns it: URL-encoded by RFC 3986.
func escaped(text string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

func toIAMTags(tags cloud.Tags) []types.Tag {
	return cloud.ToSDK(tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })
}

func (r *IAMRole) describe() *types.Role {
	return &types.Role{
		RoleName: &r.Name, Arn: &r.ARN, Path: &r.Path, RoleId: aws.String("AROA" + strings.ToUpper(r.Name)), CreateDate: &r.Created,
		AssumeRolePolicyDocument: escaped(r.Trust), Description: &r.Description, Tags: toIAMTags(r.Tags), PermissionsBoundary: r.boundary(),
	}
}

// boundary is what bounds the role, as IAM tells it.
func (r *IAMRole) boundary() *types.AttachedPermissionsBoundary {
	if r.Boundary == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &r.Boundary, PermissionsBoundaryType: "Policy"} // AWS's text; the SDK has another
}

func (s *Sim) getRole(in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := s.role(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: r.describe()}, nil
}

func (s *Sim) getAccountAuthorizationDetails(in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	if len(in.Filter) != 1 || in.Filter[0] != types.EntityTypeRole {
		return nil, fail("ValidationError", "only the filter Role is simulated")
	}
	var all []types.RoleDetail
	for _, r := range sorted(s.world.Roles) {
		if !s.visible(r.Created) {
			continue
		}
		d := types.RoleDetail{RoleName: &r.Name, Arn: &r.ARN, Path: &r.Path, CreateDate: &r.Created, AssumeRolePolicyDocument: escaped(r.Trust), Tags: toIAMTags(r.Tags), PermissionsBoundary: r.boundary()}
		for _, name := range slices.Sorted(maps.Keys(r.Inline)) {
			d.RolePolicyList = append(d.RolePolicyList, types.PolicyDetail{PolicyName: &name, PolicyDocument: escaped(r.Inline[name])})
		}
		for _, arn := range r.Attached {
			d.AttachedManagedPolicies = append(d.AttachedManagedPolicies, types.AttachedPolicy{PolicyArn: &arn, PolicyName: aws.String(arn[strings.LastIndexByte(arn, '/')+1:])})
		}
		all = append(all, d)
	}
	out := &iam.GetAccountAuthorizationDetailsOutput{}
	out.RoleDetailList = all
	return out, nil
}

func (s *Sim) updateAssumeRolePolicy(in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	if err := validPolicy(aws.ToString(in.PolicyDocument), true); err != nil {
		return nil, err
	}
	r.Trust = aws.ToString(in.PolicyDocument)
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

func (s *Sim) tagRole(in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	tags, err := iamTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &iam.TagRoleOutput{}, retag(r.Tags, tags, nil, "ValidationError")
}

func (s *Sim) untagRole(in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.UntagRoleOutput{}, retag(r.Tags, nil, in.TagKeys, "ValidationError")
}

func (s *Sim) deleteRole(in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	r, err := s.ownRole(aws.ToString(in.RoleName))
	switch {
	case err != nil:
		return nil, err
	case len(r.Inline) > 0:
		return nil, fail("DeleteConflict", "Cannot delete entity, must delete policies first.")
	case len(r.Attached) > 0:
		return nil, fail("DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	delete(s.world.Roles, strings.ToLower(r.Name))
	return &iam.DeleteRoleOutput{}, nil
}

// RoleMay tells whether a call with a role's rights is allowed, as IAM decides it: its
// policies, its boundary and the organization's.
func (s *Sim) RoleMay(role, action, resource string) bool {
	allowed := false
	err := s.transact(false, func() error {
		r, err := s.role(role)
		if err == nil {
			allowed = s.refusal(s.rolePrincipal(r, "test"), action, resource) == ""
		}
		return err
	})
	return err == nil && allowed
}
