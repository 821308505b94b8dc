package cloud

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

var roleARN = lazyregexp.New(`arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+`)

// signIn says what is wrong with the credentials that a call was to be made with; nil when nothing is. The SDK asks
// for credentials inside of each call, so the failed call is there twice: ours, and below it SSO's or STS's own.
func signIn(op *smithy.OperationError, in Account) *Problem {
	root := innermost(op)
	code, message := Code(root), ""
	if api := smithy.APIError(nil); errors.As(root, &api) {
		message = api.ErrorMessage()
	}
	service, operation := root.Service(), root.Operation()
	switch {
	case service == "SSO" || service == "SSO OIDC":
		if code == "ForbiddenException" {
			return &Problem{What: in.profile("may not use its role") + " any more", Why: message + requestID(root), Do: "the administrator of IAM Identity Center has to assign the account and role again, or name another profile (--profile)"}
		}
		if code != "" {
			return ssoExpired(in)
		}
	case errors.As(op, new(*ssocreds.InvalidTokenError)), strings.Contains(op.Error(), "cached SSO token"):
		return ssoExpired(in)
	case service == "STS" && operation == "AssumeRoleWithWebIdentity":
		return webIdentity(root, code, message)
	case service == "STS" && strings.HasPrefix(operation, "AssumeRole") && Classify(root) == engine.Denied:
		return roleRefused(root, message, in)
	case Is(root, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		return &Problem{What: "the credentials have expired", Do: "sign in again" + in.login() + ", and run the same command again"}
	case Is(root, "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId", "AuthFailure", "InvalidToken"):
		return &Problem{
			What: "AWS does not accept the credentials", Why: fmt.Sprintf("%s %s: %s: %s%s", service, operation, code, message, requestID(root)),
			Do: "check AWS_PROFILE, AWS_ACCESS_KEY_ID and the machine's clock; a region that is not enabled in the account answers so too" + in.named(),
		}
	case code == "" && strings.Contains(op.Error(), "get credentials:"):
		if p := unreachable(op); p != nil && !strings.Contains(op.Error(), "ec2imds") {
			return p
		}
		return noCredentials(op, in)
	}
	return nil
}

func (a Account) profile(what string) string {
	if a.Profile == "" {
		return "the default profile " + what
	}
	return "profile " + a.Profile + " " + what
}

func (a Account) login() string {
	return " (aws sso login" + a.flag() + ")"
}

func (a Account) named() string {
	if a.Region == "" {
		return ""
	}
	return ": " + a.Region
}

func ssoExpired(in Account) *Problem {
	return &Problem{What: in.profile("is not signed in: its SSO session has expired"), Do: "aws sso login" + in.flag()}
}

// roleRefused is an AssumeRole that was denied: by the role's trust, by the caller's policy, or for its MFA code.
func roleRefused(op *smithy.OperationError, message string, in Account) *Problem {
	if strings.Contains(message, "MultiFactorAuthentication failed") {
		return &Problem{What: "AWS does not accept the MFA code", Why: message + requestID(op), Do: "run the same command again with the next code; each is good for one sign-in"}
	}
	role := "the role"
	if all := roleARN.FindAllString(message, -1); len(all) > 0 {
		role += " " + all[len(all)-1]
	}
	return &Problem{
		What: in.profile("may not assume " + role), Why: message + requestID(op),
		Do: "the role's trust policy has to name the caller, and the caller's policy has to allow sts:AssumeRole on it; or name another profile (--profile)",
	}
}

// webIdentity is a sign-in with a token of GitHub's or another provider that was refused.
func webIdentity(op *smithy.OperationError, code, message string) *Problem {
	p := &Problem{What: "the web identity may not assume its role", Why: message + requestID(op)}
	switch code {
	case "ExpiredTokenException", "ExpiredToken":
		p.What, p.Do = "the web identity token has expired", "ask the provider for a new one: in GitHub Actions run aws-actions/configure-aws-credentials again"
	case "InvalidIdentityToken", "InvalidIdentityTokenException":
		p.Do = "the account needs an IAM OIDC provider for the token's issuer, with the token's audience (GitHub: token.actions.githubusercontent.com, sts.amazonaws.com)"
	case "":
		if u := unreachable(op); u != nil {
			return u
		}
		p.What, p.Why, p.Do = "the web identity token cannot be used", op.Err.Error(), "check AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN"
	default:
		p.Do = "compare the role's trust policy with the token: its aud and sub conditions (GitHub: repo:OWNER/NAME:ref:refs/heads/BRANCH)"
	}
	return p
}

// noCredentials is that nothing in the environment, the files or the machine gives any.
func noCredentials(err error, in Account) *Problem {
	p := &Problem{
		What: "there are no AWS credentials", Err: err,
		Do: "set AWS_PROFILE, or sign in" + in.login() + "; --simulate FOLDER rehearses without an account",
	}
	if text := err.Error(); !strings.Contains(text, "ec2imds") && !strings.Contains(text, "no EC2 IMDS role") {
		_, why, ok := strings.Cut(text, "get credentials: ")
		if !ok {
			why = text
		}
		p.What, p.Why = "there are no usable AWS credentials", strings.TrimPrefix(why, "failed to refresh cached credentials, ")
	}
	return p
}

// unloadable says what is wrong with the files of AWS's configuration.
func unloadable(err error, in Account) *Problem {
	var missing config.SharedConfigProfileNotExistError
	var role config.SharedConfigAssumeRoleError
	switch {
	case errors.As(err, &role):
		source, owner := "its source_profile", role.Profile
		if errors.As(role.Err, &missing) && missing.Profile != "" {
			source = "source_profile " + missing.Profile
		}
		if in.Profile != "" && owner == missing.Profile { // the SDK names the missing one for both
			owner = in.Profile
		}
		return &Problem{
			What: fmt.Sprintf("profile %s takes its credentials from %s, which does not exist", owner, source), Err: err,
			Do: "add that profile to ~/.aws/config or ~/.aws/credentials, or correct source_profile: aws configure list-profiles",
		}
	case errors.As(err, &missing):
		name := missing.Profile
		if name == "" {
			name = in.Profile
		}
		return &Problem{What: fmt.Sprintf("there is no profile %q in AWS's configuration", name), Err: err, Do: "aws configure list-profiles lists what there is; --profile and AWS_PROFILE choose"}
	case errors.As(err, new(config.AssumeRoleTokenProviderNotSetError)):
		return &Problem{
			What: in.profile("asks for an MFA code") + ", and there is no terminal to type it in", Err: err,
			Do: "run it in a terminal, or sign in first: eval \"$(aws configure export-credentials --format env" + in.flag() + ")\"",
		}
	}
	return &Problem{What: "AWS's configuration cannot be read", Why: err.Error(), Err: err, Do: "check ~/.aws/config, ~/.aws/credentials and the variables that begin with AWS_"}
}

func (a Account) flag() string {
	if a.Profile == "" {
		return ""
	}
	return " --profile " + a.Profile
}
