package importer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// permission is a right of an agent: a managed policy, or actions on resources.
type permission struct {
	policy    string
	allow, on []string
}

// yaml is the right in one line.
func (p permission) yaml() string {
	if p.policy != "" {
		return "{policy: " + quoted(p.policy) + "}"
	}
	return "{allow: " + flow(p.allow) + ", on: " + flow(p.on) + "}"
}

const (
	insteadOfAny = "write permissions: [{allow: [bedrock:InvokeModel], on: [ARN]}]"
	// insteadOfMore is how an agent gets what permissions cannot say: as it is.
	insteadOfMore = "make a managed policy of it (aws iam create-policy), and write permissions: [{policy: ARN}]"
)

// iamVariable is a variable in a policy, which is not Terraform's: ${aws:PrincipalTag/team}.
var iamVariable = lazyregexp.New(`\$\{[A-Za-z0-9-]+:[^}]*\}|\$\{[*?$]\}`)

// startsTasks is what the role that ECS starts tasks with is for.
const startsTasks = "an execution role for each agent, which may fetch its image, its logs and its secrets"

// rights carries over what the agent's task role may do: managed policies, and the statements
// of inline ones that allow actions on ARNs and say no more. Never more than the role had.
func (x *terraform) rights(a *agent, arn *tree) {
	role := x.find(arn.str(), "aws_iam_role")
	if role == nil {
		return
	}
	known := role.body.outcome != unread // AWS has told all that there is of it
	had := len(a.permissions)
	attached, documents := x.policies(role)
	all, denies := x.statements(documents)
	for _, t := range attached {
		x.attachment(a, t, denies)
	}
	x.inline(a, all, denies && len(attached) > 0)
	switch {
	case len(a.permissions) > had:
		arn.carry(a.key("permissions"))
		role.body.settle(own, "a role of the agent's own")
	case known:
		arn.own("a role of the agent's own")
	}
}

// policies are the managed policies of a role, by ARN, and the documents of its inline ones.
func (x *terraform) policies(role *resource) (attached, documents []*tree) {
	role.body.get("permissions_boundary").settle(left, "write permissions_boundary, which bounds every role of the stack")
	attached = role.body.get("managed_policy_arns").list()
	for _, b := range role.body.get("inline_policy").list() {
		if p := b.get("policy"); p != nil {
			documents = append(documents, p)
		}
	}
	for _, r := range x.resources {
		switch of := r.body.get("role"); {
		case of == nil || !role.refers(of.str()) && of.str() != role.body.get("name").str():
			continue
		case r.kind == "aws_iam_role_policy_attachment" && r.body.get("policy_arn") != nil:
			attached = append(attached, r.body.get("policy_arn"))
		case r.kind == "aws_iam_role_policy" && r.body.get("policy") != nil:
			documents = append(documents, r.body.get("policy"))
		default:
			continue
		}
		for _, k := range []string{"role", "name"} {
			r.body.get(k).settle(own, "a role of the agent's own")
		}
	}
	return attached, documents
}

// starting says what of the role that ECS starts tasks with is more than karmactl's own has.
// The agent cannot use it, so nothing of it is carried over.
func (x *terraform) starting(arn *tree) {
	role := x.find(arn.str(), "aws_iam_role")
	if role == nil {
		return
	}
	attached, documents := x.policies(role)
	for _, t := range attached {
		if strings.HasSuffix(t.str(), "/AmazonECSTaskExecutionRolePolicy") {
			t.settle(own, startsTasks)
		}
		t.settle(left, "ECS starts tasks with it, and karmactl gives it "+forStarting+": attach it to the agent's execution role when they need more")
	}
	all, _ := x.statements(documents)
	for _, t := range all {
		s := statementOf(t)
		more := slices.ContainsFunc(s.Action, func(action string) bool {
			service, _, _ := strings.Cut(strings.ToLower(action), ":")
			return !slices.Contains([]string{"ecr", "ecr-public", "logs", "secretsmanager", "ssm", "kms"}, service)
		})
		if s.Effect == "Allow" && len(s.Action) > 0 && !more {
			t.settle(own, startsTasks)
		}
		t.settle(left, "ECS starts tasks with it, and karmactl gives it "+forStarting+": the agent itself could not use this")
	}
	role.body.settle(own, startsTasks)
}

// forStarting are the rights of karmactl's execution role.
const forStarting = "what image, logs, secrets and registries need"

// attachment carries a managed policy over; denies tells that the role has a statement which
// may deny a part of it.
func (x *terraform) attachment(a *agent, t *tree, denies bool) {
	switch {
	case !strings.HasPrefix(t.str(), "arn:") || reference.MatchString(t.str()):
		t.leave("only Terraform knows its ARN: write permissions: [{policy: ARN}]")
	case denies:
		t.leave("an inline policy of the role may deny a part of it: " + strings.Replace(insteadOfMore, "of it", "of that one", 1) + " for both")
	default:
		x.grant(a, t, permission{policy: t.str()})
	}
}

// grant gives an agent a right, once.
func (x *terraform) grant(a *agent, t *tree, p permission) {
	same := func(q permission) bool {
		return p.policy == q.policy && slices.Equal(p.allow, q.allow) && slices.Equal(p.on, q.on)
	}
	i := slices.IndexFunc(a.permissions, same)
	if i < 0 {
		i = len(a.permissions)
		a.permissions = append(a.permissions, p)
	}
	key := a.key(fmt.Sprintf("permissions.%d", i))
	if t.outcome == carried { // another agent has the role, too
		key = t.key + " " + key
	}
	t.carry(key)
}

// statements are those of inline policies that can be read; denies tells whether one of them denies.
func (x *terraform) statements(documents []*tree) (all []*tree, denies bool) {
	for _, t := range documents {
		if t.kind == scalar && !unfold(t) {
			t.settle(left, "only Terraform knows a part of it: "+insteadOfAny)
			continue
		}
		list := t.get("Statement").list()
		if s := t.get("Statement"); s != nil && s.kind == dict {
			list = []*tree{s}
		}
		if len(list) == 0 {
			t.leave("it has no statements that can be read: " + insteadOfAny)
			continue
		}
		for _, k := range []string{"Version", "Id"} {
			t.get(k).settle(own, "a policy of karmactl's")
		}
		for _, s := range list {
			denies = denies || s.get("Effect").str() != "Allow"
		}
		all = append(all, list...)
	}
	return all, denies
}

// unfold makes a document that is written as a text what it says, each part at the place
// of the text.
func unfold(t *tree) bool {
	doc, err := jsonTree("", []byte(t.text))
	if err != nil || doc.kind != dict {
		return false
	}
	flatten(doc, t.at, nil)
	t.kind, t.text, t.keys, t.items = dict, "", doc.keys, doc.items
	rename(t, t.name)
	return true
}

// inline carries over the statements that say no more than what is allowed on which ARNs;
// lacks tells that managed policies of the role were left out, which may deny a part of them.
func (x *terraform) inline(a *agent, all []*tree, lacks bool) {
	var said []agents.Statement
	for _, s := range all {
		said = append(said, statementOf(s))
	}
	for i, why := range agents.Unsayable(said) {
		s, t := said[i], all[i]
		text := strings.Join(slices.Concat(s.Action, s.Resource), " ")
		switch {
		case reference.MatchString(iamVariable.ReplaceAllString(text, "")):
			t.leave("only Terraform knows a part of it: " + insteadOfAny)
		case why != "":
			t.leave(strings.TrimPrefix(t.get("Sid").str()+": ", ": ") + why + ": " + insteadOfMore)
		case a.exec != nil && *a.exec && !slices.ContainsFunc(s.Action, func(action string) bool { return !strings.HasPrefix(action, "ssmmessages:") }):
			t.own("exec: true gives it")
		case lacks:
			t.leave("a managed policy of the role, which is left out, may deny a part of it: write permissions for both")
		default:
			x.grant(a, t, permission{allow: s.Action, on: s.Resource})
		}
	}
}

func statementOf(t *tree) agents.Statement {
	return agents.Statement{
		Effect: t.get("Effect").str(), Action: texts(t.get("Action")), NotAction: texts(t.get("NotAction")),
		Resource: texts(t.get("Resource")), NotResource: texts(t.get("NotResource")), Conditional: t.get("Condition") != nil,
	}
}

// texts are the scalars of a list, or a scalar by itself.
func texts(t *tree) []string {
	var out []string
	for _, x := range t.list() {
		out = append(out, x.str())
	}
	return out
}
