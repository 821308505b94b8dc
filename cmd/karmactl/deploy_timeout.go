package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// bound puts --timeout on what is done before a deployment begins. Without the flag its default is
// for the rollout alone: a build takes as long as it takes.
func (o deployOptions) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if !o.timeoutSet {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, o.timeout, &overtimeError{o.timeout})
}

// overtimeError is the end of --timeout before anything began to roll out.
type overtimeError struct{ after time.Duration }

func (e *overtimeError) Error() string {
	return fmt.Sprintf("--timeout %s was over before anything began to roll out: nothing was deployed", e.after)
}

// overtime is the end of --timeout in place of what it brought to an end.
func overtime(ctx context.Context, err error) error {
	if late := (*overtimeError)(nil); errors.As(context.Cause(ctx), &late) {
		return late
	}
	return err
}
