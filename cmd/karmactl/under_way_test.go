package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// scene is a command that takes its time: what its window shows in the middle, and how it ends.
type scene struct {
	name string
	// looks are how long after its beginning the window is looked at.
	looks []time.Duration
	exits int
	args  []string
}

const (
	goodImage  = "public.ecr.aws/x/agent:v1.4.2"
	crashImage = "public.ecr.aws/x/agent:crash"
)

func deployScene(name string, exits int, look time.Duration, args ...string) scene {
	return scene{name, []time.Duration{look}, exits, append([]string{"deploy", "--yes", "--fail-fast=false"}, args...)}
}

// TestWhatTakesItsTimeIsReadableInEverySize looks at fleets of one, five and fourteen agents. A short run looks at the
// smallest window.
func TestWhatTakesItsTimeIsReadableInEverySize(t *testing.T) {
	shipped, err := os.ReadFile(shippedFile())
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("testdata/screens")
	if err != nil {
		t.Fatal(err)
	}
	fourteen := "project: crew\nnetwork: {nat: none}\nagents:\n"
	for i := range 14 {
		fourteen += fmt.Sprintf("  agent-%d: {port: %d, image: \"public.ecr.aws/docker/library/python:3.13-slim\"}\n", i+1, 9001+i)
	}
	failing := "project: demo\nnetwork: {nat: none}\nagents:\n" +
		"  good: {port: 9001, image: \"public.ecr.aws/docker/library/python:3.13-slim\"}\n" +
		"  crashy: {port: 9002, image: \"" + crashImage + "\"}\n" +
		"  crashy-too: {port: 9003, image: \"" + crashImage + "\"}\n" +
		"  greedy: {port: 9004, image: \"public.ecr.aws/x/agent:oom\"}\n" +
		"  needy: {port: 9005, image: \"public.ecr.aws/docker/library/python:3.13-slim\", secrets: {API_KEY: api_key}}\n"
	for _, fleet := range []struct {
		yaml   string
		scenes []scene
	}{
		{string(shipped), []scene{
			{"up", []time.Duration{70 * time.Second, 170 * time.Second}, 0, []string{"up", "--yes"}},
			deployScene("deploy_1_good", 0, 50*time.Second, "validator", "--image", goodImage),
			deployScene("deploy_1_bad", exitDeployment, 60*time.Second, "karma-hello", "--image", crashImage),
			deployScene("deploy_5_good", 0, 100*time.Second, "--all", "--image", "public.ecr.aws/x/agent:amd64-only"),
			deployScene("deploy_5_bad", exitDeployment, 60*time.Second, "--all", "--image", crashImage),
			{"hibernate", []time.Duration{30 * time.Second}, 0, []string{"hibernate", "--yes"}},
		}},
		{fourteen, []scene{
			{"", nil, 0, []string{"up", "--yes"}},
			deployScene("deploy_14_good", 0, 60*time.Second, "--all", "--image", goodImage),
			{"deploy_14_bad", nil, exitDeployment, []string{"deploy", "--yes", "--fail-fast=false", "--all", "--image", crashImage}},
		}},
		{failing, []scene{{"up_failed", []time.Duration{140 * time.Second}, exitDeployment, []string{"up", "--yes"}}, {"down_one", []time.Duration{15 * time.Second}, 0, []string{"down", "good", "--yes"}}}},
	} {
		windows := sizes[:1]
		if !testing.Short() && fleet.yaml != fourteen { // the rows of fourteen have goldens of every size in internal/ui
			windows = sizes
		}
		for _, size := range windows {
			synctest.Test(t, func(t *testing.T) {
				x := &troubled{office: newOffice(t, fleet.yaml)}
				for _, s := range fleet.scenes {
					said := x.play(s, size.width, size.height)
					if s.name != "" {
						golden(t, filepath.Join(here, fmt.Sprintf("%s.%dx%d", s.name, size.width, size.height)), sameTask.ReplaceAllString(x.steady(said), "1c0ffee1"))
					}
				}
			})
		}
	}
}

// play runs a command in a window and gives what was painted last at each look, and what is left of it at the end.
func (x *troubled) play(s scene, width, height int) string {
	x.t.Helper()
	var out, painted locked
	term := ui.NewWindow(strings.NewReader(""), &out, &painted, width, height)
	const apart = 20 * time.Minute // how long the scene before took moves nothing
	time.Sleep(time.Until(time.Now().Truncate(apart).Add(apart)))
	began, ended := time.Now(), make(chan int)
	go func() { ended <- x.runOn(term, s.args...) }()
	var b strings.Builder
	for _, look := range s.looks {
		time.Sleep(time.Until(began.Add(look + time.Millisecond)))
		synctest.Wait()
		picture := plainText(board(painted.String()))
		if n := strings.Count(picture, "\n"); n >= height {
			x.t.Errorf("%s: %d lines in a window of %d:\n%s", s.name, n, height, picture)
		}
		x.noWider(s.name, picture, width)
		fmt.Fprintf(&b, "┄┄┄ after %s\n%s", look, elapsed.ReplaceAllStringFunc(turning.ReplaceAllString(picture, "◐"), toTenSeconds))
	}
	if code := <-ended; code != s.exits {
		x.t.Errorf("%s exits %d, and not %d:\n%s", s.name, code, s.exits, out.String())
	}
	if dir := os.Getenv("PICTURES"); dir != "" && s.name != "" { // to be looked at
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d.ansi", s.name, width)), []byte(shown(out.String())), 0o600); err != nil {
			x.t.Fatal(err)
		}
	}
	_, result, planned := strings.Cut(plainText(out.String()), "to destroy.\n") // the plan has a golden of its own
	if !planned {
		result = plainText(out.String())
	}
	x.noWider(s.name, result, width)
	fmt.Fprintf(&b, "┄┄┄ at the end, %s\n%s", cloud.Count(strings.Count(result, "\n"), "line"), result)
	return b.String()
}

func (x *troubled) noWider(name, said string, width int) {
	x.t.Helper()
	for l := range strings.Lines(said) {
		if w := lipgloss.Width(strings.TrimRight(l, "\n")); w > width && !strings.Contains(l, "://") {
			x.t.Errorf("%s: %d columns in a window of %d: %q", name, w, width, l)
		}
	}
}

// sameTask are the ids that steady gives: of several tasks that fail at once any may be told of.
var sameTask = regexp.MustCompile(`1c0f[0-9a-f]{4}`)

// turning are the marks that turn while something is under way.
var turning = regexp.MustCompile("[◐◓◑◒]")

// elapsed is how long a thing has been under way; when exactly it began depends on who was served first.
var elapsed = regexp.MustCompile(`[0-9ms]+ of about`)

func toTenSeconds(s string) string {
	number, rest, _ := strings.Cut(s, " ")
	d, err := time.ParseDuration(number)
	if err != nil {
		return s
	}
	return ui.Duration(d.Round(10*time.Second)) + " " + rest
}

// repaint begins each picture of a board but the first: so many lines up.
var repaint = regexp.MustCompile(`\x1b\[(\d+)A\x1b\[J`)

// board is the picture that was painted last.
func board(painted string) string {
	all := repaint.FindAllStringSubmatchIndex(painted, -1)
	if len(all) == 0 {
		return painted
	}
	at := all[len(all)-1]
	lines := strings.SplitAfter(painted[at[1]:], "\n")
	n, _ := strconv.Atoi(painted[at[2]:at[3]])
	return strings.Join(lines[max(0, len(lines)-1-n):], "")
}
