package scripts

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// acceptance runs acceptance.sh with a karmactl that writes down how it was called.
// What it does is in script, where $1 is the command.
type acceptance struct {
	t              *testing.T
	bin            string
	calls          string
	report         string
	said, reported string
	code           int
}

func runAcceptance(t *testing.T, script string, interruptAt string, args ...string) *acceptance {
	t.Helper()
	dir := t.TempDir()
	a := &acceptance{t: t, bin: filepath.Join(dir, "karmactl"), calls: filepath.Join(dir, "calls"), report: filepath.Join(dir, "report.md")}
	program := "#!/bin/bash\nregion=$2\nshift 2\necho \"$region $*\" >>" + a.calls + `
if [ "$1" = secrets ]; then read -r value; echo "value $value in 123456789012" >&2; fi
case $1 in
cost) echo '{"monthly": {"low": "80.00", "expected": "90.00", "high": "100.00"}}' ;;
plan) [ -e ` + dir + `/up ] || exit 2 ;;
up) touch ` + dir + `/up ;;
esac
` + script + `
case "$*" in *crash*) exit 3 ;; esac
exit 0
`
	if err := os.WriteFile(a.bin, []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "./acceptance.sh", append([]string{"--simulate", "--bin", a.bin, "--report", a.report}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if interruptAt != "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for !slices.Contains(a.called(), interruptAt) && ctx.Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a.code, a.said = cmd.ProcessState.ExitCode(), said.String()
	b, _ := os.ReadFile(a.report) // a run that was refused writes none
	a.reported = string(b)
	return a
}

func (a *acceptance) called() []string {
	b, _ := os.ReadFile(a.calls) // nothing was called yet
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// downs are the regions in which the last call was down.
func (a *acceptance) downs() []string {
	last := map[string]string{}
	for _, call := range a.called() {
		region, command, _ := strings.Cut(call, " ")
		last[region] = command
	}
	var regions []string
	for region, command := range last {
		if strings.HasPrefix(command, "down ") {
			regions = append(regions, region)
		}
	}
	slices.Sort(regions)
	return regions
}

func TestAcceptanceTakesEveryStepAndReportsIt(t *testing.T) {
	a := runAcceptance(t, "", "", "--yes")
	if a.code != 0 {
		t.Fatalf("exit %d\n%s", a.code, a.said)
	}
	if got := a.downs(); !slices.Equal(got, []string{"us-east-1", "us-west-2"}) {
		t.Errorf("down at the end in %v", got)
	}
	for _, want := range []string{"at most $0.27 an hour", "limit is $1 an hour"} {
		if !strings.Contains(a.said, want) {
			t.Errorf("it does not say %q before it begins:\n%s", want, a.said)
		}
	}
	for _, want := range []string{"up in a fresh account", "a second region", "a bad deployment", "hibernate", "wake at once", "| Q14 ", "| Q18 "} {
		if !strings.Contains(a.reported, want) {
			t.Errorf("the report has no %q:\n%s", want, a.reported)
		}
	}
}

func TestAcceptanceMakesNothingWithoutAYesOrAboveTheLimit(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{{nil, 64}, {[]string{"--yes", "--limit", "0.10"}, 5}, {[]string{"--yes", "--region", "us-west-2"}, 64}, {[]string{"--what"}, 64}} {
		a := runAcceptance(t, "", "", c.args...)
		if a.code != c.code {
			t.Errorf("%q: exit %d, want %d\n%s", c.args, a.code, c.code, a.said)
		}
		for _, call := range a.called() {
			if strings.Contains(call, " up ") {
				t.Errorf("%q called %s", c.args, call)
			}
		}
	}
}

func TestAcceptanceCleansUpWhateverHappens(t *testing.T) {
	for name, c := range map[string]struct{ script, interruptAt string }{
		"up fails":                 {"[ $1 != up ] || { echo it broke >&2; exit 1; }", ""},
		"a step in between fails":  {"[ $1 != hibernate ] || exit 1", ""},
		"it is stopped":            {"[ $1 != wake ] || sleep 0.2", "us-east-1 wake --yes"},
		"down needs a second time": {"[ $1 != down ] || [ -e $0.again ] || { touch $0.again; exit 1; }", ""},
	} {
		a := runAcceptance(t, c.script, c.interruptAt, "--yes")
		if a.code == 0 {
			t.Errorf("%s: exit 0\n%s", name, a.said)
		}
		if got := a.downs(); !slices.Equal(got, []string{"us-east-1", "us-west-2"}) {
			t.Errorf("%s: down at the end in %v", name, got)
		}
		if !strings.Contains(a.reported, "clean up us-west-2, try 1") {
			t.Errorf("%s: the report does not tell the clean-up:\n%s", name, a.reported)
		}
	}
}

func TestAcceptanceReportsNoAccountAndNoSecret(t *testing.T) {
	a := runAcceptance(t, "[ $1 != secrets ] || exit 1", "", "--yes")
	if !strings.Contains(a.reported, "value SECRET in ACCOUNT") {
		t.Errorf("the failed step is not told, or not redacted:\n%s", a.reported)
	}
	if m := regexp.MustCompile(`[0-9]{12}|[0-9a-f]{32}`).FindString(a.reported); m != "" {
		t.Errorf("the report has %s:\n%s", m, a.reported)
	}
}
