package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/ui"
)

// TestTheTutorialIsTrue runs every command of docs/tutorial.md in an empty folder,
// and looks for the lines that the page shows below it.
func TestTheTutorialIsTrue(t *testing.T) {
	t.Parallel()
	runDocument(t, filepath.Join("..", "..", "docs", "tutorial.md"), tutorial)
}

// TestTheWorkflowOfTheDocsWorks has ci github write docs/ci/karmactl.yml, and runs its steps as
// GitHub would, in a simulated account, with tools of its own in place of curl and gh.
func TestTheWorkflowOfTheDocsWorks(t *testing.T) {
	t.Parallel()
	runDocument(t, filepath.Join("..", "..", "docs", "ci", "karmactl.yml"), runWorkflow)
}

// runDocument runs a document in a folder of testscript's, where karmactl is the
// real main.
func runDocument(t *testing.T, path string, run func(*testscript.TestScript, string)) {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))+".txtar")
	if err := os.WriteFile(script, []byte("document\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Setup: func(e *testscript.Env) error {
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			collectLittle(e)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"document": func(ts *testscript.TestScript, _ bool, _ []string) { run(ts, string(page)) },
		},
	})
}

var (
	codeFence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	exitNote  = regexp.MustCompile(` +# exits ([0-9]+)$`)
	anyNumber = regexp.MustCompile(`[0-9]+`)
	anySpace  = regexp.MustCompile(` +`)
)

// tutorial does what a reader does: writes the files that have a name behind the
// fence, and runs what begins with a dollar.
func tutorial(ts *testscript.TestScript, page string) {
	commands := 0
	for _, block := range codeFence.FindAllStringSubmatch(page, -1) {
		kind, body := block[1], block[2]
		if name, ok := strings.CutPrefix(kind, "yaml "); ok {
			ts.Check(os.WriteFile(ts.MkAbs(name), []byte(body), 0o644))
		}
		if kind != "console" {
			continue
		}
		said := ""
		for line := range strings.Lines(body) {
			line = strings.TrimSuffix(line, "\n")
			command, ok := strings.CutPrefix(line, "$ ")
			switch {
			case ok:
				commands++
				said = shell(ts, command)
			case !strings.Contains(said, loosely(line)):
				ts.Fatalf("the page shows %q, which is not in\n%s", line, said)
			}
		}
	}
	if commands < 20 {
		ts.Fatalf("the page has only %d commands", commands)
	}
}

// shell runs a line, wants the exit code of its comment, and returns what was said.
func shell(ts *testscript.TestScript, line string) string {
	if assignment, ok := strings.CutPrefix(line, "export "); ok {
		name, value, _ := strings.Cut(assignment, "=")
		ts.Setenv(name, value)
		return ""
	}
	want := "0"
	if m := exitNote.FindStringSubmatch(line); m != nil {
		want, line = m[1], exitNote.ReplaceAllString(line, "")
	}
	got := "0"
	if err := ts.Exec("bash", "-c", line); err != nil {
		got = exitCodeOf(err)
	}
	if got != want {
		ts.Fatalf("%s exits %s, want %s", line, got, want)
	}
	return loosely(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
}

// loosely leaves out of a text what differs from run to run.
func loosely(s string) string {
	return anySpace.ReplaceAllString(anyNumber.ReplaceAllString(s, "0"), " ")
}

// fakeTools are what the steps use of a runner: nothing is downloaded, and the
// comment goes into a file.
var fakeTools = map[string]string{
	"curl": "#!/bin/sh\necho 'echo installed \"$@\" >installed'\n",
	"gh":   "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" != --body-file ] || cat \"$2\" >commented; shift; done\n",
}

func runWorkflow(ts *testscript.TestScript, text string) {
	var file struct {
		Jobs map[string]struct {
			Steps []struct {
				Run string            `yaml:"run"`
				Env map[string]string `yaml:"env"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	ts.Check(yaml.Unmarshal([]byte(text), &file))
	ts.Check(os.MkdirAll(ts.MkAbs("config"), 0o755))
	fleet, err := os.ReadFile(filepath.Join("..", "..", "config", "agents.yaml"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("config/agents.yaml"), fleet, 0o644))
	ts.Check(os.Mkdir(ts.MkAbs("tools"), 0o755))
	for name, script := range fakeTools {
		ts.Check(os.WriteFile(ts.MkAbs("tools/"+name), []byte(script), 0o755))
	}
	ts.Setenv("PATH", ts.MkAbs("tools")+string(os.PathListSeparator)+ts.Getenv("PATH"))
	ts.Setenv("KARMACTL_SIMULATE", ts.MkAbs("aws"))
	ts.Check(ts.Exec("karmactl", "ci", "github", "--repo", "acme/agents", "--write", "--yes"))
	if written := ts.ReadFile(".github/workflows/karmactl.yml"); written != text {
		ts.Fatalf("ci github writes\n%s", written)
	}
	ts.Setenv("GITHUB_PATH", ts.MkAbs("path"))
	ts.Setenv("KARMACTL", "v1.2.3")
	ts.Setenv("NUMBER", "7")
	for _, job := range []string{"plan", "deploy"} {
		for _, step := range file.Jobs[job].Steps {
			if step.Run != "" {
				ts.Check(ts.Exec("bash", "-e", "-o", "pipefail", "-c", step.Run))
			}
		}
	}
	if got := ts.ReadFile("installed"); !strings.Contains(got, "-v v1.2.3 -d ") {
		ts.Fatalf("install.sh is called with %q", got)
	}
	comment := ts.ReadFile("commented")
	for _, want := range []string{"to create, 0 to change", "| **total**"} {
		if !strings.Contains(comment, want) {
			ts.Fatalf("the comment has no %q:\n%s", want, comment)
		}
	}
}

var skillCommand = regexp.MustCompile("(?m)^\\| `karmactl ([^`]+)` \\|")

// skillSection are the commands in a table of SKILL.md.
func skillSection(t *testing.T, heading string) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "SKILL.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("SKILL.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for _, m := range skillCommand.FindAllStringSubmatch(section, -1) {
		commands = append(commands, m[1])
	}
	return commands
}

// TestEveryCommandIsSafeToRunOrNotByTheSkill: a coding agent must find each command
// in one of the two tables of SKILL.md.
func TestEveryCommandIsSafeToRunOrNotByTheSkill(t *testing.T) {
	known := map[string]bool{}
	for _, heading := range []string{"Only looks", "Ask a person first"} {
		for _, c := range skillSection(t, heading) {
			name, _, _ := strings.Cut(c, " ")
			known[name] = true
		}
	}
	for _, c := range newRootCmd(&app{term: &ui.Terminal{}}).Commands() {
		if c.IsAvailableCommand() && !known[c.Name()] {
			t.Errorf("SKILL.md does not say whether karmactl %s is safe to run unasked", c.Name())
		}
		delete(known, c.Name())
	}
	delete(known, "help")
	delete(known, "completion")
	for name := range known {
		t.Errorf("SKILL.md names karmactl %s, which is not a command", name)
	}
}

// TestWhatTheSkillCallsLookingOnlyReads runs each of these commands in an account
// with a fleet, and looks at every call to AWS.
func TestWhatTheSkillCallsLookingOnlyReads(t *testing.T) {
	looks := skillSection(t, "Only looks")
	if len(looks) < 12 {
		t.Fatalf("only %q", looks)
	}
	called := regexp.MustCompile(`(?m)^aws +[0-9]+ms +(.*)$`)
	reads := regexp.MustCompile(`^[A-Za-z0-9 ]+ (Describe|Get|List|Head|BatchGet|Filter)[A-Za-z]*( |$)`)
	onVirtualTime(t, "in the shipped fleet", func(t *testing.T) {
		a := &aviary{t: t, dir: t.TempDir()}
		a.file = filepath.Join(a.dir, "agents.yaml")
		if err := os.CopyFS(a.dir, os.DirFS(filepath.Dir(shippedFile()))); err != nil {
			t.Fatal(err)
		}
		a.run(0, "", "up", "--yes", "--quiet")
		total := 0
		for _, c := range looks {
			if testing.Short() && strings.HasPrefix(c, "try") {
				continue // it takes its time in an account of its own, and a script of its own runs it
			}
			for _, call := range called.FindAllStringSubmatch(a.run(0, "", strings.Fields(c)...), -1) {
				total++
				if !reads.MatchString(call[1]) {
					t.Errorf("karmactl %s calls %s", c, call[1])
				}
			}
		}
		if total < 30 {
			t.Errorf("only %d calls were seen", total)
		}
	})
}
