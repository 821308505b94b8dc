package importer

import "strings"

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

// rights carries over what the agent's task role may do: managed policies, and inline
// ones that allow actions on ARNs and say no more.
func (x *terraform) rights(a *agent, arn *tree) {
	role := x.find(arn.str(), "aws_iam_role")
	if role == nil {
		return
	}
	found := false
	for _, r := range x.resources {
		switch of := r.body.get("role"); {
		case of == nil || !role.refers(of.str()) && of.str() != role.body.get("name").str():
		case r.kind == "aws_iam_role_policy_attachment":
			found = x.attachment(a, r.body.get("policy_arn")) || found
		case r.kind == "aws_iam_role_policy":
			found = x.inline(a, r.body.get("policy")) || found
		}
	}
	if found {
		arn.carry(a.key("permissions"))
	}
}

func (x *terraform) attachment(a *agent, t *tree) bool {
	if !strings.HasPrefix(t.str(), "arn:") || reference.MatchString(t.str()) {
		t.leave("only Terraform knows its ARN: write permissions: [{policy: ARN}]")
		return false
	}
	a.permissions = append(a.permissions, permission{policy: t.str()})
	t.carry(a.key("permissions"))
	return true
}

// inline takes the statements of a policy that is written here.
func (x *terraform) inline(a *agent, t *tree) bool {
	const instead = "write permissions: [{allow: [bedrock:InvokeModel], on: [ARN]}]"
	doc := t // jsonencode's argument, or a text
	if t != nil && t.kind == scalar {
		var err error
		if doc, err = jsonTree("", []byte(t.str())); err != nil {
			t.leave("only Terraform knows a part of it: " + instead)
			return false
		}
	}
	var all []permission
	for _, s := range statements(doc.get("Statement")) {
		p := permission{allow: texts(s.get("Action")), on: texts(s.get("Resource"))}
		plain := s.get("Effect").str() == "Allow" && s.get("Condition") == nil && len(p.allow) > 0 && len(p.on) > 0
		if !plain || reference.MatchString(strings.Join(append(p.allow, p.on...), " ")) {
			t.leave("it says more than what is allowed on which ARNs: " + instead + ", or a managed policy of your own")
			return false
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.leave("it has no statements that can be read: " + instead)
		return false
	}
	a.permissions = append(a.permissions, all...)
	t.carry(a.key("permissions"))
	return true
}

// statements are a policy's: a list, or one alone.
func statements(t *tree) []*tree {
	if t != nil && t.kind == dict {
		return []*tree{t}
	}
	return t.list()
}

// texts are the scalars of a list, or a scalar by itself.
func texts(t *tree) []string {
	var out []string
	for _, x := range t.list() {
		out = append(out, x.str())
	}
	return out
}
