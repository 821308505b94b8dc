//go:build wire

package wire

import (
	"context"
	"fmt"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// recorder notes every attempt that went over the wire, and lays the gaps'
// answers over the emulator's.
type recorder struct {
	mu    sync.Mutex
	calls []call
}

// call is one attempt.
type call struct {
	// op is Service.Operation, with the SDK's service id.
	op       string
	mutating bool
	// answered: the emulator's own answer was a success.
	answered bool
	code     string
}

func (r *recorder) note(c call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

// mutations are the attempts to change something since the mark.
func (r *recorder) mutations(mark int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, c := range r.calls[mark:] {
		if c.mutating {
			out = append(out, c.op)
		}
	}
	return out
}

// mark is where the recording is.
func (r *recorder) mark() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.calls)
}

// answered are the operations to which the emulator itself gave an answer.
func (r *recorder) answered() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, c := range r.calls {
		if c.answered {
			out = append(out, c.op)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type inputKey struct{}

// middleware sits inside the SDK's retryer and outside its serializers: what it
// notes was sent, and what a gap puts right was received.
func (r *recorder) middleware(gaps []*gap) func(*middleware.Stack) error {
	type bridge func(in, out any, err error) (any, error)
	byOp := map[string][]bridge{}
	for _, g := range gaps {
		for _, ru := range g.rules {
			byOp[ru.op] = append(byOp[ru.op], func(in, out any, err error) (any, error) { return g.bridge(ru, in, out, err) })
		}
	}
	return func(stack *middleware.Stack) error {
		err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("wire.Input",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(context.WithValue(ctx, inputKey{}, in.Parameters), in)
			}), middleware.After)
		if err != nil {
			return err
		}
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("wire.Record",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				op := awsmiddleware.GetServiceID(ctx) + "." + awsmiddleware.GetOperationName(ctx)
				out, meta, err := next.HandleFinalize(ctx, in)
				r.note(call{op: op, mutating: !cloud.Reads(awsmiddleware.GetOperationName(ctx)), answered: err == nil, code: cloud.Code(err)})
				for _, b := range byOp[op] {
					out.Result, err = b(ctx.Value(inputKey{}), out.Result, err)
				}
				return out, meta, err
			}), "Retry", middleware.After)
	}
}

// count says how often each of some words occurs, in order.
func count(words []string) []string {
	n := map[string]int{}
	for _, w := range words {
		n[w]++
	}
	var out []string
	for w, k := range n {
		out = append(out, fmt.Sprintf("%s ×%d", w, k))
	}
	slices.Sort(out)
	return out
}
