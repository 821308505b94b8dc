package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
)

// timeUp is the end of --timeout: the cause of the end of a command's context.
type timeUp struct{ after time.Duration }

func (e *timeUp) Error() string { return fmt.Sprintf("--timeout %s is over", e.after) }
func (e *timeUp) Unwrap() error { return context.DeadlineExceeded }

// late is the end of --timeout, when that ended ctx.
func late(ctx context.Context) error {
	if up := (*timeUp)(nil); errors.As(context.Cause(ctx), &up) {
		return up
	}
	return nil
}

// inTime runs a command's work for as long as --timeout allows. What a call to AWS says of its own end is not for people;
// an error that says what --timeout ended is.
func (a *app) inTime(ctx context.Context, f func(context.Context) error) error {
	if limit := a.opts.timeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, &timeUp{limit})
		defer cancel()
	}
	err := f(ctx)
	up := late(ctx)
	if up == nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.As(err, new(*smithy.OperationError)) || !errors.As(err, new(*timeUp)) {
		return up
	}
	return err
}
