package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/fleet/logs/logstest"
)

// The benchmarks run three processes, so that a tailer's CPU and memory are its own: the scripted server, the
// tailer (this test binary again, or a command in KARMACTL_BENCH_TAILER), and the test, which reads what it prints.
const role = "KARMACTL_TAIL_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "server":
		fatal(serve())
	case "tailer":
		fatal(runTailer())
	default:
		os.Exit(m.Run())
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// setup is what the processes agree on.
type setup struct {
	Start   time.Time
	Flush   time.Duration
	History int
	// Region gives the quotas of the server and of the tailer; empty is no quota. Granted is what the server grants
	// instead, when the two are to differ.
	Region  string
	Granted cloud.LogQuotas
	// Busy has empty pages, Lane the fast lane and Live the sessions.
	Busy, Lane, Live bool
	// Known are the streams that the fast lane is told of: to work them out would be no work of a tailer.
	Known []knownStream
	URL   string
	Order time.Duration
	// Interrupt is after how many lines the tailer is told to end; 0 is 88 s after Start, or never in a history.
	// With Waiting it is told so when it has asked for more since, and waits for it.
	Interrupt int
	Waiting   bool
}

func (s setup) lines() []logstest.Line {
	if s.History > 0 {
		return logstest.History(s.Start, s.History)
	}
	return logstest.Minute(s.Start, s.Flush, 42)
}

func fromEnv() (s setup, err error) {
	err = json.Unmarshal([]byte(os.Getenv("KARMACTL_TAIL_SETUP")), &s)
	return s, err
}

func (s setup) env(as string) []string {
	b, _ := json.Marshal(s)
	// Under the race detector a process would sleep for a second before it exits.
	race := strings.TrimSpace(os.Getenv("GORACE") + " atexit_sleep_ms=0")
	return append(os.Environ(), role+"="+as, "KARMACTL_TAIL_SETUP="+string(b), "GORACE="+race)
}

func serve() error {
	s, err := fromEnv()
	if err != nil {
		return err
	}
	server := logstest.NewServer(time.Now, s.lines())
	if s.Region != "" {
		granted := cloud.LogQuotasOf(s.Region)
		if s.Granted != (cloud.LogQuotas{}) {
			granted = s.Granted
		}
		server.Allow, server.AllowStream = logstest.Bucket(granted.Filter), logstest.Bucket(granted.Stream)
		if s.History == 0 {
			server.ThrottleEvery, server.EmptyEvery = 20, 17
		}
	}
	server.EmptyPages = s.Busy
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The parent process waits for this line.
	if _, err := fmt.Fprintln(os.Stdout, "http://"+l.Addr().String()); err != nil {
		return err
	}
	return http.Serve(l, server)
}

// keepBody keeps the SDK from closing a request's body while a fast server still answers.
type keepBody struct{ aws.HTTPClient }

func (k keepBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return k.HTTPClient.Do(r)
}

func runTailer() error {
	s, err := fromEnv()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(s.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		HTTPClient: keepBody{awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(s.URL, "http://"))
			}
		})},
	})
	defer BeFrugal(s.History == 0)() // as the command does
	p := NewPrinter(os.Stdout, Style{Format: JSON, MarkLate: true})
	o := Options{Groups: testGroups(), Follow: s.History == 0, Order: s.Order, Flush: p.Flush, Since: s.Start.Add(-24 * time.Hour)}
	o.Region = s.Region
	if s.Region == "" {
		o.CallsPerSecond = -1
	}
	if s.Lane {
		o.Streams, o.Known = client, tell(ctx, s.Known)
	}
	if s.Live {
		o.Live = client
	}
	if err := Tail(ctx, client, o, p.Print); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// outcome is what was measured of a tailer's run.
type outcome struct {
	report           logstest.Report
	printed          []logstest.Printed
	took, cpu, ended time.Duration
	maxRSS           int64
	calls, throttled int
}

// measure runs a tailer against a server of its own: a minute and 28 s after it for late events, or a history.
func measure(t testing.TB, s setup) outcome {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(self)
	server.Env = s.env("server")
	address, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	line, err := bufio.NewReader(address).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s.URL = strings.TrimSpace(line)
	if s.Lane {
		s.Known = firstLines(s.lines())
	}

	tailer := exec.Command(self)
	if other := os.Getenv("KARMACTL_BENCH_TAILER"); other != "" {
		tailer = exec.Command("/bin/sh", "-c", other)
	}
	tailer.Env = append(s.env("tailer"), "AWS_ENDPOINT_URL="+s.URL, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=AKIDTEST", "AWS_SECRET_ACCESS_KEY=test", "PYTHONUNBUFFERED=1")
	tailer.Stderr = os.Stderr
	out, err := tailer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := tailer.Start(); err != nil {
		t.Fatal(err)
	}
	var o outcome
	var interrupted time.Time
	if s.History == 0 && s.Interrupt == 0 {
		time.AfterFunc(time.Until(s.Start)+88*time.Second, func() {
			interrupted = time.Now()
			_ = tailer.Process.Signal(os.Interrupt)
		})
	}
	stop, most := make(chan struct{}), make(chan int64, 1)
	go func() { most <- watchMemory(tailer.Process.Pid, stop) }()
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		o.printed = append(o.printed, logstest.Printed{Text: in.Text(), When: time.Now()})
		if len(o.printed) == s.Interrupt {
			if s.Waiting {
				nextCalls(t, s.URL, 2)
			}
			interrupted = time.Now()
			_ = tailer.Process.Signal(os.Interrupt)
		}
	}
	err = tailer.Wait()
	o.took = time.Since(began)
	if !interrupted.IsZero() {
		o.ended = time.Since(interrupted)
	} else if err != nil {
		t.Error(err)
	}
	close(stop)
	o.maxRSS = <-most
	u := tailer.ProcessState.SysUsage().(*syscall.Rusage)
	o.cpu = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	o.calls, o.throttled = callsOf(t, s.URL)
	if os.Getenv("KARMACTL_BENCH_TAILER") == "" {
		o.readJSON(t)
	}
	o.report = logstest.Check(s.lines(), o.printed)
	return o
}

// callsOf gives how many calls a server was asked, and how many of them it refused for its quota.
func callsOf(t testing.TB, url string) (calls, throttled int) {
	t.Helper()
	r, err := http.Get(url + "/calls")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if _, err := fmt.Fscan(r.Body, &calls, &throttled); err != nil {
		t.Fatal(err)
	}
	return calls, throttled
}

// nextCalls returns when a server was asked n more calls. A tailer that does not ask again ends with the test's own time.
func nextCalls(t testing.TB, url string, n int) {
	t.Helper()
	before, _ := callsOf(t, url)
	for {
		if now, _ := callsOf(t, url); now >= before+n {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the tailer asked for no more")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// watchMemory gives the most resident memory of a process in bytes. (The rusage of a child counts its parent's
// memory from before exec, so it is of no use.)
func watchMemory(pid int, stop <-chan struct{}) (most int64) {
	for {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			most = max(most, kb<<10)
		}
		select {
		case <-stop:
			return most
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// readJSON checks that each line is whole and takes agent and message out of it.
func (o *outcome) readJSON(t testing.TB) {
	for i, p := range o.printed {
		var e struct{ Schema, Agent, Message string }
		if err := json.Unmarshal([]byte(p.Text), &e); err != nil || e.Schema != "karmactl/v1" {
			t.Errorf("half a line: %q: %v", p.Text, err)
		}
		o.printed[i].Agent, o.printed[i].Text = e.Agent, e.Message
	}
}

// A machine that does other things makes an end slower, never faster: so one in ten at once is at once. What the
// process has printed decides when it is interrupted, and no clock, so a slow machine interrupts it at the same place.
func TestSIGINTEndsAProcessAtOnceWithWholeLines(t *testing.T) {
	const atOnce = 50 * time.Millisecond
	for name, s := range map[string]setup{
		"while it waits for more":       {Start: time.Now().Add(-5 * time.Minute), Flush: time.Second, Region: smallest, Interrupt: logstest.MinuteEvents, Waiting: true},
		"in the middle of what it says": {Start: time.Now().Add(-time.Minute), History: 60_000, Interrupt: 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			var o outcome
			for range 10 {
				o = measure(t, s)
				t.Logf("%d lines, ended after %v", len(o.printed), o.ended)
				if s.Waiting && len(o.printed) != s.Interrupt || !s.Waiting && len(o.printed) >= s.History {
					t.Fatalf("%d lines", len(o.printed))
				}
				if o.ended > 0 && o.ended <= atOnce {
					return
				}
			}
			t.Errorf("ended after %v", o.ended)
		})
	}
}
