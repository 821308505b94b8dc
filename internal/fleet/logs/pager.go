package logs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// errMissing is a log group that does not exist (yet).
var errMissing = errors.New("log group does not exist")

const (
	// callLimit ends a call that hangs; a full page takes a second at most.
	callLimit = 30 * time.Second
	// patience is how often a read of the past is repeated when the connection fails or AWS has a fault.
	patience = 8
)

// pages reads [start, end] of a group to the end of its tokens and calls each with every page; end 0 is open.
// AWS may send an empty page with a token: only a missing token is the end. paid says that the pacer has
// already granted the first call.
func (t *tailer) pages(ctx context.Context, g *group, start, end int64, paid bool, each func() error) error {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(g.Name), StartTime: aws.Int64(start)}
	if end != 0 {
		in.EndTime = aws.Int64(end)
	}
	return t.read(ctx, g, in, paid, each)
}

func (t *tailer) read(ctx context.Context, g *group, in *cloudwatchlogs.FilterLogEventsInput, paid bool, each func() error) error {
	if t.Pattern != "" {
		in.FilterPattern = aws.String(t.Pattern)
	}
	for {
		if err := t.call(ctx, g, in, paid); err != nil {
			return err
		}
		paid = false
		if err := each(); err != nil {
			return err
		}
		if g.page.token == "" {
			return nil
		}
		in.NextToken = aws.String(g.page.token)
	}
}

// call gets one page into g.page and outlasts throttles and, for a while, lost connections.
func (t *tailer) call(ctx context.Context, g *group, in *cloudwatchlogs.FilterLogEventsInput, paid bool) error {
	for failed := 0; ; paid = false {
		if !paid {
			if err := t.pacer.take(ctx, 1, false); err != nil {
				return err
			}
		}
		err := t.once(ctx, g, in)
		switch {
		case err == nil:
			t.pacer.granted()
			g.calls++
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case cloud.Is(err, "ResourceNotFoundException"):
			t.pacer.granted()
			return errMissing
		case isThrottle(err):
			if t.pacer.throttled() {
				t.sayThrottled()
			}
		case !isPassing(err) || !t.Follow && failed == patience:
			return fmt.Errorf("read log group %s: %w", g.Name, err)
		default:
			t.say(fmt.Sprintf("reading log group %s failed, trying again: %v", g.Name, cloud.Reason(err)))
			if err := t.Clock.Wait(ctx, min(5*time.Second, 250*time.Millisecond<<min(failed, 5))); err != nil {
				return err
			}
			failed++
		}
	}
}

func (t *tailer) once(ctx context.Context, g *group, in *cloudwatchlogs.FilterLogEventsInput) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	g.page.reset()
	g.asked = t.now()
	out, err := t.api.FilterLogEvents(ctx, in, g.page.option)
	if err != nil {
		return err
	}
	if !g.page.decoded {
		g.page.take(out)
	}
	if at, ok := middleware.GetServerTime(out.ResultMetadata); ok && !at.IsZero() {
		t.sawServerTime(at)
	}
	return nil
}

// sayThrottled tells that AWS grants less than the pace asks for, and what would help.
func (t *tailer) sayThrottled() {
	what := "CloudWatch Logs throttles this account: reading continues, slower"
	if t.Follow && t.Live == nil {
		what += "; --live brings events within a second whatever the quota: " + LivePrice
	}
	t.say(what)
}

func isThrottle(err error) bool {
	return retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}.IsErrorThrottle(err) == aws.TrueTernary
}

// isPassing is a fault of the connection or of AWS that may be gone next time.
func isPassing(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}
