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
	return runAcceptanceIn(t, t.TempDir(), script, interruptAt, append([]string{"--simulate"}, args...)...)
}

// runAcceptanceIn runs it with the tools in dir/tools first in the PATH.
func runAcceptanceIn(t *testing.T, dir, script, interruptAt string, args ...string) *acceptance {
	t.Helper()
	a := &acceptance{t: t, bin: filepath.Join(dir, "karmactl"), calls: filepath.Join(dir, "calls"), report: filepath.Join(dir, "report.md")}
	program := "#!/bin/bash\nregion=$2\nshift 2\necho \"$region $*\" >>" + a.calls + `
if [ "$1" = secrets ]; then read -r value; echo "value $value in 123456789012" >&2; fi
case $1 in
cost) echo '{"monthly": {"low": "80.00", "expected": "90.00", "high": "100.00"}}' ;;
plan) [ -e ` + dir + `/up ] || exit 2 ;;
up) touch ` + dir + `/up ;;
esac
` + script + `
case "$*" in *crash* | *hello-world*) exit 3 ;; esac
exit 0
`
	if err := os.WriteFile(a.bin, []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "./acceptance.sh", append([]string{"--bin", a.bin, "--report", a.report}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "PATH="+filepath.Join(dir, "tools")+string(os.PathListSeparator)+os.Getenv("PATH"))
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

// accountTools are what the kit uses in a real account, each writing down how it
// was called. The aws command answers as AWS's does; the caller has keys of their own.
var accountTools = map[string]string{
	"aws": `echo "${AWS_PROFILE-${AWS_ACCESS_KEY_ID-none}} $*" >>"$0.calls"
case "$*" in
*get-caller-identity*) echo arn:aws:iam::123456789012:user/admin ;;
*create-role*) echo arn:aws:iam::123456789012:role/karmactl-try ;;
*create-policy*) echo arn:aws:iam::123456789012:policy/try-$# ;;
*assume-role*) [ -e "$0.spread" ] || { touch "$0.spread"; exit 254; }; printf 'ASIAROLE\tsecret\ttoken\n' ;;
*describe-tasks*) echo '["ecs-service-connect-abc", "web"]' ;;
*) echo '"arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1"' ;;
esac`,
	"curl": "printf 504", "sleep": "exit 0", "session-manager-plugin": "exit 0",
}

// account is a folder with these tools; the aws command does first what it is told.
func account(t *testing.T, first string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tools"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, script := range accountTools {
		if name == "aws" {
			script = first + "\n" + script
		}
		if err := os.WriteFile(filepath.Join(dir, "tools", name), []byte("#!/bin/bash\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAcceptanceRunsWithThePoliciesAloneAndTakesTheRoleAway(t *testing.T) {
	for _, as := range []struct{ variable, who string }{{"AWS_ACCESS_KEY_ID", "AKIAADMIN"}, {"AWS_PROFILE", "admin"}} {
		t.Run(as.variable, func(t *testing.T) {
			t.Setenv(as.variable, as.who)
			acceptsAsTheRole(t, as.who)
		})
	}
}

func acceptsAsTheRole(t *testing.T, who string) {
	t.Helper()
	dir := account(t, "")
	a := runAcceptanceIn(t, dir, `[ "$AWS_ACCESS_KEY_ID" = ASIAROLE ] || [ $1 = validate ] || [ $1 = cost ] || [ $1 = version ] || { echo "not as the role" >&2; exit 1; }`, "", "--yes")
	if a.code != 0 {
		t.Fatalf("exit %d\n%s", a.code, a.said)
	}
	calls := strings.Split(strings.TrimSpace(read(t, filepath.Join(dir, "tools", "aws.calls"))), "\n")
	count := func(who, what string) (n int) {
		for _, c := range calls {
			if strings.HasPrefix(c, who+" ") && strings.Contains(c, what) {
				n++
			}
		}
		return n
	}
	for what, want := range map[string]int{"create-role": 1, "create-policy": 3, "attach-role-policy": 3, "assume-role ": 2, "detach-role-policy": 3, "delete-policy": 3, "delete-role ": 1} {
		if got := count(who, what); got != want {
			t.Errorf("the caller called %s %d times, want %d", what, got, want)
		}
	}
	if got := count("ASIAROLE", " iam "); got != 0 {
		t.Errorf("the role called IAM %d times", got)
	}
	for _, want := range []string{"with the three published policies alone", "| Q1 does IAM accept the three policies | yes |", "HTTP 504", `["ecs-service-connect-abc", "web"]`, "namespace/ns-1", "permissions that were missing: 0"} {
		if !strings.Contains(a.reported, want) {
			t.Errorf("the report has no %q:\n%s", want, a.reported)
		}
	}
	if strings.Contains(a.reported, "123456789012") {
		t.Errorf("the report has the account's id:\n%s", a.reported)
	}
}

func TestAcceptanceTakesTheRoleAwayWhenAStepFails(t *testing.T) {
	dir := account(t, `case "$*" in *create-policy*change*) exit 1 ;; esac`)
	a := runAcceptanceIn(t, dir, "", "", "--yes")
	calls := read(t, filepath.Join(dir, "tools", "aws.calls"))
	if a.code != 1 || !strings.Contains(calls, "delete-role") || strings.Count(calls, "delete-policy") != 1 {
		t.Errorf("exit %d, and the calls were\n%s", a.code, calls)
	}
	for _, call := range a.called() {
		if strings.Contains(call, " up ") || strings.Contains(call, " down ") {
			t.Errorf("nothing was made, and it called %s", call)
		}
	}
}
