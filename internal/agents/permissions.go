package agents

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Permission is a right of an agent in AWS: a managed policy, or actions on resources.
type Permission struct {
	// Policy is the ARN of a managed policy; "" for a statement.
	Policy string
	// Allow are actions such as bedrock:InvokeModel, On the ARNs that they are allowed
	// on; {agent} in them is already replaced.
	Allow []string
	On    []string
}

// IAM's quotas for one role; the first is the one that an account begins with.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	maxManagedPolicies = 10
	maxInlinePolicies  = 10240
	// ownInlinePolicy is what is left for the policy of karmactl itself.
	ownInlinePolicy = 1240
)

var (
	managedPolicy     = lazyregexp.New(`^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/([!-~]+/)*[\w+=,.@-]{1,128}$`)
	managedPolicyRule = textRule{pattern: managedPolicy, near: policyOf, most: 2048, allowed: "the ARN of a managed policy such as arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}
	actionRule        = textRule{pattern: lazyregexp.New(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`), most: 128, allowed: "an action such as bedrock:InvokeModel; * and ? stand for any characters"}
	resourceRule      = textRule{pattern: lazyregexp.New(`^(\*|arn:[!-~]*:[!-~]*:[!-~]*:[!-~]*:[!-~]+)$`), most: 2048, allowed: `an ARN such as arn:aws:s3:::my-bucket/*, or "*"; {agent} stands for the agent's name`}
)

// policyOf takes the name of one of AWS's policies for its ARN.
func policyOf(s string) string {
	if strings.Contains(s, ":") {
		return s
	}
	return "arn:aws:iam::aws:policy/" + s
}

const permissionsAllowed = "a list of {policy: ARN} and {allow: [bedrock:InvokeModel], on: [ARN]}"

// permissionsValue is a list of managed policies and statements.
func permissionsValue() value[[]Permission] {
	one := object("permission", []field[Permission]{
		key("policy", "The ARN of a managed policy, AWS's own or the account's.", text(managedPolicyRule), func(p *Permission) *string { return &p.Policy }),
		key("allow", "Actions such as bedrock:InvokeModel.", list("actions such as bedrock:InvokeModel", 0, text(actionRule)), func(p *Permission) *[]string { return &p.Allow }),
		key("on", `The ARNs that the actions are allowed on; {agent} stands for the agent's name.`, list(`ARNs such as arn:aws:s3:::my-bucket/*, or ["*"]`, 0, text(resourceRule)), func(p *Permission) *[]string { return &p.On }),
	})
	return objects(permissionsAllowed, one, checkPermission)
}

// checkPermission: an entry is a managed policy, or actions and what they are allowed on.
func checkPermission(r *reader, n *yaml.Node, p Permission) {
	switch {
	case p.Policy == "" && len(p.Allow) == 0 && len(p.On) == 0:
		r.problem(n, "the permission allows nothing", "{policy: ARN}, or {allow: [bedrock:InvokeModel], on: [ARN]}")
	case p.Policy != "" && len(p.Allow)+len(p.On) > 0:
		r.problem(n, "the permission has a policy and actions of its own", "an entry for each")
	case p.Policy == "" && len(p.On) == 0:
		r.problem(n, "allow has no on", `on: the ARNs that it is allowed on, or ["*"] for all`)
	case p.Policy == "" && len(p.Allow) == 0:
		r.problem(n, "on has no allow", "allow: actions such as bedrock:InvokeModel")
	}
}

// checkPermissions holds an agent's permissions together against IAM's quotas.
func checkPermissions(r *reader, path string, a *Agent) {
	var policies []string
	size := 0
	for i, p := range a.Permissions {
		if p.Policy != "" && slices.Contains(policies, p.Policy) {
			r.problem(r.at(path, "permissions", strconv.Itoa(i)), "permissions name "+p.Policy+" twice", "each once")
		}
		if p.Policy != "" {
			policies = append(policies, p.Policy)
			continue
		}
		size += len(`{"Action":[],"Effect":"Allow","Resource":[]},`)
		for _, s := range slices.Concat(p.Allow, p.On) {
			size += len(s) + len(`"",`)
		}
	}
	if n := len(policies); n > maxManagedPolicies {
		r.problem(r.at(path, "permissions"), fmt.Sprintf("permissions name %d managed policies", n), fmt.Sprintf("at most %d: IAM attaches no more to a role", maxManagedPolicies))
	}
	if size > maxInlinePolicies-ownInlinePolicy {
		r.problem(r.at(path, "permissions"), fmt.Sprintf("permissions are %d characters as a policy", size), fmt.Sprintf("at most %d: put the rest into a managed policy and name it", maxInlinePolicies-ownInlinePolicy))
	}
}

// tooMuch are managed policies that allow everything, or to allow oneself everything.
var tooMuch = []string{"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"}

// Warnings are what the file allows and a reader should look at twice: rights on
// everything. They stop nothing.
func (c *Config) Warnings() []string {
	var order []string
	who := map[string][]string{}
	for _, a := range c.Owners() {
		for _, p := range a.Permissions {
			text := ""
			switch {
			case slices.Contains(tooMuch, p.Policy[strings.LastIndexByte(p.Policy, '/')+1:]):
				text = "may do nearly everything in the account: " + p.Policy
			case slices.Contains(p.On, "*"):
				text = "may " + strings.Join(p.Allow, ", ") + " on everything in the account: name the ARNs in `on`, where AWS takes some"
			default:
				continue
			}
			if who[text] == nil {
				order = append(order, text)
			}
			who[text] = append(who[text], a.Name)
		}
	}
	var out []string
	for _, text := range order {
		out = append(out, strings.Join(who[text], ", ")+" "+text)
	}
	return slices.Concat(out, c.asleepForGood(), c.manyRules(), c.openSecrets())
}

// asleepForGood warns of agents that stay at 0 once they are there: target tracking has no figures of a service
// without tasks, so nothing raises it again. A queue does, and an agent may be there for its jobs alone.
func (c *Config) asleepForGood() []string {
	var names []string
	for _, a := range c.Agents {
		if a.Scale.Min == 0 && a.Scale.Max > 0 && a.Scale.Queue.PerTask == 0 && len(c.JobsOf(a.Name)) == 0 {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{strings.Join(names, ", ") + " begins at 0 tasks (scale.min), and nothing but karmactl scale " + strings.Join(names, "=1 ") + "=1 or a schedule starts one: CPU and memory have no figures at 0"}
}

var (
	boundaryRule = textRule{pattern: managedPolicy, most: 2048, allowed: "the ARN of a managed policy such as arn:aws:iam::123456789012:policy/boundary"}
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	rolePathRule = textRule{pattern: lazyregexp.New(`^/([\w+=,.@-]+/)*$`), near: slashed, most: 512, allowed: "a path that begins and ends with /, such as /agents/"}
)

// slashed is a path with its slashes.
func slashed(s string) string { return "/" + strings.Trim(s, "/") + "/" }
