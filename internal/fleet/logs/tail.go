// Package logs reads CloudWatch Logs of many log groups as one stream that loses nothing.
//
// A timestamp is given by the writer and an event can be read only once its writer has flushed, so no reader can
// follow a log by asking for "newer than the last one". Tail asks again for a window that it has already read,
// and knows each event by its id. All groups share the one quota of the account (see pacer.go).
package logs

import (
	"context"
	"errors"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// API is what reading needs of *cloudwatchlogs.Client.
type API interface {
	FilterLogEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// LiveAPI is what Options.Live needs of *cloudwatchlogs.Client.
type LiveAPI interface {
	StartLiveTail(context.Context, *cloudwatchlogs.StartLiveTailInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.StartLiveTailOutput, error)
}

// Group is the log group of one agent.
type Group struct {
	Agent string
	Name  string
	// ARN is needed by Live Tail only, without a trailing ":*".
	ARN string
}

// Event is one line of the merged stream.
type Event struct {
	// Time is the writer's timestamp, in milliseconds.
	Time time.Time
	// Ingested is when CloudWatch Logs took it in.
	Ingested time.Time
	Agent    string
	Group    string
	Stream   string
	// Task is the ECS task id: the last part of the stream's name.
	Task string
	// Container is the container that wrote it; the agent's own has the agent's name.
	Container string
	// ID is CloudWatch's eventId. An event that came by Live Tail or GetLogEvents has none; it gets "content-" and a hash of
	// its content, the same in every run.
	ID      string
	Message string
	// Source is empty for a log event, and for a woven-in one it says where it is from ("ecs").
	Source string
	// Late says that a newer event was handed on before this one.
	Late bool
}

// Defaults of Options.
const (
	DefaultOrder    = 650 * time.Millisecond
	DefaultLookBack = 30 * time.Second
)

// Options say what to read and how.
type Options struct {
	Groups []Group
	// Since is the oldest timestamp wanted; zero is an hour ago, or now with Follow.
	Since time.Time
	// Until is the newest timestamp wanted; zero is now. It cannot go with Follow.
	Until time.Time
	// Follow continues with what is written from now on, until ctx ends.
	Follow bool
	// Tail keeps only the last so many events of the past, over all groups together; 0 keeps all.
	Tail int
	// Pattern is a CloudWatch Logs filter pattern, applied by AWS.
	Pattern string
	// Include keeps an event that matches any of them (none: keep all); Exclude drops one that matches any.
	Include, Exclude []*regexp.Regexp
	// Level keeps events of that level and above. An event that shows no level is kept only by LevelAny.
	Level Level
	// Task keeps events of tasks whose id starts with it, and Container those of the containers of that name.
	Task, Container string

	// Order is how long a followed event may wait, counted from its timestamp, for older ones of other streams:
	// what can be read within Order of its timestamp comes in order, the rest comes at once and is marked Late.
	Order time.Duration
	// LookBack is how late an event may become readable and still be found. It bounds the memory, too.
	LookBack time.Duration
	// Region says which quotas the pace begins with; the pace goes down by what AWS answers.
	Region string
	// CallsPerSecond bounds FilterLogEvents over all groups, and StreamCallsPerSecond GetLogEvents; 0 is nearly what AWS
	// grants in the region, negative no bound.
	CallsPerSecond, StreamCallsPerSecond float64

	// Streams adds, while following, a fast lane of GetLogEvents for the streams that are known: the streams that
	// FilterLogEvents has shown, and the streams that Known names, best before a stream's first event. Not with a Pattern, which
	// GetLogEvents does not have, and not when AWS denies it. Both may be nil.
	Streams StreamAPI
	Known   <-chan Stream

	// Live adds a Live Tail session for speed; what it leaves out is read as usual. Groups need their ARN.
	Live LiveAPI
	// Past are events from elsewhere to weave into the history, Extra the ones that arrive while following.
	Past  []Event
	Extra <-chan Event

	Clock engine.Clock
	// Say is told once of each thing that the user should know and that does not end the tail. It is called by many
	// goroutines but never by two at once, and what it does holds up the reading. It may be nil.
	Say func(string)
	// Flush is called when no more events are ready, so that a buffering emit can write. It may be nil.
	Flush func() error
}

// Tail reads the groups and hands every event to emit, one at a time, from one goroutine. Without Follow it
// returns nil at the end; with Follow it returns the cause of ctx's end. An error of emit or Flush ends it.
// A group that does not exist is waited for with Follow, and said and passed over without.
func Tail(ctx context.Context, api API, o Options, emit func(Event) error) error {
	t, err := newTailer(api, o, emit)
	if err != nil {
		return err
	}
	if err := t.history(ctx); err != nil {
		return err
	}
	t.sayMissing()
	if err := t.flush(); err != nil || !o.Follow {
		return err
	}
	return t.follow(ctx)
}

// tailer is one run of Tail. The fields are set before anything runs, or belong to what guards itself.
type tailer struct {
	Options
	api    API
	groups []*group
	pacer  *pacer
	out    *merger
	keep   filter
	// skew is how far AWS's clock is ahead of ours in milliseconds; 0 when it is about right.
	skew atomic.Int64
	// fromNow says that Since was left open, so the local clock must not decide what is old.
	fromNow bool
	// both makes one stream of events that come in several ways; nil when there is one way.
	both *reconciler
	// gap is what Live Tail has left out.
	gap liveGap
	// traces are of the events followed.
	traces traces
	// lane is nil without the fast lane.
	lane         *fastLane
	said         onceSayer
	largeBuffers chan *body
}

func newTailer(api API, o Options, emit func(Event) error) (*tailer, error) {
	if len(o.Groups) == 0 {
		return nil, errors.New("tail logs: no log group given: name at least one agent")
	}
	if o.Follow && !o.Until.IsZero() {
		return nil, errors.New("tail logs: until and follow exclude each other: leave one out")
	}
	o.setDefaults()
	fromNow := o.Since.IsZero() && o.Follow
	if o.Since.IsZero() {
		o.Since = o.Clock.Now()
		if !o.Follow {
			o.Since = o.Since.Add(-time.Hour)
		}
	}
	t := &tailer{Options: o, api: api, pacer: newPacer(o.Clock, o.CallsPerSecond), out: &merger{to: emit}, keep: newFilter(o), traces: traces{}, fromNow: fromNow, largeBuffers: make(chan *body, 2)}
	if o.Follow && (o.Live != nil || o.Streams != nil && o.Pattern == "") {
		t.both = newReconciler()
	}
	if !o.Follow {
		t.pacer.inOneGo()
	}
	for range cap(t.largeBuffers) {
		t.largeBuffers <- new(body)
	}
	for _, g := range o.Groups {
		if o.Live != nil && g.ARN == "" {
			return nil, errors.New("tail logs: live tail of " + g.Name + " needs the log group's ARN")
		}
		t.groups = append(t.groups, newGroup(t, g))
	}
	return t, nil
}

// setDefaults fills in what was left out, except since when.
func (o *Options) setDefaults() {
	if o.Clock == nil {
		o.Clock = engine.RealClock{}
	}
	if o.Order == 0 {
		o.Order = DefaultOrder
	}
	if o.LookBack == 0 {
		o.LookBack = DefaultLookBack
	}
	quotas := cloud.LogQuotasOf(o.Region)
	if o.CallsPerSecond == 0 {
		o.CallsPerSecond = filterShare * quotas.Filter
	}
	if o.StreamCallsPerSecond == 0 {
		o.StreamCallsPerSecond = min(hurriedPace, streamShare*quotas.Stream)
	}
}

// now is AWS's time in milliseconds, as well as we know it.
func (t *tailer) now() int64 { return t.Clock.Now().UnixMilli() + t.skew.Load() }

// sawServerTime corrects for a machine whose clock is off: the window that is read again, and the order window, are
// counted in AWS's time. The Date header has whole seconds, so less than two are taken for none.
func (t *tailer) sawServerTime(at time.Time) {
	d := at.UnixMilli() - t.Clock.Now().UnixMilli()
	if d > -2000 && d < 2000 {
		d = 0
	}
	t.skew.Store(d)
}

func (t *tailer) flush() error {
	if t.Flush == nil {
		return nil
	}
	return t.Flush()
}

// say tells the user a thing once.
func (t *tailer) say(what string) {
	if t.Say != nil {
		t.said.once(what, t.Say)
	}
}
