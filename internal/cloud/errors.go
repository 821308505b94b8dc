package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Code is AWS's error code, or "" for an error that did not come from its API.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Is tells whether AWS answered with one of the codes.
func Is(err error, codes ...string) bool {
	return slices.Contains(codes, Code(err)) && len(codes) > 0
}

// Says tells whether AWS's message has one of the texts.
func Says(err error, texts ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, t := range texts {
		if strings.Contains(api.ErrorMessage(), t) {
			return true
		}
	}
	return false
}

// Classify says what an error means. An error without an API code is never
// "not found": a lost connection says nothing about what is there.
func Classify(err error) engine.Class {
	var lost *LostReply
	if errors.As(err, &lost) {
		return engine.Lost
	}
	code := Code(err)
	switch {
	case code == "":
		return engine.Other
	case throttles[code]:
		return engine.Throttled
	case denials[code] && !Says(err, "You do not have permission to access the specified resource"):
		return engine.Denied
	case code == "AuthFailure" || busy[code]:
		return engine.Busy
	case Says(err, notYetTexts...):
		return engine.NotYet
	case IsNotFound(err):
		return engine.NotFound
	}
	return engine.Other
}

// throttles are the codes of a full token bucket.
var throttles = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "RequestLimitExceeded": true,
	"TooManyRequestsException": true, "RequestThrottled": true, "SlowDown": true, "PriorRequestNotComplete": true,
}

// denials are the codes of a missing permission.
var denials = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedOperation": true, "AuthorizationError": true,
	"AuthorizationErrorException": true, "UnauthorizedAccess": true,
}

// busy are the codes of something that is held by something else that is going
// away. AuthFailure is what ReleaseAddress answers while a NAT gateway that is
// being deleted still holds the address.
var busy = map[string]bool{
	"DependencyViolation": true, "InvalidIPAddress.InUse": true, "ResourceInUse": true, "ResourceInUseException": true,
	"DeleteConflict": true, "ClusterContainsServicesException": true, "ClusterContainsTasksException": true,
	"ClusterContainsContainerInstancesException": true, "UpdateInProgressException": true, "OperationInProgress": true,
	"OperationAbortedException": true, "ConcurrentModification": true, "ConcurrentModificationException": true,
	"ConcurrentUpdateException": true, "ResourceInUseFault": true, "IncorrectState": true,
}

// notYetTexts are what AWS says of something made moments ago, behind general codes.
var notYetTexts = []string{
	"Unable to assume the service linked role", "Unable to assume role",
	"verify that the ECS service role being passed has the proper permissions",
	"does not have an associated load balancer", "Unable to Start a service that is still Draining",
	"ECS was unable to assume the role", "is currently being deleted", "scheduled for deletion",
	"verify that it exists and", "is not in a state that allows",
}

// IsNotFound tells whether AWS answered that there is no such thing. On a create
// or an update the engine takes that for "not known everywhere yet" and waits.
func IsNotFound(err error) bool {
	code := Code(err)
	switch code {
	case "":
		return false
	case "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException", "ResourceNotFound", "NotFoundException", "NotFound",
		"RepositoryNotFoundException", "ServiceNotFoundException", "RuleNotFound", "NoSuchHostedZone", "ParameterNotFound",
		"ObjectNotFoundException", "NoSuchBucket", "NoSuchKey", "LifecyclePolicyNotFoundException", "NatGatewayNotFound",
		"DashboardNotFoundError", "ServiceNotActiveException", "TargetNotFound", "InvalidSubnet", "InvalidSecurityGroup":
		return true
	}
	return strings.HasSuffix(code, ".NotFound") || strings.HasSuffix(code, "NotFoundException") || strings.HasSuffix(code, "NotFound")
}

// Explain turns an error of AWS into one for people: which permission is
// missing, which credentials, which region. Anything else comes back as it is.
func Explain(err error, account Account) error {
	if err == nil {
		return nil
	}
	var op *smithy.OperationError
	switch {
	case Classify(err) == engine.Denied && errors.As(err, &op):
		action := Action(op.Service(), op.Operation())
		where := ""
		if account.ID != "" {
			where = " in account " + account.ID
		}
		return fmt.Errorf("permission %s is missing%s: %w: add it to the operator's policy (docs/iam-policy.json has all that karmactl needs)", action, where, err)
	case Is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired"):
		return fmt.Errorf("the credentials have expired: %w: sign in again (aws sso login)", err)
	case Is(err, "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"):
		return fmt.Errorf("AWS does not accept the credentials: %w: check AWS_PROFILE or AWS_ACCESS_KEY_ID", err)
	case errors.As(err, new(*net.DNSError)):
		return fmt.Errorf("cannot reach AWS: %w: check the network and --region", err)
	}
	return brief(err)
}

// Brief is an error of AWS's API without the SDK's wrapping: which call, which
// code, what AWS said, and the request id that its support asks for.
type Brief struct {
	Service, Operation, RequestID string
	API                           smithy.APIError
	Err                           error
}

func (e *Brief) Error() string {
	s := fmt.Sprintf("%s %s: %s: %s", e.Service, e.Operation, e.API.ErrorCode(), e.API.ErrorMessage())
	if e.RequestID != "" {
		s += " (request " + e.RequestID + ")"
	}
	return s
}

func (e *Brief) Unwrap() error { return e.Err }

// brief shortens an error that is nothing but an operation's.
func brief(err error) error {
	var op *smithy.OperationError
	api := smithy.APIError(nil)
	if !errors.As(err, &op) || !errors.As(err, &api) || err.Error() != op.Error() {
		return err
	}
	b := &Brief{Service: op.Service(), Operation: op.Operation(), API: api, Err: err}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		b.RequestID = resp.ServiceRequestID()
	}
	return b
}

// Action is the IAM action of an operation.
func Action(service, operation string) string {
	prefix, ok := actionPrefix[service]
	if !ok {
		prefix = strings.ToLower(strings.ReplaceAll(service, " ", ""))
	}
	if service == "S3" {
		if a, ok := s3Actions[operation]; ok {
			operation = a
		}
	}
	return prefix + ":" + operation
}

// actionPrefix is the IAM prefix by the SDK's service id, where it is not just that in lower case.
var actionPrefix = map[string]string{
	"Elastic Load Balancing v2": "elasticloadbalancing", "Application Auto Scaling": "application-autoscaling",
	"CloudWatch Logs": "logs", "Resource Groups Tagging API": "tag", "Secrets Manager": "secretsmanager",
	"Cost Explorer": "ce", "Service Quotas": "servicequotas", "Route 53": "route53",
}

// s3Actions are S3's actions where they are not the operation's name.
var s3Actions = map[string]string{
	"HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket", "HeadObject": "GetObject", "ListObjectVersions": "ListBucketVersions",
	"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
	"PutBucketEncryption": "PutEncryptionConfiguration", "GetBucketEncryption": "GetEncryptionConfiguration",
	"PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
}

// isAmbiguous tells whether the call may have taken effect although it failed:
// a 5xx, or a connection that ended.
func isAmbiguous(err error) bool {
	if err == nil || throttles[Code(err)] {
		return false
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.HTTPStatusCode() != 0 {
		return resp.HTTPStatusCode() >= 500
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorFault() == smithy.FaultServer
	}
	return !errors.Is(err, context.Canceled)
}
