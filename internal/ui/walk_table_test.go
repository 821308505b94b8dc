package ui

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// outlook is a forecast that is known.
type outlook engine.Outlook

func (o outlook) Outlook(time.Time) engine.Outlook { return engine.Outlook(o) }

// walked is a walk of a fleet: how much of each group there is, is done, and waits.
type walked struct {
	title   string
	outlook outlook
	verb    engine.Verb
	done    func(agents int) [4]int
	waits   []engine.Event
	row     func(i int, r *AgentRow)
	failed  int // of the agents, every so many
}

func ago(d time.Duration) time.Time { return noon.Add(-d) }

var walks = []walked{
	{
		title: "up, before the agents", verb: engine.Create, outlook: outlook{End: noon.Add(140 * time.Second), Last: "alb"},
		done: func(n int) [4]int { return [4]int{18, 2 + 2*n - 1, 21, 8 * n} },
		waits: []engine.Event{
			{At: ago(41 * time.Second), Key: "nat/us-east-1a", Detail: "NAT gateway pending"},
			{At: ago(41 * time.Second), Key: "alb", Detail: "load balancer provisioning"},
		},
	},
	{
		title: "up in the middle", verb: engine.Create, outlook: outlook{End: noon.Add(30 * time.Second), Last: "alb"},
		done:  func(n int) [4]int { return [4]int{21, 2 + 2*n - 1, 21, 10 * n} },
		waits: []engine.Event{{At: ago(2*time.Minute + 14*time.Second), Key: "alb", Detail: "load balancer provisioning"}},
		row: func(i int, r *AgentRow) {
			r.Phase, r.Share = [...]string{"pulls its image", "starts", "checking health"}[i%3], [...]float64{2.0 / 6, 3.0 / 6, 4.0 / 6}[i%3]
		},
	},
	{
		title: "up, and one fails", verb: engine.Create, failed: 5, outlook: outlook{End: noon, Last: "service/validator", Late: true, Usual: 75 * time.Second},
		done: func(n int) [4]int { return [4]int{21, 2 + 2*n, 21, 10 * n} },
		row: func(i int, r *AgentRow) {
			r.Phase, r.Share, r.Usual = "checking health", 4.0/6, 40*time.Second
		},
	},
	{
		title: "wake in the middle", verb: engine.Create, outlook: outlook{End: noon.Add(20 * time.Second), Last: "service/validator"},
		done: func(n int) [4]int { return [4]int{21, 2 + 2*n, 21, 10 * n} },
		row: func(i int, r *AgentRow) {
			r.Phase, r.Share = "checking health", 4.0/6
			if i%2 == 1 {
				r.Phase, r.Share, r.Healthy, r.Done, r.Ended = "healthy", 1, 1, true, ago(4*time.Second)
			}
		},
	},
	{
		title: "hibernate in the middle", verb: engine.Delete, outlook: outlook{End: noon.Add(35 * time.Second), Last: "nat/us-east-1a"},
		done:  func(n int) [4]int { return [4]int{12, 2 + n, 21, 10 * n} },
		waits: []engine.Event{{At: ago(31 * time.Second), Key: "nat/us-east-1a", Detail: "NAT gateway deleting"}},
		row: func(i int, r *AgentRow) {
			r.Desired, r.Phase, r.Share = 0, "stops", 2.0/3
			if i%2 == 0 {
				r.Left, r.Share = 1, 1.0/3
			}
		},
	},
}

// paintedWalk is a table with what happened so far.
func paintedWalk(w walked, agents int) *table {
	totals := [4]int{21, 2 + 2*agents, 21, 12 * agents}
	names := []string{"network", "edge", "platform", "agents"}
	s := Shape{Clock: still(noon), Forecast: w.outlook, Group: func(k engine.Key) string {
		switch k.Kind() {
		case "nat":
			return "network"
		case "alb":
			return "edge"
		case "service":
			return "agents"
		}
		return k.Kind()
	}}
	for i, n := range names {
		s.Groups = append(s.Groups, document.Group{Name: n, Total: totals[i]})
	}
	for _, r := range fleetRows(agents, false) {
		s.Agents = append(s.Agents, r.Agent)
	}
	term, _, _ := fixed(100)
	p := newTable(term, s)
	p.began = ago(164 * time.Second)
	for i, n := range w.done(agents) {
		for range n {
			p.Report(engine.Event{At: ago(160 * time.Second), Key: engine.Key(names[i] + "/x"), Phase: engine.EventStarted, Verb: w.verb})
			p.Report(engine.Event{At: ago(time.Duration(40+20*i) * time.Second), Key: engine.Key(names[i] + "/x"), Phase: engine.EventDone, Verb: w.verb})
		}
	}
	for _, e := range w.waits {
		e.Phase, e.Verb = engine.EventWaiting, w.verb
		p.Report(e)
	}
	if w.row == nil {
		return p
	}
	for i, r := range fleetRows(agents, false) {
		*r = AgentRow{Agent: r.Agent, To: 1, Image: "v1.4.2", Desired: 1, Began: r.Began, Usual: 79 * time.Second}
		w.row(i, r)
		k := engine.Key("service/" + r.Agent)
		p.Report(engine.Event{At: r.Began, Key: k, Phase: engine.EventStarted, Verb: w.verb})
		if w.failed > 0 && i%w.failed == 2 {
			why := "a task failed: Essential container in task exited (exit code 1): the program exits"
			r.Trouble, r.Phase, r.Share = true, "pulls its image", 2.0/6
			r.Tasks = []string{"task 589fb216 (rev 1) pulls its image", why}
			p.Report(engine.Event{At: noon, Key: k, Phase: engine.EventWaiting, Verb: w.verb, Detail: why})
		}
		p.board.rows = append(p.board.rows, r)
	}
	return p
}

func TestAWalkShowsItsGroupsAndItsAgentsInEverySize(t *testing.T) {
	for _, size := range []struct{ width, height int }{{80, 24}, {100, 30}, {140, 40}} {
		var b strings.Builder
		for _, w := range walks {
			for _, n := range []int{5, 14} {
				p := paintedWalk(w, n)
				lines := p.board.lines(paint(false), size.width, size.height-1, 0)
				fmt.Fprintf(&b, "%s, %d agents\n%s\n\n", w.title, n, strings.Join(lines, "\n"))
			}
		}
		golden(t, fmt.Sprintf("walk.%dx%d", size.width, size.height), b.String())
	}
}

func TestNoPictureOfAWalkIsWiderOrHigherThanItsWindow(t *testing.T) {
	for _, w := range walks {
		for width := 20; width <= 160; width += 7 {
			for _, height := range []int{8, 12, 24, 50} {
				for _, n := range []int{1, 5, 14} {
					lines := paintedWalk(w, n).board.lines(paint(false), width, height-1, 0)
					if len(lines) > height-1 {
						t.Errorf("%s: %d lines in a window of %d:\n%s", w.title, len(lines), height, strings.Join(lines, "\n"))
					}
					for _, l := range lines {
						if width >= 50 && lipgloss.Width(l) >= width {
							t.Errorf("%s: %d columns in a window of %d: %q", w.title, lipgloss.Width(l), width, l)
						}
					}
				}
			}
		}
	}
}

// window is one in which a line that is too wide continues in the next, when it is written and
// when the window becomes narrower.
type window struct{ lines []string }

func (w *window) resize(columns int) {
	old := w.lines
	w.lines = nil
	for _, l := range old {
		w.line(l, columns)
	}
}

func (w *window) line(s string, columns int) {
	r := []rune(s)
	for len(r) > columns {
		w.lines, r = append(w.lines, string(r[:columns])), r[columns:]
	}
	w.lines = append(w.lines, string(r))
}

// play shows what was written.
func (w *window) play(s string, columns int) {
	for part := range strings.SplitSeq(s, "\x1b[J") {
		text, up, moved := strings.Cut(part, "\x1b[")
		for line := range strings.Lines(text) {
			w.line(strings.TrimSuffix(line, "\n"), columns)
		}
		if moved {
			n, _ := strconv.Atoi(strings.TrimSuffix(up, "A"))
			w.lines = w.lines[:len(w.lines)-n]
		}
	}
}

func TestAWindowThatBecomesNarrowerKeepsNothingStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		width := 120
		term := NewTerminal(strings.NewReader(""), &out, &out, func(string) string { return "" })
		term.Live, term.size = true, func() (int, int) { return width, 24 }
		board := term.Board(engine.RealClock{}, nil)
		board.Show(AgentRow{Agent: "validator", To: 3, Image: "v1.4.2", Desired: 1, Phase: "checking health", Usual: time.Minute})
		var w window
		for _, columns := range []int{120, 44, 90} {
			term.mu.Lock()
			width = columns
			w.resize(columns)
			term.mu.Unlock()
			time.Sleep(time.Second)
			synctest.Wait()
			term.mu.Lock()
			w.play(out.String(), columns)
			out.Reset()
			term.mu.Unlock()
			if len(w.lines) != 1 || !strings.Contains(w.lines[0], "validator") {
				t.Errorf("in a window of %d columns there is\n%s", columns, strings.Join(w.lines, "\n"))
			}
		}
		board.Close()
	})
}

// TestALongNameAndItsAddressAreTwoWords: a name has up to 40 characters.
func TestALongNameAndItsAddressAreTwoWords(t *testing.T) {
	term, out, _ := fixed(80)
	name := strings.Repeat("n", 40)
	if err := term.Result(&document.Result{Checks: []document.Check{{Agent: name, URL: "https://a.example.com/", OK: true}, {Agent: "b", URL: "https://b.example.com/", OK: true}}}); err != nil {
		t.Fatal(err)
	}
	for _, agent := range []string{name, "b"} {
		if !strings.Contains(out.String(), "  ✔ "+pad(agent, 41)+"https://") {
			t.Errorf("%s has no column of its own:\n%s", agent, out)
		}
	}
}

func TestAResultSaysEachCauseOnceAndWholeAddresses(t *testing.T) {
	at := "http://karmacadabra-prod-1000000020.us-east-1.elb.amazonaws.com/"
	crash := "ECS deployment circuit breaker: tasks failed to start. Essential container in task exited (exit code 1): the program exits"
	for _, width := range []int{80, 100, 140} {
		term, out, _ := fixed(width)
		term.Screen = true
		err := term.Result(&document.Result{
			Outcome: "failed", URLs: map[string]string{"validator": at + "validator", "voice-extractor": at + "voice-extractor"},
			Checks: []document.Check{
				{Agent: "validator", URL: at + "validator/health", OK: true},
				{Agent: "voice-extractor", URL: at + "voice-extractor/health", Note: "healthy in AWS, answers 503 from here"},
			},
			Failed: []document.Problem{
				{Key: "service/karma-hello", Error: crash, Suggestion: "karmactl logs karma-hello --since 1h, which has its last words", Log: []string{"1", "Traceback", `  File "agent.py", line 44`, "KeyError: 'PRIVATE_KEY'"}},
				{Key: "alb", Error: "the account may not have another load balancer", Suggestion: "karmactl doctor"},
				{Key: "service/abracadabra", Error: crash, Suggestion: "karmactl logs abracadabra --since 1h, which has its last words", Log: []string{"KeyError: 'PRIVATE_KEY'"}},
			},
			Blocked:  []document.Problem{{Key: "alarm/karma-hello/few-healthy"}, {Key: "alarm/abracadabra/few-healthy"}},
			Headline: "104 created, 3 failed; 1 of 5 agents answer.", Next: []string{"mend that and run the same command again: what is done stays done"},
		})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("result.%d", width), out.String())
	}
}
