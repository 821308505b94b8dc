package ui

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file that is read as prose.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// fixed is a terminal of a known size that keeps what is written to it.
func fixed(width int) (*Terminal, *bytes.Buffer, *bytes.Buffer) {
	var out, errw bytes.Buffer
	t := NewTerminal(strings.NewReader(""), &out, &errw, func(string) string { return "" })
	t.size = func() (int, int) { return width, 40 }
	return t, &out, &errw
}

// run is a recorded `up`: the same events for the table, the lines and the JSON.
func run(began time.Time) []engine.Event {
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	return []engine.Event{
		{At: at(0), Key: "vpc", Phase: engine.EventPlanned, Verb: engine.Create},
		{At: at(0), Key: "vpc", Phase: engine.EventStarted, Verb: engine.Create},
		{At: at(1.2), Key: "vpc", Phase: engine.EventDone, Verb: engine.Create, Took: 1200 * time.Millisecond},
		{At: at(1.2), Key: "igw", Phase: engine.EventDone, Verb: engine.None},
		{At: at(1.3), Key: "nat/us-east-1a", Phase: engine.EventStarted, Verb: engine.Create},
		{At: at(2), Key: "nat/us-east-1a", Phase: engine.EventWaiting, Verb: engine.Create, Detail: "NAT gateway pending", Took: 700 * time.Millisecond},
		{At: at(2), Key: "alb", Phase: engine.EventStarted, Verb: engine.Create},
		{At: at(3), Key: "alb", Phase: engine.EventWaiting, Verb: engine.Create, Detail: "load balancer provisioning", Took: time.Second},
		{At: at(97), Key: "nat/us-east-1a", Phase: engine.EventDone, Verb: engine.Create, Took: 95700 * time.Millisecond},
		{At: at(101), Key: "alb", Phase: engine.EventFailed, Verb: engine.Create, Detail: "InvalidSubnet: the VPC has no internet gateway", Took: 99 * time.Second},
		{At: at(101), Key: "listener/http", Phase: engine.EventBlocked, Verb: engine.Create, Detail: "waits for alb"},
	}
}

var groupOf = map[engine.Key]string{"vpc": "network", "igw": "network", "nat/us-east-1a": "network", "alb": "edge", "listener/http": "edge"}

func shape(clock engine.Clock) Shape {
	return Shape{
		Group:  func(k engine.Key) string { return groupOf[k] },
		Groups: []document.Group{{Name: "network", Total: 3}, {Name: "edge", Total: 2}},
		Clock:  clock,
	}
}

func TestOneRunLooksRightInAPipeAndAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term, out, errw := fixed(100)
		p := term.Progress(shape(engine.RealClock{}))
		for _, e := range run(time.Now()) {
			p.Report(e)
		}
		p.Close()
		golden(t, "progress.lines", errw.String())
		if out.Len() > 0 {
			t.Errorf("progress went to standard output: %q", out)
		}

		term, out, errw = fixed(100)
		term.JSON = true
		p = term.Progress(shape(engine.RealClock{}))
		for _, e := range run(time.Now()) {
			p.Report(e)
		}
		p.Close()
		golden(t, "progress.jsonl", out.String())
		if errw.Len() > 0 {
			t.Errorf("something went to standard error: %q", errw)
		}
	})
}

// screen plays what was written to a terminal and returns what is on it.
func screen(s string) string {
	var lines []string
	for len(s) > 0 {
		if strings.HasPrefix(s, "\x1b[") {
			end := strings.IndexAny(s, "AJ")
			var n int
			if s[end] == 'A' {
				for _, c := range s[2:end] {
					n = n*10 + int(c-'0')
				}
				lines = lines[:len(lines)-n]
			}
			s = s[end+1:]
			continue
		}
		line, rest, _ := strings.Cut(s, "\n")
		lines = append(lines, line)
		s = rest
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestTheLiveTableShowsGroupsAndWhatFails(t *testing.T) {
	for _, width := range []int{100, 50} {
		synctest.Test(t, func(t *testing.T) {
			term, _, errw := fixed(width)
			term.Live = true
			p := term.Progress(shape(engine.RealClock{}))
			began := time.Now()
			events := run(began)
			for _, e := range events[:8] {
				time.Sleep(time.Until(e.At))
				p.Report(e)
			}
			time.Sleep(40 * time.Second)
			synctest.Wait()
			term.mu.Lock() // the table continues to paint
			running := errw.String()
			term.mu.Unlock()
			golden(t, map[int]string{100: "table.wide.running", 50: "table.narrow.running"}[width], screen(running))
			for _, e := range events[8:] {
				time.Sleep(max(0, time.Until(e.At)))
				p.Report(e)
			}
			p.Close()
			got := screen(errw.String())
			golden(t, map[int]string{100: "table.wide.done", 50: "table.narrow.done"}[width], got)
			for _, l := range strings.Split(got, "\n") {
				if !strings.Contains(l, "✘ alb") && len([]rune(l)) > width {
					t.Errorf("wider than the terminal: %q", l)
				}
			}
		})
	}
}

func TestAPlanReadsLikeTheContract(t *testing.T) {
	term, out, _ := fixed(96)
	err := term.Plan(&document.Plan{
		Stack: "karmacadabra-prod", Region: "us-east-1", Account: "123456789012", File: "config/agents.yaml",
		Summary: document.Summary{Create: 3, Update: 1, Unchanged: 40},
		Groups: []document.Group{
			{Name: "network", About: "vpc 10.0.0.0/16 · 2 AZ · nat single · s3 endpoint", Total: 3},
			{Name: "edge", About: "alb http · /validator/* → :9001 (prefix stripped) and 4 more", Total: 13},
			{Name: "agents", About: "validator karma-hello abracadabra skill-extractor voice-extractor", Total: 45},
		},
		Changes: []document.Change{
			{Key: "vpc", Group: "network", Verb: "create"},
			{Key: "igw", Group: "network", Verb: "create"},
			{Key: "subnet/a", Group: "network", Verb: "create"},
			{Key: "service/validator", Group: "agents", Verb: "update", Fields: []document.Field{{Field: "cpu", Was: "256", Now: "512"}, {Field: "tags[Team]", Was: "", Now: "agents"}}},
		},
		Waiting:  []document.Waiting{{Agent: "voice-extractor", Reason: "no image yet", Command: "karmactl deploy voice-extractor --build"}},
		Warnings: document.Warn("plain HTTP"),
		Cost: &document.PlanCost{
			Monthly: document.Range{Low: "69.00", Expected: "79.27", High: "128.40"}, Delta: "6.14", PricesAsOf: "2026-09-11", Region: "us-east-1", Budget: "100",
			Lines: []document.CostLine{{Name: "fargate spot", About: "5 × 0.25 vCPU / 0.5 GB x86", Range: document.Range{Low: "14.34", Expected: "14.34", High: "45.10"}}, {Name: "nat", About: "1 gateway + address + 10 GB", Range: document.Range{Low: "36.50", Expected: "36.95", High: "41.00"}}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.text", out.String())
}

func TestErrorsSayWhatWhyAndWhatToDo(t *testing.T) {
	term, out, errw := fixed(80)
	f := &document.Error{Code: 6, Message: "the state is locked by ana@laptop", Why: "up since 10:12", Suggestion: "karmactl state unlock"}
	term.Fault(f)
	golden(t, "fault.text", errw.String())
	term.JSON = true
	term.Fault(f)
	golden(t, "fault.json", out.String())
}
