package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// gitHub is what follows the kind in the keys of its two roles: role/plan/github.
const gitHub = "github"

// GitHub is whose workflows get a role of a stack's account: those of pull requests of a
// repository one to plan with, those of a branch or of an environment one to deploy with.
type GitHub struct {
	// Repository is OWNER/NAME, or OWNER@ID/NAME@ID where GitHub's tokens have the ids.
	Repository string
	// Branch is the one whose commits are deployed.
	Branch string
	// Environment is that of the job which deploys; "" is none. GitHub's tokens then name
	// it instead of the branch.
	Environment string
	// Bucket is where the stack's state is.
	Bucket string
	// Read, Change and Network are karmactl's rights as IAM policies: docs.ReadPolicy and so on.
	Read, Change, Network string
}

// Pulls is the subject of GitHub's tokens for pull requests:
// https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims
func (g GitHub) Pulls() string { return "repo:" + g.Repository + ":pull_request" }

// Deploys is the subject for what deploys.
func (g GitHub) Deploys() string {
	if g.Environment != "" {
		return "repo:" + g.Repository + ":environment:" + g.Environment
	}
	return "repo:" + g.Repository + ":ref:refs/heads/" + g.Branch
}

// GitHubAccess is what lets GitHub's workflows into an account: the roles of one stack, and
// the provider that all stacks share. No state has it: it is found by its tags, up does not
// touch it, and down leaves it, because the next up may come from such a workflow.
type GitHubAccess struct {
	Provider     *provision.OIDCProvider
	Plan, Deploy *provision.Role
	// Foreign tells that the provider is not karmactl's.
	Foreign bool
	// UsedBy are roles of others that trust the provider.
	UsedBy []string
}

// NewGitHubAccess is the access of a stack. Nothing is called.
func NewGitHubAccess(cfg *agents.Config, env *provision.Env, g GitHub) (*GitHubAccess, error) {
	plan, err := planRights(cfg, env, g)
	if err != nil {
		return nil, err
	}
	read, err := rights(env, g.Bucket, nil, g.Read)
	if err != nil {
		return nil, err
	}
	change, err := rights(env, g.Bucket, nil, g.Change, g.Network)
	if err != nil {
		return nil, err
	}
	a := rolesOfGitHub(env)
	a.Plan.Subject, a.Plan.Document, a.Plan.Boundary = g.Pulls(), plan, cfg.Boundary
	a.Deploy.Subject, a.Deploy.Document, a.Deploy.Permissions, a.Deploy.Boundary = g.Deploys(), read, change, cfg.Boundary
	return a, nil
}

// rolesOfGitHub are known without the repository.
func rolesOfGitHub(env *provision.Env) *GitHubAccess {
	role := func(kind string) *provision.Role {
		return &provision.Role{Env: env, Kind: kind, Agent: gitHub, Path: env.RolePath}
	}
	return &GitHubAccess{Provider: &provision.OIDCProvider{Env: env}, Plan: role(provision.PlanRole), Deploy: role(provision.DeployRole)}
}

// Read finds out whose the provider is, and who uses it.
func (a *GitHubAccess) Read(ctx context.Context, remove bool) (err error) {
	if remove {
		a.UsedBy, err = a.Provider.TrustedBy(ctx, a.Plan.Name(), a.Deploy.Name())
		return err
	}
	a.Foreign, err = a.Provider.Foreign(ctx)
	return err
}

// Steps are what there is to make, or to delete: a provider of another's is not among it on the way up.
func (a *GitHubAccess) Steps() []engine.Step {
	steps := []engine.Step{engine.Manage(a.Plan), engine.Manage(a.Deploy)}
	if !a.Foreign {
		steps = append([]engine.Step{engine.Manage(a.Provider)}, steps...)
	}
	return steps
}

// Keep is why the provider is not deleted.
func (a *GitHubAccess) Keep(k engine.Key) string {
	if k != a.Provider.Key() || len(a.UsedBy) == 0 {
		return ""
	}
	return "trusted by role " + strings.Join(a.UsedBy, ", ")
}

// GitHubRoles are the keys of the roles of a stack that GitHub's workflows have.
func GitHubRoles(ctx context.Context, env *provision.Env) ([]string, error) {
	a := rolesOfGitHub(env)
	var keys []string
	for _, r := range []*provision.Role{a.Plan, a.Deploy} {
		found, err := r.Find(ctx, engine.Look{})
		if errors.As(err, new(*engine.NotManaged)) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for the roles of karmactl ci github: %w", err)
		}
		if found.Phase != engine.Absent {
			keys = append(keys, string(r.Key()))
		}
	}
	return keys, nil
}

// planRights are karmactl's rights to read, less those to read values: who opens a pull
// request decides what runs in it. A plan needs the nested secret, and the secrets that an agent
// takes its values from, to say which keys there are.
func planRights(cfg *agents.Config, env *provision.Env, g GitHub) (string, error) {
	var from []string
	if cfg.Secrets.Nested != "" {
		from = append(from, cfg.Secrets.Nested)
	}
	for _, a := range cfg.Owners() {
		for _, x := range a.AllSecrets() {
			if x.From != "" && !strings.HasPrefix(x.From, "/") && !strings.Contains(x.From, ":ssm:") {
				from = append(from, x.From)
			}
		}
	}
	secrets := []string{}
	for _, name := range from {
		secrets = append(secrets, readable(env.Account, name)...)
		if !strings.HasPrefix(name, "arn:") { // one that is not there has no six characters yet
			secrets = append(secrets, env.Account.ARN("secretsmanager", "secret:"+name))
		}
	}
	slices.Sort(secrets)
	return rights(env, g.Bucket, slices.Compact(secrets), g.Read)
}

// rights are published policies in one, for one stack: its state is in this bucket. Where
// secrets is not nil, no other values can be read.
func rights(env *provision.Env, bucket string, secrets []string, published ...string) (string, error) {
	type document struct {
		Version   string
		Statement []map[string]any
	}
	var doc document
	for _, text := range published {
		var one document
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			return "", fmt.Errorf("read karmactl's own policy: %w", err)
		}
		doc.Version, doc.Statement = one.Version, append(doc.Statement, one.Statement...)
	}
	arn := "arn:" + env.Account.Partition + ":s3:::" + bucket
	for _, s := range doc.Statement {
		switch {
		case s["Sid"] == "State":
			s["Resource"] = []string{arn, arn + "/*"}
		case s["Sid"] == "Values" && secrets != nil:
			s["Action"], s["Resource"] = []string{"secretsmanager:GetSecretValue"}, secrets
		}
	}
	doc.Statement = slices.DeleteFunc(doc.Statement, func(s map[string]any) bool { return s["Sid"] == "Values" && secrets != nil && len(secrets) == 0 })
	text, err := json.Marshal(doc)
	return string(text), err
}
