package awssim

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// operation is one API operation that is simulated.
type operation struct {
	name   string // Service.Operation, with the SDK's service id
	fields map[string]bool
	// in and out are the SDK's structs; pager says how the answer pages, if it does.
	in, out reflect.Type
	pager   *pager
	run     func(ctx context.Context, in any) (any, error)
}

// on declares an operation: its handler, and the input fields that the handler
// looks at. Any other field that is set is an error, because a field that is
// silently ignored is where a bug hides. I and O are pointers, so that the linked program
// has this function once and not once for each operation.
func on[I, O any](name string, f func(I) (O, error), fields ...string) operation {
	t := reflect.TypeFor[I]().Elem()
	known := map[string]bool{"noSmithyDocumentSerde": true}
	for _, n := range fields {
		if _, ok := t.FieldByName(n); !ok {
			panic(fmt.Sprintf("awssim: %s has no field %s", name, n)) // a mistake in this package, found by its first test
		}
		known[n] = true
	}
	return operation{name: name, fields: known, in: t, out: reflect.TypeFor[O]().Elem(), run: func(_ context.Context, in any) (any, error) {
		typed, ok := in.(I)
		if !ok {
			return nil, fmt.Errorf("awssim: %s got a %T", name, in)
		}
		out, err := f(typed)
		if err != nil {
			return nil, err
		}
		return out, nil
	}}
}

// unknownField names a field that is set and not simulated.
func (o operation) unknownField(in any) string {
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			continue
		}
		if name := v.Type().Field(i).Name; !o.fields[name] {
			return name
		}
	}
	return ""
}

type inputKey struct{}

// middleware answers every operation of every client: the typed input is kept
// at Initialize, and answered inside the retryer, so that validation,
// idempotency tokens, paginators and the retryer itself are the SDK's own.
func (s *Sim) middleware(stack *middleware.Stack) error {
	err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("awssim.Input",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(context.WithValue(ctx, inputKey{}, in.Parameters), in)
		}), middleware.After)
	if err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("awssim.Answer",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
			operation := awsmiddleware.GetOperationName(ctx)
			out.Result, err = s.answer(ctx, awsmiddleware.GetServiceID(ctx), operation, ctx.Value(inputKey{}))
			if err == nil && operation == "StartLiveTail" { // what it streams, the SDK reads from a response
				return next.HandleFinalize(ctx, in)
			}
			return out, meta, err
		}), "Retry", middleware.After)
}

// carryOut does what a call asks for, inside of a transaction.
func (s *Sim) carryOut(ctx context.Context, call Call, o operation, in any) (any, error) {
	s.settle()
	if err := s.authorize(call.Service, call.Operation, in); err != nil {
		return nil, err
	}
	if !call.Mutating {
		// What a read makes up is in no other process's world, so it takes no ids away.
		defer func(w *World, serial int) { w.Serial = serial }(s.world, s.world.Serial)
		defer s.readOtherwise()()
	}
	reply, err := o.run(ctx, s.copies.detach(in))
	if err == nil && o.pager != nil {
		err = s.cut(o.pager, in, reply)
	}
	out := s.copies.detach(reply)
	s.copies.sendEmptyLists(reflect.ValueOf(out))
	return out, err
}

// noteError writes down how a call ended.
func (s *Sim) noteError(call Call, err error) {
	for i := range slices.Backward(s.log) {
		if s.log[i].N == call.N && s.log[i].Name() == call.Name() && s.log[i].At.Equal(call.At) {
			s.log[i].Err = err
			return
		}
	}
}

// answer admits one call, has it carried out, and plays the fault that is planned for it.
func (s *Sim) answer(ctx context.Context, service, op string, in any) (any, error) {
	end := s.work()
	defer func() { end() }()
	call := Call{Service: service, Operation: op, Mutating: !cloud.Reads(op)}
	fault, err := s.admit(&call)
	if err != nil {
		return nil, err
	}
	if d := s.opts.Latency + fault.Delay; d > 0 {
		end()
		err := s.opts.Clock.Wait(ctx, d)
		end = s.work()
		if err != nil {
			return nil, &smithy.CanceledError{Err: err}
		}
	}
	if fault.Before != nil {
		return nil, fault.Before
	}
	o, ok := s.ops[call.Name()]
	if !ok {
		return nil, fmt.Errorf("awssim: %s is not simulated", call.Name())
	}
	if f := o.unknownField(in); f != "" {
		return nil, fmt.Errorf("awssim: %s: field %s is not simulated", call.Name(), f)
	}
	var out any
	err = s.transact(call.Mutating, func() (err error) {
		out, err = s.carryOut(ctx, call, o, in)
		return err
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observe != nil && s.otherwise == nil {
		s.observe(call.Name(), out, err)
	}
	s.noteError(call, err)
	if fault.Kill {
		s.dead = ErrKilled
		return nil, s.dead
	}
	if err == nil && fault.After != nil {
		return nil, fault.After
	}
	if s.dead != nil {
		return nil, s.dead
	}
	return out, err
}

// admit logs a call, throttles it, and asks what is to be done to it.
func (s *Sim) admit(call *Call) (Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead != nil {
		return Fault{}, s.dead
	}
	if s.opts.Throttle && !s.admitted(call.Service, call.Operation) {
		return Fault{}, Throttled(call.Service)
	}
	call.At = s.now()
	for i := len(s.log) - 1; i >= 0; i-- {
		if s.log[i].Mutating {
			call.N = s.log[i].N
			break
		}
	}
	if call.Mutating {
		call.N++
	}
	s.log = append(s.log, *call)
	if s.fault != nil {
		return s.fault(*call), nil
	}
	return Fault{}, nil
}

// LostConnection is a connection that ended before the reply came.
func LostConnection() error {
	return &smithyhttp.RequestSendError{Err: fmt.Errorf("read: connection reset by peer")}
}

// optional is a text that AWS leaves out when there is none.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
