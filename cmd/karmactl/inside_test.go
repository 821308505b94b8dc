package main

import (
	"bytes"
	"context"
	"flag"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// needsAProcess finds what a script can ask only of a process of its own: to run beside another, to get a signal, to be
// a part of a shell's line, to start itself, to talk to a server, and to wait for a program that is slow.
var needsAProcess = regexp.MustCompile(`(?m) &\w*&?$|^(! )?exec sh .*karmactl|^(await|kill|cloudwatch)\b|karmactl try |BUILD_TAKES=`)

// The words of a script that are others inside the test's process: testscript keeps its own ones.
var (
	execsKarmactl = regexp.MustCompile(`(?m)^(! )?exec karmactl `)
	givesInput    = regexp.MustCompile(`(?m)^stdin `)
	setsVariables = regexp.MustCompile(`(?m)^env .*`)
)

// insider runs the scripts' karmactl in the test's process, where no process has to be started and waiting takes no
// time. The folder, the environment and the streams are a script's own, so that one script runs at a time.
type insider struct {
	t         *testing.T
	variables []string
	stdin     string
}

// scriptsInside runs the scripts that need no process of their own, with -short, in a second process of this test:
// there they have the folder and the environment for themselves, and this one continues with the others.
func scriptsInside(t *testing.T) {
	t.Parallel()
	if !testing.Short() {
		return // all of them have processes
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.short", "-test.v", "-test.timeout=10m", "-test.run=^TestScriptsInsideThisProcess$"}
	said, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil || !bytes.Contains(said, []byte("--- PASS: TestScriptsInsideThisProcess/")) {
		t.Errorf("%s %v: %v\n%s", program, args, err, said)
	}
}

// TestScriptsInsideThisProcess has work when it is asked for with -run: where all tests run, scriptsInside starts it.
func TestScriptsInsideThisProcess(t *testing.T) {
	if flag.Lookup("test.run").Value.String() == "" {
		return
	}
	for _, f := range scripts(t, func(text string) bool { return !needsAProcess.MatchString(text) }) {
		runInside(t, f, scriptParams())
	}
}

// runInside runs a script inside the test's process.
func runInside(t *testing.T, file string, p testscript.Params) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = givesInput.ReplaceAll(execsKarmactl.ReplaceAll(text, []byte("${1}karmactl_inside ")), []byte("stdin_inside "))
	p.Dir, p.Files, p.UpdateScripts = "", []string{filepath.Join(t.TempDir(), filepath.Base(file))}, false
	if err := os.WriteFile(p.Files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	onVirtualTime(t, strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
		in := &insider{t: t}
		for _, sets := range setsVariables.FindAllString(string(text), -1) {
			in.names(strings.Fields(sets))
		}
		testscript.RunT(bubble{t}, in.params(p))
	})
}

// onVirtualTime runs a test of its own on virtual time that begins now.
func onVirtualTime(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	ours := make(chan os.Signal, 1)
	signal.Notify(ours, os.Interrupt) // its goroutine must not be of a bubble
	defer signal.Stop(ours)
	now := time.Now()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(now))
			f(t)
		})
	})
}

// bubble is a test on virtual time, which can have no tests in it.
type bubble struct{ *testing.T }

func (b bubble) Run(_ string, f func(testscript.T)) { f(b) }
func (b bubble) Parallel()                          {}
func (b bubble) Verbose() bool                      { return testing.Verbose() }

// names notes the variables that are set.
func (in *insider) names(pairs []string) {
	for _, pair := range pairs {
		if name, _, found := strings.Cut(pair, "="); found {
			in.variables = append(in.variables, name)
		}
	}
}

// params are a script's, with commands that call karmactl here.
func (in *insider) params(p testscript.Params) testscript.Params {
	setup := p.Setup
	p.Setup = func(e *testscript.Env) error {
		err := setup(e)
		in.names(e.Vars)
		return err
	}
	p.Cmds = maps.Clone(p.Cmds)
	p.Cmds["karmactl_inside"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if code := in.karmactl(ts, args); (code != 0) != neg {
			ts.Fatalf("karmactl exits %d", code)
		}
	}
	p.Cmds["stdin_inside"] = func(ts *testscript.TestScript, _ bool, args []string) { in.stdin = ts.ReadFile(args[0]) }
	p.Cmds["exits"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 || args[1] != "karmactl" {
			ts.Fatalf("usage: exits code karmactl [args]")
		}
		wantExit(ts, args, strconv.Itoa(in.karmactl(ts, args[2:])))
	}
	return p
}

// karmactl runs one command as its process would.
func (in *insider) karmactl(ts *testscript.TestScript, args []string) int {
	environ := make([]string, 0, len(in.variables))
	for _, name := range in.variables {
		environ = append(environ, name+"="+ts.Getenv(name))
	}
	code, stdout, stderr := karmactlInside(in.t, ts.MkAbs("."), environ, in.stdin, args...)
	in.stdin = ""
	_, err := ts.Stdout().Write([]byte(stdout))
	ts.Check(err)
	_, err = ts.Stderr().Write([]byte(stderr))
	ts.Check(err)
	return code
}

// karmactlInside runs karmactl in a folder of its own, with an environment and streams of its own.
func karmactlInside(t *testing.T, dir string, environ []string, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Environ()
	defer func() {
		setEnviron(t, before)
		if err := os.Chdir(here); err != nil {
			t.Fatal(err)
		}
	}()
	setEnviron(t, append(environ, "GOMEMLIMIT=off")) // a rehearsal's limit is for a process of its own: this one would only collect garbage
	if err := os.Chdir(dir); err != nil {
		t.Fatal(err)
	}
	var out, said locked
	a := &app{
		term:     ui.NewTerminal(strings.NewReader(stdin), &out, &said, os.Getenv),
		rehearse: openRehearsal, patience: time.Minute, stop: make(chan struct{}), leaveSignals: func() {},
	}
	code = a.run(context.Background(), args)
	return code, out.String(), said.String()
}

func setEnviron(t *testing.T, pairs []string) {
	t.Helper()
	os.Clearenv()
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if err := os.Setenv(name, value); err != nil {
			t.Fatal(err)
		}
	}
}
