package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// deadline puts --timeout on a command.
func (a *app) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.opts.timeout <= 0 {
		return ctx, func() {}
	}
	a.ends = time.Now().Add(a.opts.timeout)
	return context.WithTimeoutCause(ctx, a.opts.timeout, &timeUp{a.opts.timeout})
}

// timeUp is the end of --timeout. A walk takes it as it takes a Ctrl-C.
type timeUp struct{ after time.Duration }

func (e *timeUp) Error() string        { return fmt.Sprintf("--timeout %s is over", e.after) }
func (e *timeUp) Is(target error) bool { return target == context.Canceled }

// late tells whether --timeout is over.
func (a *app) late() bool { return !a.ends.IsZero() && !time.Now().Before(a.ends) }

// inTime runs a command's work for as long as --timeout allows. What a call to AWS says of its own end is not for people.
func (a *app) inTime(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := a.deadline(ctx)
	defer cancel()
	err := f(ctx)
	if a.late() && (errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*smithy.CanceledError)) || errors.As(err, new(*aws.RequestCanceledError))) {
		return &timeUp{a.opts.timeout}
	}
	return err
}
