package cloud

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// In a denial IAM names the action, and the kind of policy that decided:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
var (
	deniedAction  = lazyregexp.New(`not authorized to perform:? ([a-z0-9-]+:[A-Za-z0-9*]+)`)
	encodedDenial = lazyregexp.New(`\s*Encoded authorization failure message: (\S+)`)
)

// keyRefusals are what Secrets Manager and the Parameter Store say when the caller may not use a customer's own key.
var keyRefusals = []string{"Access to KMS is not allowed", "The ciphertext refers to a customer master key"}

// deciders are the policies that no change to the operator's own one can overrule: how AWS's message has them, what
// they are called, and who can change them.
var deciders = []struct{ said, by, do string }{
	{"service control policy", "a service control policy of the organization", "the administrator of the AWS organization has to allow it: no policy of this account can"},
	{"resource control policy", "a resource control policy of the organization", "the administrator of the AWS organization has to allow it: no policy of this account can"},
	{"permissions boundary", "the permissions boundary of the caller", "the boundary's owner has to allow it there as well"},
	{"session policy", "the session policy of this sign-in", "sign in without a session policy, or with one that allows it"},
	{"VPC endpoint policy", "the policy of a VPC endpoint", "allow it in the endpoint's policy, or call from outside that VPC"},
	{"deny in a resource-based policy", "the resource's own policy", "change the resource's policy: it denies this explicitly"},
	{"deny in an identity-based policy", "a policy of the caller, explicitly", "remove the Deny: an Allow does not overrule it"},
}

// denied says which permission is missing, and where it can be given. The action is AWS's own word where it has one:
// a service asks for others on the caller's behalf, as CreateLoadBalancer does for ec2:GetSecurityGroupsForVpc.
func denied(op *smithy.OperationError, message string, in Account) *Problem {
	own := Action(op.Service(), op.Operation())
	action, call := own, ""
	if m := deniedAction.FindStringSubmatch(message); m != nil {
		action = m[1]
	} else if slices.ContainsFunc(keyRefusals, func(s string) bool { return strings.Contains(message, s) }) {
		action = "kms:Decrypt"
	}
	if action != own {
		call = fmt.Sprintf(" (%s %s needs it)", op.Service(), op.Operation())
	}
	where := ""
	if in.ID != "" {
		where = " in account " + in.ID
	}
	p := &Problem{
		What: "permission " + action + " is missing" + where + call,
		Why:  strings.TrimSpace(encodedDenial.ReplaceAllString(message, "")) + requestID(op),
		Do:   "add " + action + " to the operator's policy: docs/iam-policy-" + PolicyOf(action) + ".json has it",
	}
	if action == "kms:Decrypt" {
		p.Do += "; the key's own policy has to leave it to IAM, or allow it"
	}
	for _, d := range deciders {
		if strings.Contains(message, d.said) {
			p.What, p.Do = fmt.Sprintf("permission %s is denied%s by %s%s", action, where, d.by, call), d.do
			break
		}
	}
	if m := encodedDenial.FindStringSubmatch(message); m != nil {
		p.Do += "\nAWS's full reason: aws sts decode-authorization-message --query DecodedMessage --output text --encoded-message " + m[1]
	}
	return p
}
