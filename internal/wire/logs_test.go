//go:build wire

package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/fleet/logs"
)

// logs is a log API with the groups of two agents, two streams each.
type logAccount struct {
	*account
	client *cloudwatchlogs.Client
	groups []logs.Group
	n      int
}

func (a *account) newLogs(t *testing.T) *logAccount {
	t.Helper()
	l := &logAccount{account: a, client: cloud.NewClients(a.cfg).Logs}
	for _, agent := range []string{"validator", "karma-hello"} {
		g := logs.Group{Agent: agent, Name: "/ecs/karmacadabra-prod/" + agent}
		g.ARN = a.ARN("logs", "log-group:"+g.Name)
		if _, err := l.client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &g.Name}); err != nil {
			t.Fatal(err)
		}
		for _, task := range []string{"0a1", "0b2"} {
			if _, err := l.client.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &g.Name, LogStreamName: aws.String(agent + "/" + task)}); err != nil {
				t.Fatal(err)
			}
		}
		l.groups = append(l.groups, g)
	}
	return l
}

// write puts so many lines into every stream, a millisecond apart from at on.
func (l *logAccount) write(t *testing.T, at time.Time, lines int) {
	t.Helper()
	for _, g := range l.groups {
		for _, task := range []string{"0a1", "0b2"} {
			var events []types.InputLogEvent
			for i := range lines {
				events = append(events, types.InputLogEvent{
					Timestamp: aws.Int64(at.Add(time.Duration(i) * time.Millisecond).UnixMilli()), Message: aws.String(fmt.Sprintf("line %06d", l.n)),
				})
				l.n++
			}
			if _, err := l.client.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
				LogGroupName: &g.Name, LogStreamName: aws.String(g.Agent + "/" + task), LogEvents: events,
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// seen counts what a tail handed on.
type seen struct {
	mu       sync.Mutex
	lines    map[string]int
	agents   map[string]int
	disorder int
	last     time.Time
}

func (s *seen) emit(e logs.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == nil {
		s.lines, s.agents = map[string]int{}, map[string]int{}
	}
	s.lines[e.Message]++
	s.agents[e.Agent+"/"+e.Task]++
	if e.Time.Before(s.last) && !e.Late {
		s.disorder++
	}
	s.last = e.Time
	return nil
}

// complete says what is lost or doubled of the n lines that were written.
func (s *seen) complete(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, doubled := 0, 0
	for i := range n {
		switch s.lines[fmt.Sprintf("line %06d", i)] {
		case 0:
			lost++
		case 1:
		default:
			doubled++
		}
	}
	if lost+doubled+s.disorder > 0 || len(s.lines) != n || len(s.agents) != 4 {
		return fmt.Errorf("of %d lines %d are lost, %d doubled, %d out of order; %d of 4 streams were seen", n, lost, doubled, s.disorder, len(s.agents))
	}
	return nil
}

func TestTheTailReadsARealLogAPIOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			l := e.open(t, nil).newLogs(t)
			l.write(t, time.Now().Add(-time.Minute), 200)
			var past seen
			err := logs.Tail(t.Context(), l.client, logs.Options{Groups: l.groups, CallsPerSecond: -1, Clock: engine.RealClock{}}, past.emit)
			if err != nil {
				t.Fatal(err)
			}
			if err := past.complete(l.n); err != nil {
				t.Errorf("the past on %s: %v", e.name, err)
			}
		})
	}
}

func TestTheTailFollowsOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		for _, live := range []bool{false, true} {
			if live && e.name == "moto" {
				continue // has no StartLiveTail: docs/wire.md
			}
			t.Run(fmt.Sprintf("%s, live %t", e.name, live), func(t *testing.T) {
				l := e.open(t, nil).newLogs(t)
				o := logs.Options{Groups: l.groups, Follow: true, Since: time.Now().Add(-time.Minute), CallsPerSecond: 20, Clock: engine.RealClock{}}
				if live {
					o.Live = l.streaming(t)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				var now seen
				var words []string
				o.Say = func(s string) { words = append(words, s) }
				done := make(chan error, 1)
				go func() { done <- logs.Tail(ctx, l.client, o, now.emit) }()
				for range 10 {
					l.write(t, time.Now(), 5)
					if err := (engine.RealClock{}).Wait(ctx, 200*time.Millisecond); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				for err = now.complete(l.n); err != nil && ctx.Err() == nil; err = now.complete(l.n) {
					_ = (engine.RealClock{}).Wait(ctx, 100*time.Millisecond)
				}
				cancel()
				if werr := <-done; !errors.Is(werr, context.Canceled) {
					t.Errorf("the tail ends with %v", werr)
				}
				if err != nil {
					t.Errorf("following %s: %v; said %q", e.name, err, words)
				}
				if live && !strings.Contains(strings.Join(l.wire.answered(), " "), "StartLiveTail") {
					t.Error("there was no Live Tail session")
				}
			})
		}
	}
}

// streaming is a client whose connections all go to the emulator: Live Tail puts
// "streaming-" before the host, which no resolver knows.
func (l *logAccount) streaming(t *testing.T) *cloudwatchlogs.Client {
	t.Helper()
	address := strings.TrimPrefix(aws.ToString(l.cfg.BaseEndpoint), "http://")
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	cfg := l.cfg.Copy()
	cfg.HTTPClient = &http.Client{Transport: transport}
	return cloudwatchlogs.NewFromConfig(cfg)
}
