package cloud

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
)

var here = Account{ID: "123456789012", Partition: "aws", Region: "us-east-1", Profile: "prod"}

// call is an operation that AWS refused.
func call(service, operation, code, message string) *smithy.OperationError {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: message}}
}

// within is a call that failed because another one, for its credentials, did.
func within(inner error) error {
	return &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity", Err: fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, %w", inner)}
}

func TestAMissingPermissionNamesTheAction(t *testing.T) {
	const user = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: "
	for _, c := range []struct {
		name      string
		err       error
		what, try string
	}{
		{"a customer's key", call("Secrets Manager", "GetSecretValue", "AccessDeniedException", "Access to KMS is not allowed"), "permission kms:Decrypt is missing in account 123456789012 (Secrets Manager GetSecretValue needs it)", "the key's own policy has to leave it to IAM"},
		{"the message has no action", call("Elastic Load Balancing v2", "CreateListener", "AccessDenied", "no"), "permission elasticloadbalancing:CreateListener is missing in account 123456789012", "docs/iam-policy-"},
		{
			"a dependent action", call("Elastic Load Balancing v2", "CreateLoadBalancer", "AccessDenied", user+"ec2:GetSecurityGroupsForVpc because no identity-based policy allows the ec2:GetSecurityGroupsForVpc action"),
			"permission ec2:GetSecurityGroupsForVpc is missing in account 123456789012 (Elastic Load Balancing v2 CreateLoadBalancer needs it)", "add ec2:GetSecurityGroupsForVpc to the operator's policy",
		},
		{
			"a service control policy", call("EC2", "CreateNatGateway", "UnauthorizedOperation", user+"ec2:CreateNatGateway on resource: arn:aws:ec2:us-east-1:1:natgateway/* with an explicit deny in a service control policy"),
			"permission ec2:CreateNatGateway is denied in account 123456789012 by a service control policy of the organization", "the administrator of the AWS organization",
		},
		{
			"a boundary", call("IAM", "CreateRole", "AccessDenied", user+"iam:CreateRole on resource: r because no permissions boundary allows the iam:CreateRole action"),
			"permission iam:CreateRole is denied in account 123456789012 by the permissions boundary of the caller", "the boundary's owner",
		},
		{
			"a session policy", call("ECS", "CreateCluster", "AccessDeniedException", user+"ecs:CreateCluster because no session policy allows the ecs:CreateCluster action"),
			"by the session policy of this sign-in", "sign in without a session policy",
		},
		{
			"a Deny of the caller's own", call("ECS", "CreateCluster", "AccessDeniedException", user+"ecs:CreateCluster with an explicit deny in an identity-based policy"),
			"by a policy of the caller, explicitly", "remove the Deny",
		},
		{
			"an encoded message", call("EC2", "CreateVpc", "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: AbC-123_x"),
			"permission ec2:CreateVpc is missing in account 123456789012: You are not authorized to perform this operation.", "aws sts decode-authorization-message --query DecodedMessage --output text --encoded-message AbC-123_x",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Explain(c.err, here)
			p := new(Problem)
			if !errors.As(got, &p) || !strings.Contains(got.Error(), c.what) || !strings.Contains(p.Try(), c.try) {
				t.Errorf("%v\ntry %s", got, p.Try())
			}
			if strings.Contains(c.what, "is denied") && strings.Contains(p.Try(), "docs/iam-policy-") {
				t.Errorf("our policy cannot help: %s", p.Try())
			}
			if strings.Contains(got.Error(), "Encoded") {
				t.Errorf("the encoded text is in the reason: %v", got)
			}
		})
	}
	for op, want := range map[string]string{"S3.HeadBucket": "s3:ListBucket", "CloudWatch Logs.CreateLogGroup": "logs:CreateLogGroup", "ECS.CreateService": "ecs:CreateService", "Resource Groups Tagging API.GetResources": "tag:GetResources"} {
		service, name, _ := strings.Cut(op, ".")
		if got := Action(service, name); got != want {
			t.Errorf("%s needs %s, want %s", op, got, want)
		}
	}
}

func TestEachWayNotToGetInIsNamedWithItsWayOut(t *testing.T) {
	role := "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::210987654321:role/deploy"
	for _, c := range []struct {
		name      string
		err       error
		what, try string
	}{
		{"SSO's refresh was refused", within(call("SSO OIDC", "CreateToken", "InvalidGrantException", "")), "profile prod is not signed in: its SSO session has expired", "aws sso login --profile prod"},
		{"SSO's token is not known", within(call("SSO", "GetRoleCredentials", "UnauthorizedException", "Session token not found or invalid")), "its SSO session has expired", "aws sso login --profile prod"},
		{"there is no SSO token", within(&ssocreds.InvalidTokenError{}), "its SSO session has expired", "aws sso login --profile prod"},
		{"SSO's assignment is gone", within(call("SSO", "GetRoleCredentials", "ForbiddenException", "No access")), "profile prod may not use its role any more", "IAM Identity Center"},
		{"a role that may not be assumed", within(call("STS", "AssumeRole", "AccessDenied", role)), "profile prod may not assume the role arn:aws:iam::210987654321:role/deploy", "trust policy"},
		{"a wrong MFA code", within(call("STS", "AssumeRole", "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")), "AWS does not accept the MFA code", "next code"},
		{"a trust that does not match", within(call("STS", "AssumeRoleWithWebIdentity", "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")), "the web identity may not assume its role", "repo:OWNER/NAME"},
		{"no OIDC provider", within(call("STS", "AssumeRoleWithWebIdentity", "InvalidIdentityToken", "No OpenIDConnect provider found in your account")), "the web identity may not assume its role", "IAM OIDC provider"},
		{"an old web identity token", within(call("STS", "AssumeRoleWithWebIdentity", "ExpiredTokenException", "Token expired")), "the web identity token has expired", "configure-aws-credentials"},
		{"keys that have expired", call("EC2", "DescribeVpcs", "RequestExpired", "Request has expired."), "the credentials have expired", "sign in again (aws sso login --profile prod)"},
		{"keys that are unknown", call("STS", "GetCallerIdentity", "InvalidClientTokenId", "The security token included in the request is invalid."), "AWS does not accept the credentials", "AWS_ACCESS_KEY_ID"},
		{"keys that EC2 cannot validate", call("EC2", "DescribeVpcs", "AuthFailure", "AWS was not able to validate the provided access credentials"), "AWS does not accept the credentials", "us-east-1"},
		{"no credentials at all", within(errors.New("no EC2 IMDS role found, operation error ec2imds: GetMetadata, request canceled")), "there are no AWS credentials", "--simulate FOLDER"},
		{"a name that is not known", &smithy.OperationError{ServiceID: "EC2", OperationName: "DescribeVpcs", Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "ec2.us-east-1.amazonaws.com"}}}, "cannot reach AWS: the name ec2.us-east-1.amazonaws.com is not known here", "HTTPS_PROXY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Explain(c.err, here)
			p := new(Problem)
			if !errors.As(got, &p) || !strings.Contains(got.Error(), c.what) || !strings.Contains(p.Try(), c.try) {
				t.Errorf("%v\ntry %s", got, p.Try())
			}
			if strings.Contains(got.Error(), "operation error") || strings.Contains(p.Try(), "docs/iam-policy-") {
				t.Errorf("%v\ntry %s", got, p.Try())
			}
		})
	}
}

func TestARefusalThatMeansTheAccountSaysWhatEndsIt(t *testing.T) {
	for _, c := range []struct{ service, operation, code, message, try string }{
		{"ECS", "CreateService", "InvalidParameterException", "SC service is already used by arn:aws:servicediscovery:us-east-1:1:namespace/ns-abc1.", "Values=ns-abc1, and delete it"},
		{"ECS", "CreateService", "InvalidParameterException", "Creation of service was not idempotent.", "run the same command again"},
		{"Elastic Load Balancing v2", "CreateLoadBalancer", "OperationNotPermitted", "This AWS account currently does not support creating load balancers.", "AWS Support"},
		{"EC2", "CreateNatGateway", "OptInRequired", "You are not subscribed to this service.", "sign-up"},
		{"EC2", "CreateNatGateway", "PendingVerification", "Your request is pending verification.", "four hours"},
		{"EC2", "CreateNatGateway", "NotAvailableInZone", "Nat Gateway is not available in this availability zone", "network: {azs: "},
		{"S3", "CreateBucket", "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.", "an hour"},
		{"ECS", "CreateService", "InvalidParameterException", "cpu is not valid", ""},
	} {
		p := new(Problem)
		if err := Explain(call(c.service, c.operation, c.code, c.message), here); !errors.As(err, &p) || !strings.Contains(p.Try(), c.try) || c.try == "" && p.Try() != "" {
			t.Errorf("%s: %v\ntry %s", c.message, err, p.Try())
		}
	}
}

func TestConfigurationThatCannotBeReadIsNamed(t *testing.T) {
	for _, c := range []struct {
		err       error
		what, try string
	}{
		{config.SharedConfigProfileNotExistError{Profile: "nope"}, `there is no profile "nope"`, "aws configure list-profiles"},
		{config.SharedConfigProfileNotExistError{}, `there is no profile "prod"`, "aws configure list-profiles"},
		{config.SharedConfigAssumeRoleError{Profile: "prod", Err: config.SharedConfigProfileNotExistError{Profile: "base"}}, "profile prod takes its credentials from source_profile base, which does not exist", "~/.aws/config"},
		{config.SharedConfigAssumeRoleError{Profile: "base", Err: config.SharedConfigProfileNotExistError{Profile: "base"}}, "profile prod takes its credentials from source_profile base, which does not exist", "~/.aws/config"},
		{config.AssumeRoleTokenProviderNotSetError{}, "profile prod asks for an MFA code, and there is no terminal", "aws configure export-credentials --format env --profile prod"},
	} {
		if p := unloadable(c.err, here); !strings.Contains(p.Error(), c.what) || !strings.Contains(p.Try(), c.try) {
			t.Errorf("%v\ntry %s", p, p.Try())
		}
	}
}

func TestTheWrappingOfAnErrorStaysAndTheSDKsGoes(t *testing.T) {
	denied := call("S3", "GetObject", "AccessDenied", "Access Denied")
	p := new(Problem)
	if err := Explain(fmt.Errorf("reading the state: %w", denied), here); !errors.As(err, &p) || p.What != "reading the state: permission s3:GetObject is missing in account 123456789012" || p.Why != "Access Denied" {
		t.Errorf("%#v", p)
	}
	other := call("ECS", "CreateService", "InvalidParameterException", "cpu is not valid")
	both := Explain(errors.Join(fmt.Errorf("a: %w", denied), fmt.Errorf("b: %w", other)), here)
	want := "a: permission s3:GetObject is missing in account 123456789012: Access Denied\nb: ECS CreateService: InvalidParameterException: cpu is not valid"
	if both.Error() != want {
		t.Errorf("got %v", both)
	}
	if !errors.Is(both, error(other)) || Explain(both, here).Error() != both.Error() {
		t.Error("what it is made of is lost, or it is explained twice")
	}
	if plain := errors.New("x"); errors.As(Explain(plain, here), &p) {
		t.Error("an error that is not AWS's was changed")
	}
}

func TestAReasonToWaitIsAWSsMessageAlone(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("delete it: %w", call("ServiceDiscovery", "DeleteNamespace", "ResourceInUse", "Namespace has associated services.")), "Namespace has associated services"},
		{call("EC2", "DeleteSubnet", "DependencyViolation", ""), "EC2 DeleteSubnet: DependencyViolation"},
		{call("ECS", "CreateService", "ClientException", strings.Repeat("it is “not yet” known, ", 40)), strings.Repeat("it is “not yet” known, ", 4) + "it is …"},
	} {
		p := new(Problem)
		if !errors.As(Explain(c.err, here), &p) || p.Brief() != c.want {
			t.Errorf("%q, and not %q", p.Brief(), c.want)
		}
	}
}
