package cloud

import (
	"context"
	"fmt"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// Reads tells whether an operation only reads.
func Reads(operation string) bool {
	for _, p := range []string{"Describe", "Get", "List", "Head", "BatchGet", "Lookup", "FilterLogEvents", "StartQuery", "StopQuery", "StartLiveTail"} {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// ReadOnly is an API option that refuses every operation that is not a read,
// before anything leaves the machine. A plan's clients carry it: a plan that
// would write is an error, not a promise.
func ReadOnly(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("karmactl.ReadOnly",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			op := awsmiddleware.GetOperationName(ctx)
			if !Reads(op) {
				return middleware.InitializeOutput{}, middleware.Metadata{}, &WriteRefused{Service: awsmiddleware.GetServiceID(ctx), Operation: op}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
}

// WriteRefused is what a plan's client answers to a write.
type WriteRefused struct{ Service, Operation string }

func (e *WriteRefused) Error() string {
	return fmt.Sprintf("a plan does not write: %s %s was refused before it was sent", e.Service, e.Operation)
}

// LostReply is the failure of a create that may have worked all the same. It is
// not sent again by the SDK: the engine looks by tag before it makes another.
type LostReply struct {
	Operation string
	Err       error
}

func (e *LostReply) Error() string {
	return fmt.Sprintf("the reply to %s was lost, it may have worked: %v", e.Operation, e.Err)
}
func (e *LostReply) Unwrap() error { return e.Err }

// RetryableError tells the SDK's retryer to leave it.
func (e *LostReply) RetryableError() bool { return false }

// withToken are the creates that karmactl sends with a client token, by which AWS
// recognizes one that is sent again. A test holds the list to the creates.
var withToken = map[string]bool{
	"CreateAccessPoint": true, "CreateEgressOnlyInternetGateway": true, "CreateFileSystem": true, "CreateNatGateway": true, "CreateNetworkInterface": true, "CreateLaunchTemplate": true, "CreateVpcEndpoint": true, "CreateRouteTable": true, "CreateHttpNamespace": true,
	"CreateSchedule": true, "CreateScheduleGroup": true, "CreateSecret": true, "CreateService": true, "RequestCertificate": true, "RunTask": true,
}

// sameAgain are the creates that give the same thing back when they are sent
// again with the same name and settings.
var sameAgain = map[string]bool{
	"CreateTags": true, "CreateOrUpdateTags": true, "CreateCluster": true, "CreateTopic": true,
	"CreateLoadBalancer": true, "CreateTargetGroup": true, "CreateListener": true, "CreateStateMachine": true,
}

// makesNew tells whether sending the operation twice makes two things.
func makesNew(operation string) bool {
	if withToken[operation] || sameAgain[operation] {
		return false
	}
	for _, p := range []string{"Create", "Allocate", "AssociateVpcCidrBlock", "AssociateSubnetCidrBlock", "RegisterTaskDefinition", "RequestCertificate", "RunTask"} {
		if strings.HasPrefix(operation, p) {
			return true
		}
	}
	return false
}

// LostReplies is an API option that keeps the SDK from repeating a create whose
// reply was lost. It sits inside the retryer, so it sees each attempt.
func LostReplies(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("karmactl.LostReplies",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleFinalize(ctx, in)
			if op := awsmiddleware.GetOperationName(ctx); err != nil && makesNew(op) && isAmbiguous(err) {
				err = &LostReply{Operation: op, Err: err}
			}
			return out, meta, err
		}), "Retry", middleware.After)
}
