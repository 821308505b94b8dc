package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/fleet"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// screen is a command whose screen is kept, and its exit code.
type screen struct {
	name  string
	exits int
	args  []string
}

// screens are the ones that are kept for every size.
var screens = []screen{
	{"plan", 0, []string{"plan"}},
	{"plan_new", 0, []string{"plan", "--offline"}},
	{"status", 0, []string{"status"}},
	{"watch", 0, []string{"status", "--watch", "--timeout", "12s"}},
	{"logs", 0, []string{"logs", "--since", "2m", "--timezone", "UTC"}},
	{"cost", 0, []string{"cost"}},
	{"savings", 0, []string{"cost", "--savings"}},
	{"doctor", exitDoctor, []string{"doctor"}},
	{"outputs", 0, []string{"outputs"}},
}

// tables are the commands whose tables are kept for small windows.
var tables = []screen{
	{"secrets", 0, []string{"secrets", "status"}},
	{"history", 0, []string{"history"}},
	{"states", 0, []string{"state", "history"}},
	{"list", 0, []string{"list"}},
}

// sizes are the windows that people have.
var sizes = []struct{ width, height int }{{80, 24}, {100, 30}, {140, 40}}

func TestEveryScreenIsReadableInEverySize(t *testing.T) {
	shipped, err := os.ReadFile(shippedFile())
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // the file has the name that it has for a user
	synctest.Test(t, func(t *testing.T) {
		x := newTroubled(t, string(shipped))
		for n, size := range sizes {
			x.at(time.Duration(40+10*n) * time.Minute)
			x.speak()
			for i, s := range screens {
				x.at(time.Duration(40+10*n)*time.Minute + time.Duration(i+1)*20*time.Second)
				code, wrote := x.on(size.width, size.height, s.args...)
				if code != s.exits {
					t.Errorf("%s exits %d, and not %d:\n%s", s.name, code, s.exits, wrote)
				}
				if dir := os.Getenv("PICTURES"); dir != "" { // to be looked at
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d.ansi", s.name, size.width)), []byte(shown(wrote)), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				lines := strings.Split(plainText(shown(wrote)), "\n")
				if s.name != "logs" && s.name != "outputs" && !strings.HasPrefix(lines[0], "karmacadabra-prod  us-east-1  ") {
					t.Errorf("%s calls the stack otherwise than down wants it typed: %q", s.name, lines[0])
				}
				for _, l := range lines {
					if w := lipgloss.Width(l); w > size.width && !strings.Contains(l, "://") {
						t.Errorf("%s: %d columns in a window of %d: %q", s.name, w, size.width, l)
					}
				}
				golden(t, filepath.Join(here, fmt.Sprintf("screens/%s.%dx%d", s.name, size.width, size.height)), x.steady(folded(lines, size.height)))
			}
		}
		x.narrow(here)
	})
}

// narrow holds the screens to small windows, as of a telephone or beside an editor: a line that does not fit is
// broken by the terminal, in the middle of a word.
func (x *troubled) narrow(here string) {
	for n, width := range []int{40, 60} {
		x.at(time.Duration(80+20*n) * time.Minute)
		x.speak()
		for i, s := range append(slices.Clone(screens), tables...) {
			x.at(time.Duration(80+20*n)*time.Minute + time.Duration(i+1)*20*time.Second)
			_, wrote := x.on(width, 200, s.args...)
			text := plainText(shown(wrote))
			for l := range strings.Lines(text) {
				l = strings.TrimRight(l, "\n")
				words := strings.Fields(l)
				if lipgloss.Width(l) <= width || words[0] == "karmactl" { // a command is one line, to paste
					continue
				}
				last := words[len(words)-1] // an id or a URL may be longer than the window
				if !strings.Contains(last, "/") && lipgloss.Width(last) < width || lipgloss.Width(l)-lipgloss.Width(last) >= width {
					x.t.Errorf("%s: %d columns in a window of %d: %q", s.name, lipgloss.Width(l), width, l)
				}
			}
			if s.name == "logs" || i >= len(screens) && s.name != "states" { // whose versions and their number differ each time
				golden(x.t, filepath.Join(here, fmt.Sprintf("screens/%s.%d", s.name, width)), x.steady(text))
			}
		}
	}
}

// folded marks where the window begins, when it cannot hold all the lines.
func folded(lines []string, height int) string {
	if first := len(lines) - height; first > 0 { // the last is empty: the shell's prompt is there
		lines = slices.Insert(slices.Clone(lines), first, fmt.Sprintf("┄┄┄ the window's %d lines begin here", height))
	}
	return strings.Join(lines, "\n")
}

// moves are what moves a window's cursor or clears a part of it. Colours and links stay where they are.
var moves = regexp.MustCompile(`\x1b\[(\d*)([AHJK])|\n|\r`)

// shown plays what was written to a window: what was painted over is gone.
func shown(wrote string) string {
	lines, at := []string{""}, 0
	for wrote != "" {
		next := moves.FindStringSubmatchIndex(wrote)
		if next == nil {
			next = []int{len(wrote), len(wrote), -1, -1, -1, -1}
		}
		lines[at] += wrote[:next[0]]
		move := wrote[next[0]:next[1]]
		switch n, _ := strconv.Atoi(strings.Trim(move, "\x1b[AHJK")); {
		case move == "\n":
			if at++; at == len(lines) {
				lines = append(lines, "")
			}
		case strings.HasSuffix(move, "A"):
			at -= n
		case strings.HasSuffix(move, "H"):
			at = 0
		case strings.HasSuffix(move, "J"):
			lines = append(lines[:at], "")
		case move != "":
			lines[at] = ""
		}
		wrote = wrote[next[1]:]
	}
	return strings.Join(lines, "\n")
}

// styles are colours and links.
var styles = regexp.MustCompile(`\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\`)

func plainText(s string) string { return styles.ReplaceAllString(s, "") }

// troubled is the shipped fleet with something to tell in it.
type troubled struct {
	*office
	began time.Time
}

// at waits until so long after the beginning: how long commands take moves nothing.
func (x *troubled) at(since time.Duration) {
	x.t.Helper()
	left := time.Until(x.began.Add(since))
	if left < 0 {
		x.t.Fatalf("it is %s too late", -left)
	}
	time.Sleep(left)
}

func newTroubled(t *testing.T, shipped string) *troubled {
	t.Helper()
	began := time.Date(2026, time.November, 12, 14, 20, 0, 0, time.UTC) // a Thursday
	time.Sleep(time.Until(began))
	x := &troubled{newOffice(t, shipped), began}
	x.file = "config/agents.yaml"
	x.write(shipped)
	x.must("", "up", "--yes")
	x.at(10 * time.Minute)
	x.must("", "deploy", "validator", "--image", "public.ecr.aws/x/agent:v1.4.2")
	x.at(15 * time.Minute)
	if code, said := x.run("", "deploy", "abracadabra", "--image", "public.ecr.aws/x/agent:crash", "--fail-fast=false"); code != exitDeployment {
		t.Fatalf("deploying what crashes exits %d:\n%s", code, said)
	}
	x.at(30 * time.Minute)
	x.must("", "scale", "karma-hello=2", "--yes")
	x.at(33 * time.Minute)
	x.edit(func(w *awssim.World) { // from now on
		for _, d := range w.TaskDefinitions {
			for i, c := range d.Definition.ContainerDefinitions {
				if aws.ToString(c.Name) == "skill-extractor" {
					d.Definition.ContainerDefinitions[i].Environment = append(c.Environment, ecstypes.KeyValuePair{Name: aws.String("AWSSIM_BEHAVIOUR"), Value: aws.String("crash")})
				}
			}
		}
		for _, task := range w.Tasks {
			if strings.HasSuffix(task.Service, "/skill-extractor") {
				task.Behaviour = "crash"
			}
		}
	})
	x.write(strings.NewReplacer("log_retention_days: 7", "log_retention_days: 14", "  voice-extractor:\n    port: 9005\n", "  voice-extractor:\n    port: 9005\n    cpu: 512\n    memory: 1024\n").Replace(shipped))
	return x
}

func (x *troubled) write(yaml string) {
	x.t.Helper()
	if err := errors.Join(os.MkdirAll("config", 0o755), os.WriteFile(x.file, []byte(yaml), 0o600)); err != nil {
		x.t.Fatal(err)
	}
}

// edit changes the account behind karmactl's back.
func (x *troubled) edit(f func(*awssim.World)) {
	x.t.Helper()
	if err := x.sim.Edit(f); err != nil {
		x.t.Fatal(err)
	}
}

// speak has the agents write what agents write.
func (x *troubled) speak() {
	x.t.Helper()
	now, first := time.Now(), map[string]*awssim.Task{}
	x.edit(func(w *awssim.World) {
		for _, task := range w.Tasks {
			agent := task.Service[strings.LastIndex(task.Service, "/")+1:]
			if old := first[agent]; task.Status == "RUNNING" && (old == nil || task.Created.Before(old.Created)) {
				first[agent] = task
			}
		}
	})
	for i, line := range []struct{ agent, message string }{
		{"validator", `{"level":"info","msg":"listening","port":9001,"version":"1.4.2"}`},
		{"karma-hello", "\x1b[32mINFO\x1b[0m:     Uvicorn running on http://0.0.0.0:9002 (Press CTRL+C to quit)"},
		{"abracadabra", `{"level":"warning","message":"the queue is long","waiting":214,"oldest_seconds":38.5,"queue":"karmacadabra-prod-jobs","next":"asking for another worker"}`},
		{"voice-extractor", "DEBUG transcript of 48 s in 1.92 s"},
		{"karma-hello", "ERROR the wallet does not answer\nTraceback (most recent call last):\n  File \"/app/agent.py\", line 212, in pay\n    receipt = wallet.transfer(to, amount)\n  File \"/app/wallet.py\", line 88, in transfer\n    raise TimeoutError(f\"no answer from {self.host} in {self.patience} s\")\nTimeoutError: no answer from base-rpc.publicnode.com in 10 s"},
		{"validator", "WARN the score of seller 0x52908400098527886E0F7030069857D2E4169EE7 cannot be trusted: 3 of 5 witnesses contradict each other, the last one since 14:02"},
		{"voice-extractor", `{"level":"error","msg":"cannot decode","file":"s3://recordings/2026/11/12/call-8841.ogg","error":"unexpected end of stream"}`},
	} {
		at := now.Add(time.Duration(i*1234-9000) * time.Millisecond)
		if err := x.sim.Write("/ecs/karmacadabra-prod/"+line.agent, fleet.LogStream(line.agent, first[line.agent].ID), at, line.message); err != nil {
			x.t.Fatal(err)
		}
	}
}

// on runs a command in a window of so many columns and lines.
func (x *troubled) on(width, height int, args ...string) (code int, wrote string) {
	var out locked
	code = x.runOn(ui.NewWindow(strings.NewReader(""), &out, &out, width, height), args...)
	return code, out.String()
}

// steady gives the tasks ids of their own, which AWS gives in the order in which they come.
func (x *troubled) steady(s string) string {
	x.t.Helper()
	x.edit(func(w *awssim.World) {
		all := slices.SortedFunc(maps.Values(w.Tasks), func(a, b *awssim.Task) int {
			return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Service, b.Service), cmp.Compare(a.ID, b.ID))
		})
		for i, task := range all {
			s = strings.ReplaceAll(s, task.ID[:8], fmt.Sprintf("%08x", 0x1c0ffee0+i))
		}
	})
	s = targetGroups.ReplaceAllString(s, "karmacadabra-prod-8f09dc-c84ab1")
	return balancers.ReplaceAllString(s, "-prod-1000000029.")
}

// Names that AWS makes of numbers.
var (
	targetGroups = regexp.MustCompile(`karmacadabra-prod-[0-9a-f]{6}-[0-9a-f]{6}`)
	balancers    = regexp.MustCompile(`-prod-\d{10}\.`)
)
