package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptsAtOnce is how many scripts run at once: each mostly waits, in real time, for
// a clock that is sixty times as fast; at full length, which is under the race detector, it
// computes longer than it waits. -parallel on the command line goes first.
func scriptsAtOnce() string {
	if slices.Contains(os.Args, "-test.short=true") {
		return "14"
	}
	return "8"
}

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", scriptsAtOnce()); err != nil {
		panic(err)
	}
	testscript.Main(tidy{m}, map[string]func(){
		"karmactl": func() {
			a := newApp()
			a.patience = time.Minute
			os.Exit(a.main(os.Args[1:]))
		},
		"builder": builder,
	})
}

// tidy removes the released program after the tests.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	if dir, err := buildDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
	return code
}

// The scripts run the real main, with a simulated account in $WORK/world
// and the shipped agents.yaml. With -short, the ones that need no process of their own run inside one process.
func TestScripts(t *testing.T) {
	t.Parallel()
	t.Run("inside", scriptsInside)
	files := scripts(t, func(text string) bool { return !testing.Short() || needsAProcess.MatchString(text) })
	p := scriptParams()
	p.Files = files
	testscript.Run(t, p)
}

// scripts are the files of those scripts whose text is wanted.
func scripts(t *testing.T, want func(text string) bool) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f string) bool {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		return !want(string(text))
	})
}

func scriptParams() testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			for _, f := range []string{"agents.yaml", "agents.full.yaml", "agents.schema.json"} {
				b, err := os.ReadFile(filepath.Join("..", "..", "config", f))
				if err != nil {
					return err
				}
				if err := os.MkdirAll(filepath.Join(e.WorkDir, "config"), 0o755); err != nil {
					return err
				}
				to := filepath.Join(e.WorkDir, "config", f)
				if _, err := os.Stat(to); err == nil {
					continue // the script brings its own
				}
				if err := os.WriteFile(to, b, 0o644); err != nil {
					return err
				}
			}
			e.Setenv("KARMACTL_SIMULATE", filepath.Join(e.WorkDir, "world"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			collectLittle(e)
			// A day of the week that is neither today nor tomorrow, anywhere on earth.
			e.Setenv("ANOTHER_DAY", strings.ToUpper(time.Now().UTC().AddDate(0, 0, 3).Format("Mon")))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"bills": bills, "exits": exits, "await": await, "cloudwatch": cloudwatch, "dry": dry, "losebucket": losebucket, "plant": plant, "writelater": writelater},
	}
}

// collectLittle has the processes of a script collect no garbage below 256 MiB: they live for
// seconds with small heaps, and there are a thousand of them.
func collectLittle(e *testscript.Env) {
	e.Setenv("GOGC", "off")
	e.Setenv("GOMEMLIMIT", "256MiB")
}

// exits runs a command and checks its exit code: exits 6 karmactl up --yes.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [args]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = exitCodeOf(err)
	}
	wantExit(ts, args, code)
}

// wantExit checks the exit code that the first of the arguments of exits names.
func wantExit(ts *testscript.TestScript, args []string, code string) {
	if code != args[0] {
		ts.Fatalf("%v exits %s, want %s", args[1:], code, args[0])
	}
}

// await waits until a file has a pattern, or with ! until it has not: a script
// that interrupts something must know that it has begun, on any machine.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] await file pattern")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	for until := time.Now().Add(2 * time.Minute); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && pattern.Match(b) != neg {
			return
		}
	}
	ts.Fatalf("%s did not come to that within two minutes", args[0])
}
