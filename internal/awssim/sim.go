// Package awssim is an AWS in this process: a rehearsal without an account, and
// the judge of the tests. It answers the SDK's own clients through aws.Config,
// so product code has no test branch.
//
// It is strict. An operation, filter or input field that it does not know is an
// error, AWS's own error codes come back, ids are not visible at once, slow
// things are slow, and what is in use cannot be deleted. One noun, one file:
// the file names are those of provision.
package awssim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/karmacadabra/karmactl/internal/awssim/iam"
	"github.com/karmacadabra/karmactl/internal/awssim/registry"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// DefaultAccount is the account's number where Options name none.
const DefaultAccount = "123456789012"

// Options are how strict and how slow the simulated AWS is.
type Options struct {
	Clock   engine.Clock
	Account string
	Region  string
	// Latency of every call.
	Latency time.Duration
	// Visible is how long a new id is unknown to other calls and listings.
	Visible time.Duration
	// Throttle puts AWS's own token buckets in force.
	Throttle bool
	// File keeps the world between processes; "" keeps it in memory.
	File string
}

// Sim is one simulated account in one region.
type Sim struct {
	opts  Options
	nouns []noun
	ops   map[string]operation
	mu    sync.Mutex
	world *World
	store *worldFile
	// still is a picture of a world: it does not live on.
	still bool
	// elsewhere are the other regions that this account was opened in.
	elsewhere []string
	// at is the tick that the world lives through; zero when it is not doing so.
	at time.Time
	// services are the tasks of each service, oldest first; nil is not known.
	services map[string][]*Task
	vault    vault
	registry struct {
		once sync.Once
		all  *registry.Registry
	}
	// resolver has what this process was told of names; requests counts what its load balancers
	// were asked, by ARN and minute.
	resolver map[string]answeredName
	requests map[string]map[int64]int
	// queries are those of Logs Insights that this process started, by id.
	queries map[string]*logQuery

	// tokens lead to the next pages of listings, which have perPage items at
	// most; 0 is as many as AWS gives.
	tokens  map[string]shown
	perPage int

	// caller is the world's operator as it was when its documents were read; decided are the
	// permissions asked.
	caller   iam.Principal
	operated Operator
	decided  map[string]bool

	// What the account reads at every tick or call is read once.
	policies   parsed[iam.Policy]
	lifecycles parsed[[]lifecycleRule]
	schedules  parsed[*schedule]
	copies     copier

	log     []Call
	buckets map[string]*bucket
	fault   func(Call) Fault
	// otherwise edits the copy of the world that reads are answered from; nil is none. The copy is
	// instead, which is made again after each write and each tick; nil is not made.
	otherwise func(*World)
	instead   *World
	// observe is told of every answer; nil is not told.
	observe func(operation string, answer any, err error)
	dead    error
}

// New makes a simulated account, or opens the one in opts.File.
func New(opts Options) (*Sim, error) {
	if opts.Clock == nil {
		opts.Clock = engine.RealClock{}
	}
	if opts.Account == "" {
		opts.Account = DefaultAccount
	}
	if opts.Region == "" {
		opts.Region = "us-east-1"
	}
	s := &Sim{
		opts: opts, buckets: map[string]*bucket{}, tokens: map[string]shown{}, decided: map[string]bool{}, resolver: map[string]answeredName{}, requests: map[string]map[int64]int{},
		policies: parsed[iam.Policy]{}, lifecycles: parsed[[]lifecycleRule]{}, schedules: parsed[*schedule]{}, copies: copier{},
	}
	s.nouns, s.ops = s.declared(), map[string]operation{}
	for _, n := range s.nouns {
		for _, o := range n.ops {
			s.ops[o.name] = o
		}
	}
	if opts.File == "" {
		s.world = newWorld(opts.Account, opts.Region)
		return s, nil
	}
	store, world, err := openWorld(opts.File, opts.Account, opts.Region)
	if err != nil {
		return nil, err
	}
	s.store, s.world = store, world
	return s, nil
}

// Config is what the SDK's clients are made from.
func (s *Sim) Config() aws.Config {
	cfg := aws.Config{
		Region:      s.opts.Region,
		HTTPClient:  liveTail{s},
		Credentials: credentials.NewStaticCredentialsProvider("AKIASIMULATED0000000", "simulated", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 12
				o.Backoff = s.backoff()
				o.RateLimiter = free{}
			})
		},
	}
	cfg.APIOptions = append(cfg.APIOptions, s.middleware)
	return cfg
}

// backoff of the simulated account's clients. The SDK sleeps on the machine's clock,
// so in a rehearsal its own pauses are as much shorter as the account's clock is faster.
func (s *Sim) backoff() retry.BackoffDelayer {
	if c, ok := s.opts.Clock.(*FastClock); ok {
		own := retry.NewExponentialJitterBackoff(mostBackoff)
		return retry.BackoffDelayerFunc(func(attempt int, err error) (time.Duration, error) {
			d, err := own.BackoffDelay(attempt, err)
			return time.Duration(float64(d) / c.Speed), err
		})
	}
	return retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
		return min(time.Duration(1<<attempt)*5*time.Millisecond, 200*time.Millisecond), nil
	})
}

// mostBackoff is the longest pause of the SDK between two tries.
const mostBackoff = 20 * time.Second

type free struct{}

func (free) GetToken(context.Context, uint) (func() error, error) {
	return func() error { return nil }, nil
}
func (free) AddTokens(uint) error { return nil }

// Call is one call that reached the simulated AWS.
type Call struct {
	// N counts the mutating calls from 1; reads have the N of the last one.
	N         int
	Service   string
	Operation string
	Mutating  bool
	At        time.Time
	Err       error
}

// Name is Service.Operation.
func (c Call) Name() string { return c.Service + "." + c.Operation }

// Fault is what is done to one call.
type Fault struct {
	// Before is answered instead of carrying the call out.
	Before error
	// After is answered although the call took effect: its reply was lost.
	After error
	// Kill: the process dies right after the call took effect.
	Kill bool
	// Delay is added to the latency.
	Delay time.Duration
}

// Inject has every call looked at before it is carried out; nil ends that.
func (s *Sim) Inject(f func(Call) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.dead = f, nil
}

// Observe has f told of every answer and every refusal, except what Inject or
// ReadOtherwise make. It may be called from many goroutines; nil ends it.
func (s *Sim) Observe(f func(operation string, answer any, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe = f
}

// Calls are the calls so far.
func (s *Sim) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.log...)
}

// Mutations are the calls so far that changed something or tried to.
func (s *Sim) Mutations() []Call {
	var out []Call
	for _, c := range s.Calls() {
		if c.Mutating {
			out = append(out, c)
		}
	}
	return out
}

// ResetCalls empties the log.
func (s *Sim) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Edit changes the world behind everybody's back: drift, strangers, failures. What
// follows from it shows at once.
func (s *Sim) Edit(f func(*World)) error {
	err := s.transact(true, func() error {
		s.settle()
		f(s.world)
		s.live(s.now())
		return nil
	})
	return errors.Join(err, s.sync())
}

// Dead tells whether a fault has killed the process.
func (s *Sim) Dead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead != nil
}

// ErrKilled is what a call answers after the process has died.
var ErrKilled = fmt.Errorf("the process was killed")

// now is the account's time: the clock's, or a tick while the account lives through it.
func (s *Sim) now() time.Time {
	if !s.at.IsZero() {
		return s.at
	}
	return s.opts.Clock.Now().UTC()
}

// visible tells whether something created at t is known everywhere.
func (s *Sim) visible(t time.Time) bool { return !s.now().Before(t.Add(s.opts.Visible)) }
