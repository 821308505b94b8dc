package cloud

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Problem is an error of AWS in words for people. Error has What and Why; Try is apart, because a list of errors
// shows it below each, and a script reads it from a field of its own.
type Problem struct {
	// What happened: "permission ec2:CreateVpc is missing in account 123456789012".
	What string
	// Why is what AWS said, without the SDK's wrapping; "" where What says it all.
	Why string
	// Do is what the user can do; "" where AWS's words are all there is.
	Do  string
	Err error
	// said is AWS's message alone.
	said string
}

func (p *Problem) Error() string {
	if p.Why == "" {
		return p.What
	}
	return p.What + ": " + p.Why
}

func (p *Problem) Unwrap() error { return p.Err }

// longestBrief is how long a reason to wait may be.
const longestBrief = 120

// Brief is AWS's message alone, for a line that says what is waited for: neither the call nor the number of the
// request is of use there, and an end that has no room is left out.
func (p *Problem) Brief() string {
	text := p.said
	if text == "" {
		text = p.Error()
	}
	if len(text) > longestBrief {
		cut := text[:longestBrief]
		text = strings.TrimRight(cut[:max(strings.LastIndexByte(cut, ' '), 0)], " ,;:.") + " …"
	}
	return strings.TrimSuffix(text, ".")
}

// Try is what to do about it.
func (p *Problem) Try() string { return p.Do }

// Explain turns an error that has answers of AWS in it into a *Problem: which permission is missing, what is wrong
// with the credentials, which call failed and why. An error that says it in words of its own, and one that is not
// AWS's, comes back as it is.
func Explain(err error, in Account) error {
	if err == nil || errors.As(err, new(*Problem)) {
		return err
	}
	text := err.Error()
	var told []*smithy.OperationError
	for _, op := range operations(err) {
		if strings.Contains(text, op.Error()) { // else it is told in other words
			told = append(told, op)
		}
	}
	if len(told) == 0 {
		return err
	}
	p := explain(told[0], in)
	what := p.What
	if len(told) > 1 { // each with its own reason
		what, p.Why = p.Error(), ""
	}
	p.What, p.Err = strings.Replace(text, told[0].Error(), what, 1), err
	for _, op := range told[1:] {
		p.What = strings.Replace(p.What, op.Error(), explain(op, in).Error(), 1)
	}
	return p
}

// Reason is an error in a note on what was passed over, told by what knows no account.
func Reason(err error) error { return Explain(err, Account{}) }

// operations are the calls that failed, in the order in which an error names them: of calls that were made for
// another one, such as AssumeRole for the credentials, the outer one.
func operations(err error) []*smithy.OperationError {
	if op := (*smithy.OperationError)(nil); errors.As(err, &op) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			var all []*smithy.OperationError
			for _, e := range joined.Unwrap() {
				all = append(all, operations(e)...)
			}
			return all
		}
		if err == error(op) { //nolint:errorlint // is it this one
			return []*smithy.OperationError{op}
		}
		return operations(errors.Unwrap(err))
	}
	return nil
}

// innermost is the call that failed at the root: the AssumeRole behind the credentials of a DescribeVpcs.
func innermost(op *smithy.OperationError) *smithy.OperationError {
	for {
		inner := (*smithy.OperationError)(nil)
		if !errors.As(op.Err, &inner) {
			return op
		}
		op = inner
	}
}

// explain says what one call's failure means.
func explain(op *smithy.OperationError, in Account) *Problem {
	if p := signIn(op, in); p != nil {
		return p
	}
	root := innermost(op)
	api := smithy.APIError(nil)
	switch {
	case !errors.As(root, &api):
		if p := unreachable(op); p != nil {
			return p
		}
		return &Problem{What: fmt.Sprintf("%s %s: %v", op.Service(), op.Operation(), op.Err)}
	case Classify(root) == engine.Denied:
		return denied(root, api.ErrorMessage(), in)
	case api.ErrorCode() == "ClusterNotFoundException":
		return &Problem{What: "nothing is up: AWS has no cluster of this stack in " + in.Region, Do: "karmactl up"}
	}
	what := fmt.Sprintf("%s %s: %s", root.Service(), root.Operation(), api.ErrorCode())
	if m := api.ErrorMessage(); m != "" {
		what += ": " + m
	}
	return &Problem{What: what + requestID(root), said: api.ErrorMessage(), Do: accountAdvice(api.ErrorCode(), api.ErrorMessage())}
}

// requestID is what AWS's support asks for.
func requestID(err error) string {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.ServiceRequestID() != "" {
		return " (request " + resp.ServiceRequestID() + ")"
	}
	return ""
}

// unreachable is a call that got no answer; nil for any other failure.
func unreachable(err error) *Problem {
	var dns *net.DNSError
	var op *net.OpError
	var late *NoAnswer
	const try = "check the network, a proxy (HTTPS_PROXY) and the region (--region)"
	switch {
	case errors.As(err, &late):
		return &Problem{What: "cannot reach AWS", Why: late.Error(), Do: try}
	case errors.As(err, &dns):
		return &Problem{What: "cannot reach AWS", Why: fmt.Sprintf("the name %s is not known here", dns.Name), Do: try}
	case errors.As(err, &op):
		host := ""
		if u := (*url.Error)(nil); errors.As(err, &u) {
			if at, perr := url.Parse(u.URL); perr == nil {
				host = at.Host + ": "
			}
		}
		return &Problem{What: "cannot reach AWS", Why: host + op.Error(), Do: try}
	}
	return nil
}

// cloudMapNamespace is a namespace's id in a message of ECS.
var cloudMapNamespace = lazyregexp.New(`ns-[0-9a-z]+`)

// accountAdvice is what to do about refusals that mean what is in the account, not the call; "" for all others.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func accountAdvice(code, message string) string {
	switch {
	case code == "OperationNotPermitted" && strings.Contains(message, "does not support creating load balancers"):
		return "AWS lifts that for new accounts when asked: open a case with AWS Support (Account, Service limits)"
	case code == "NotAvailableInZone":
		return "name zones that have it in agents.yaml: network: {azs: [...]}, and take the stack down and up again if it is in other ones; or network: {nat: none}"
	case code == "OperationAborted":
		return "S3 is still making or deleting that bucket, which can take an hour after it was deleted: run the same command again then"
	case code == "OptInRequired":
		return "finish the sign-up of the account: open the AWS console with it once, and wait for AWS's mail"
	case strings.Contains(message, "SC service is already used by"):
		return "a Cloud Map service that something else left has the agent's name: find it with aws servicediscovery list-services --filters Name=NAMESPACE_ID,Values=" +
			cloudMapNamespace.FindString(message) + ", and delete it with aws servicediscovery delete-service --id ID"
	case strings.Contains(message, "Creation of service was not idempotent"):
		return "a service of that name is there already, with other settings: run the same command again, which finds it"
	case code == "PendingVerification":
		return "AWS is still verifying the account, for up to four hours: run the same command again then"
	}
	return ""
}
