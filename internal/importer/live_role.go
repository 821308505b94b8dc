package importer

import "encoding/json"

// addRoles adds the roles of the services with what they may do. Of one whose rights are not
// known, or are bounded in a way that agents.yaml cannot say, nothing is taken.
func (l *running) addRoles() error {
	boundary, one := l.boundary()
	if one {
		l.x.fleet.boundary = boundary
	}
	for _, r := range l.fleet.Roles {
		body := object{"arn": r.ARN, "name": r.Name}
		if r.Boundary != "" {
			body["permissions_boundary"] = r.Boundary
		}
		if err := l.add("aws_iam_role", r.Name, body); err != nil {
			return err
		}
		role := l.x.resources[len(l.x.resources)-1].body
		switch {
		case r.Unread != nil:
			role.leave("its rights are not known, " + r.Unread.Error() + ": " + insteadOfAny + " with what the agents of this role may do")
			continue
		case r.Boundary != "" && !one:
			role.leave("not all roles of the fleet are bounded by " + r.Boundary + ": write permissions_boundary, which bounds all of the stack's, and then permissions")
			continue
		}
		role.own("a role of the agent's own")
		role.get("permissions_boundary").carry("permissions_boundary")
		for _, arn := range r.Attached {
			if err := l.add("aws_iam_role_policy_attachment", r.Name, object{"role": r.Name, "policy_arn": arn}); err != nil {
				return err
			}
		}
		for _, p := range r.Inline {
			document := any(json.RawMessage(p.Document))
			if !json.Valid([]byte(p.Document)) {
				document = p.Document
			}
			if err := l.add("aws_iam_role_policy", r.Name+"/"+p.Name, object{"role": r.Name, "name": p.Name, "policy": document}); err != nil {
				return err
			}
		}
	}
	return nil
}

// boundary is what bounds all roles of the fleet; one tells that it is the same for all.
func (l *running) boundary() (arn string, one bool) {
	for i, r := range l.fleet.Roles {
		if i > 0 && r.Boundary != arn || r.Unread != nil {
			return "", false
		}
		arn = r.Boundary
	}
	return arn, true
}
