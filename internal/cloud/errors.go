package cloud

import (
	"context"
	"errors"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
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
	case signedOut(err):
		return engine.SignedOut
	case code == "":
		return engine.Other
	case throttles[code]:
		return engine.Throttled
	case heldAddress(err), heldInterface(err):
		return engine.Busy
	case unspread(err):
		return engine.NotYet
	case denials[code]:
		return engine.Denied
	case busy[code]:
		return engine.Busy
	case notYet[code] || Says(err, notYetTexts...):
		return engine.NotYet
	case IsNotFound(err):
		return engine.NotFound
	}
	return engine.Other
}

// signedOut tells whether the credentials have ended: AWS says so, or refuses the call that was to renew them.
func signedOut(err error) bool {
	if Is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired") || errors.As(err, new(*ssocreds.InvalidTokenError)) {
		return true
	}
	op := (*smithy.OperationError)(nil)
	if !errors.As(err, &op) {
		return false
	}
	root := innermost(op)
	return root != op && (root.Service() == "SSO" || root.Service() == "SSO OIDC" || root.Service() == "STS") && !throttles[Code(root)]
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

// heldAddress tells whether EC2 refuses to release an address because a NAT gateway that is being deleted still
// holds it. Any other AuthFailure means that the credentials could not be validated:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
func heldAddress(err error) bool {
	return Is(err, "AuthFailure", "UnauthorizedOperation") && Says(err, "You do not have permission to access the specified resource")
}

// heldInterface tells whether EC2 refuses to delete a network interface because something has it, such as an instance
// that is stopping: a group that is deleted by force need not wait for its instances, whatever it tells.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
func heldInterface(err error) bool {
	return Is(err, "InvalidNetworkInterface.InUse") ||
		Is(err, "InvalidParameterValue") && Says(err, "Network interface '") && Says(err, "is currently in use")
}

// unspread tells whether Step Functions denies a call for a role that it does not know yet, or not all of: it tries
// a role as soon as a state machine is made. A role that lacks the right is told from that by time alone.
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sfn/state_machine.go
func unspread(err error) bool {
	return Is(err, "AccessDeniedException") && Says(err, "is not authorized to create managed-rule", "is authorized to assume the provided role")
}

// busy are the codes of something that is held by something else that is going away.
var busy = map[string]bool{
	"DependencyViolation": true, "InvalidGroup.InUse": true, "InvalidIPAddress.InUse": true, "ResourceInUse": true, "ResourceInUseException": true,
	"DeleteConflict": true, "ClusterContainsServicesException": true, "ClusterContainsTasksException": true,
	"ClusterContainsContainerInstancesException": true, "UpdateInProgressException": true, "OperationInProgress": true,
	"OperationAbortedException": true, "ConcurrentModification": true, "ConcurrentModificationException": true,
	"ConcurrentUpdateException": true, "ResourceInUseFault": true, "IncorrectState": true,
	"FileSystemInUse": true, "IncorrectFileSystemLifeCycleState": true, "IncorrectMountTargetState": true,
	"ScalingActivityInProgress": true, "InvalidCidrBlock.InUse": true, "StateMachineDeleting": true,
}

// notYet are the codes of something that is still being set up. S3 answers OperationAborted to changes of a bucket
// that is seconds old, without another caller: https://github.com/hashicorp/terraform-provider-aws/issues/7628
var notYet = map[string]bool{"OperationAborted": true}

// notYetTexts are what AWS says of something made moments ago, behind general codes.
var notYetTexts = []string{
	"Unable to assume the service linked role", "Unable to assume role",
	"verify that the ECS service role being passed has the proper permissions",
	"does not have an associated load balancer", "Unable to Start a service that is still Draining",
	"must allow AWS EventBridge Scheduler to assume the role",
	"ECS was unable to assume the role", "is currently being deleted", "scheduled for deletion",
	"verify that it exists and", "is not in a state that allows",
	// ECS right after RegisterTaskDefinition, and after a service of the same name was deleted:
	// https://github.com/aws/copilot-cli/issues/4313
	"TaskDefinition not found.", "SC service is already used by",
}

// IsNotFound tells whether AWS answered that there is no such thing. On a create
// or an update the engine takes that for "not known everywhere yet" and waits.
func IsNotFound(err error) bool {
	code := Code(err)
	switch code {
	case "":
		return false
	case "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException", "ResourceNotFound", "NotFoundException", "NotFound",
		"RepositoryNotFoundException", "ServiceNotFoundException", "RuleNotFound", "NoSuchHostedZone", "ParameterNotFound", "InvalidResourceId",
		"ObjectNotFoundException", "NoSuchBucket", "NoSuchKey", "LifecyclePolicyNotFoundException", "NatGatewayNotFound",
		"DashboardNotFoundError", "StateMachineDoesNotExist", "ExecutionDoesNotExist", "ServiceNotActiveException", "TargetNotFound", "InvalidSubnet", "InvalidSecurityGroup":
		return true
	}
	return strings.HasSuffix(code, ".NotFound") || strings.HasSuffix(code, "NotFoundException") || strings.HasSuffix(code, "NotFound")
}

// IgnoreNotFound is the error of a read; that there is no such thing is an answer and no error.
func IgnoreNotFound(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// isAmbiguous tells whether the call may have taken effect although it failed:
// a 5xx, or a connection that ended. S3 says with a 501 that it does not take a
// header: such a call did nothing.
func isAmbiguous(err error) bool {
	if err == nil || throttles[Code(err)] || Is(err, "NotImplemented") {
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
