package awssim

import (
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// fail is an error with AWS's own code, and the status that AWS sends it with.
func fail(code, format string, args ...any) error {
	return refuse(statusOf(code), code, fmt.Sprintf(format, args...))
}

func refuse(status int, code, message string) error {
	fault := smithy.FaultClient
	if status >= http.StatusInternalServerError {
		fault = smithy.FaultServer
	}
	return refuseAs(status, &smithy.GenericAPIError{Code: code, Message: message, Fault: fault})
}

// refuseAs is a refusal that says more than its code and message.
func refuseAs(status int, err smithy.APIError) error {
	return &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: http.Header{}}},
			Err:      err,
		},
		RequestID: "simulated",
	}
}

// statuses are the HTTP statuses of refusals that are not a plain 400, by code.
// The JSON services and EC2 send 400 for nearly all; S3, IAM, SNS and CloudWatch
// tell what is not there from what may not be. What was recorded is in
// recorded/recorded.json; the others are in AWS's lists of common errors.
var statuses = map[string]int{
	"NotModified": http.StatusNotModified, "PermanentRedirect": http.StatusMovedPermanently, "MovedPermanently": http.StatusMovedPermanently,

	"AccessDenied": http.StatusForbidden, "Forbidden": http.StatusForbidden, "UnauthorizedOperation": http.StatusForbidden, "AuthorizationError": http.StatusForbidden,

	"NoSuchEntity": http.StatusNotFound, "NotFound": http.StatusNotFound, "ResourceNotFound": http.StatusNotFound, "DashboardNotFoundError": http.StatusNotFound,
	"NoSuchBucket": http.StatusNotFound, "NoSuchKey": http.StatusNotFound, "NoSuchVersion": http.StatusNotFound, "NoSuchTagSet": http.StatusNotFound,
	"NoSuchLifecycleConfiguration": http.StatusNotFound, "NoSuchBucketPolicy": http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration": http.StatusNotFound,
	"ServerSideEncryptionConfigurationNotFoundError": http.StatusNotFound, "NoSuchHostedZone": http.StatusNotFound, "NoSuchChange": http.StatusNotFound,

	"MethodNotAllowed": http.StatusMethodNotAllowed,

	"BucketAlreadyOwnedByYou": http.StatusConflict, "BucketAlreadyExists": http.StatusConflict, "BucketNotEmpty": http.StatusConflict,
	"ConditionalRequestConflict": http.StatusConflict, "OperationAborted": http.StatusConflict,
	"EntityAlreadyExists": http.StatusConflict, "DeleteConflict": http.StatusConflict, "LimitExceeded": http.StatusConflict,

	"PreconditionFailed": http.StatusPreconditionFailed,

	"NotImplemented": http.StatusNotImplemented, "RequestLimitExceeded": http.StatusServiceUnavailable,
}

// statusOf is the status of a refusal.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// ServerError is a 500 of AWS's: the call may or may not have worked.
func ServerError() error {
	return refuse(http.StatusInternalServerError, "InternalFailure", "simulated failure")
}
