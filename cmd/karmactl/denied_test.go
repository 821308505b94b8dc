package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/awssim/recorded"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/ui"
)

// oneAgent is the smallest stack that has each kind of thing that commands work on.
const oneAgent = `
project: karmacadabra
environment: prod
region: us-east-1
secrets: {nested: karmacadabra, entry: "{agent}-agent"}
defaults: {image: "public.ecr.aws/x/agent:v1"}
agents:
  validator: {port: 9001, secrets: {PRIVATE_KEY: {key: private_key, optional: true}}}
`

// jobsOfOne are a job that EventBridge Scheduler starts and one that a state machine leads, with whom failures are told.
const jobsOfOne = `
observability: {alarms: {emails: [ops@example.com], topics: ["arn:aws:sns:us-east-1:123456789012:pages"]}}
jobs:
  digest: {agent: validator, command: [echo], schedule: every hour}
  tidy: {agent: validator, command: [sh, -c, "exit 3"], schedule: every hour, retries: 1}
`

// office is a simulated account in this process, with commands that are run one after the other on virtual time.
type office struct {
	t    *testing.T
	sim  *awssim.Sim
	dir  string
	file string
}

func newOffice(t *testing.T, yaml string) *office {
	return newOfficeIn(t, yaml, awssim.Options{Region: "us-east-1", Visible: time.Second})
}

// newOfficeIn is an office in an account that is as slow and as strict as the options say.
func newOfficeIn(t *testing.T, yaml string, opts awssim.Options) *office {
	sim, err := awssim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	recorded.Watch(t, sim.Observe)
	o := &office{t: t, sim: sim, dir: t.TempDir()}
	o.file = filepath.Join(o.dir, "agents.yaml")
	o.write(yaml)
	return o
}

// write writes agents.yaml.
func (o *office) write(yaml string) {
	if err := os.WriteFile(o.file, []byte(yaml), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// run runs one command and gives its exit code and all that it said.
func (o *office) run(stdin string, args ...string) (int, string) {
	var out locked
	return o.runOn(ui.NewTerminal(strings.NewReader(stdin), &out, &out, func(string) string { return "" }), args...), out.String()
}

// runOn runs one command at a terminal.
func (o *office) runOn(term *ui.Terminal, args ...string) int {
	global := []string{"--file", o.file, "--simulate", filepath.Join(o.dir, "world"), "--state", "s3://karmactl-state-123456789012-us-east-1/it"}
	return o.app(term).run(context.Background(), append(global, args...)) // before a command of the user's
}

// app is a program in the office's account.
func (o *office) app(term *ui.Terminal) *app {
	return &app{
		term:     term,
		rehearse: func(string, string) (*awssim.Sim, engine.Clock, error) { return o.sim, engine.RealClock{}, nil },
		stop:     make(chan struct{}), leaveSignals: func() {},
	}
}

// must runs what has to work.
func (o *office) must(stdin string, args ...string) {
	o.t.Helper()
	if code, said := o.run(stdin, args...); code != 0 {
		o.t.Fatalf("%v exits %d:\n%s", args, code, said)
	}
}

// keep gives a function that puts the account back to how it is now.
func (o *office) keep() func() {
	var kept []byte
	var err error
	if eerr := o.sim.Edit(func(w *awssim.World) { kept, err = json.Marshal(w) }); eerr != nil || err != nil {
		o.t.Fatal(eerr, err)
	}
	return func() {
		fresh := new(awssim.World)
		if err := json.Unmarshal(kept, fresh); err != nil {
			o.t.Fatal(err)
		}
		if err := o.sim.Edit(func(w *awssim.World) { *w = *fresh }); err != nil {
			o.t.Fatal(err)
		}
	}
}

// deny refuses one operation; "" refuses none.
func (o *office) deny(operation string) {
	o.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Name() == operation {
			return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
		}
		return awssim.Fault{}
	})
}

// locked is a buffer for many writers.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// unsaid are operations that commands do without when they are denied, and why that needs no word.
var unsaid = map[string]string{
	"IAM.GetAccountAuthorizationDetails":       "each role is asked for by its name",
	"Resource Groups Tagging API.GetResources": "each resource is asked for its own tags",
	"ServiceDiscovery.ListOperations":          "an empty namespace is taken to stay, and waited for when it goes",
	"ServiceDiscovery.GetOperation":            "as above",
	"ECR.GetAccountSetting":                    "each layer is pushed to each repository, as without the setting",
	"Cost Explorer.ListCostAllocationTags":     "whether the tag counts is told as not known",
	"down Secrets Manager.GetSecretValue":      "a down copies no values",
	"EC2.DescribeNetworkInterfaces":            "what holds a group that is going away is not named while it is waited for",
}

// stage is an account as commands find it.
type stage struct {
	name     string
	prepare  func(*office)
	commands []string
}

// TestWhateverPermissionIsMissingIsNamed runs each command once for every operation that it makes, with that one
// denied. Whether the command fails or does without, it names the permission, and nothing of the SDK's wrapping shows.
func TestWhateverPermissionIsMissingIsNamed(t *testing.T) {
	denyAll(t, 1, stages()...)
}

// stages are what is tried whole each time.
func stages() []stage {
	return []stage{
		{"empty", func(*office) {}, []string{"plan", "down --dry-run", "status", "state list"}},
		{"up", func(o *office) {
			o.must("", "up", "--yes")
			o.must("", "deploy", "validator", "--image", "public.ecr.aws/x/agent:v2")
		}, []string{
			"plan", "up --yes", "outputs", "open --print", "status", "doctor", "dashboard", "logs", "logs --query errors",
			"secrets status", "secrets sync", "cost --actual", "cost refresh", "scale validator=2", "scale --schedule office-hours --now", "run validator -- echo", "run validator --dry-run",
			"deploy validator --dry-run", "deploy validator --refresh-secrets", "rollback validator --dry-run", "rollback validator",
			"rollback --list validator", "exec validator -- true", "port-forward validator", "cp validator:/x .", "secrets set validator private_key",
			"history", "list", "list --all-regions", "state list", "state show vpc", "state history", "state rm vpc", "state unlock", "hibernate --dry-run", "down --dry-run",
			"ci github --repo acme/agents --dry-run",
		}},
		{"let in", func(o *office) { o.must("", "ci", "github", "--repo", "acme/agents", "--yes") }, []string{"ci github --remove --yes", "ci github --repo acme/agents --branch live --yes"}},
		{"not let in", func(*office) {}, []string{"ci github --repo acme/agents --yes"}},
		{"jobs", func(o *office) {
			o.write(oneAgent + jobsOfOne)
			if err := o.sim.Seed(awssim.Seed{Topics: []string{"arn:aws:sns:us-east-1:123456789012:pages"}}); err != nil {
				o.t.Fatal(err)
			}
			o.must("", "up", "--yes")
			time.Sleep(2 * time.Hour) // they have run
		}, []string{"plan", "status", "doctor", "logs tidy", "run tidy", "run digest --detach"}},
	}
}

// TestSweepWhateverPermissionAWalkMissesIsNamed does the same for the long walks: for every operation in the sweep,
// for some of them otherwise.
func TestSweepWhateverPermissionAWalkMissesIsNamed(t *testing.T) {
	every := 9
	if os.Getenv("KARMACTL_SWEEP") == "all" {
		every = 1
	}
	denyAll(t, every, walks()...)
}

// walks are the stages of long walks.
func walks() []stage {
	up := func(o *office) { o.must("", "up", "--yes") }
	return []stage{
		{"empty", func(*office) {}, []string{"up --yes"}},
		{"up", up, []string{
			"status --drift", "deploy validator --restart", "deploy validator --image public.ecr.aws/x/agent:v3", "hibernate --yes", "down --yes",
		}},
		{"asleep", func(o *office) {
			up(o)
			o.must("", "scale", "validator=2")
			o.must("", "hibernate", "--yes")
		}, []string{"wake --yes"}},
	}
}

// triedElsewhere are the commands that are tried on another account, or whose calls another command's are.
var triedElsewhere = map[string]string{
	"adopt": "TestWhateverPermissionAdoptMissesIsNamed", "cutover": "TestWhateverPermissionACutoverMissesIsNamed",
	"state import": "state rm", "state restore": "state rm and state history",
}

// TestEveryCommandThatAsksAWSIsTriedWithoutEachPermission goes through the tree of commands.
func TestEveryCommandThatAsksAWSIsTriedWithoutEachPermission(t *testing.T) {
	for _, name := range commandNames(newRootCmd(&app{term: &ui.Terminal{}}), "") {
		tried := slices.ContainsFunc(slices.Concat(stages(), walks()), func(s stage) bool {
			return slices.ContainsFunc(s.commands, func(c string) bool { return strings.HasPrefix(c+" ", name+" ") })
		})
		if !tried && triedElsewhere[name] == "" && !slices.Contains(offline, name) {
			t.Errorf("%s is in no stage", name)
		}
	}
}

func denyAll(t *testing.T, every int, stages ...stage) {
	signals := make(chan os.Signal, 1) // what hands them out begins outside of the stages' time
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, oneAgent)
				s.prepare(o)
				reset := o.keep()
				for _, command := range s.commands {
					o.denyEach(reset, every, strings.Fields(command))
				}
			})
		})
	}
}

// denyEach runs a command without each of the operations that it makes, or each so many of them.
func (o *office) denyEach(reset func(), every int, args []string) {
	o.sim.ResetCalls()
	_ = os.RemoveAll(filepath.Join(o.dir, "world", worldName+".cache"))
	o.run("", args...)
	var operations []string
	for _, c := range o.sim.Calls() {
		if c.Service != "STS" { // who asks cannot be denied
			operations = append(operations, c.Name())
		}
	}
	slices.Sort(operations)
	for i, op := range slices.Compact(operations) {
		if i%every != 0 {
			continue
		}
		reset()
		_ = os.RemoveAll(filepath.Join(o.dir, "world", worldName+".cache"))
		o.deny(op)
		code, said := o.run("", args...)
		o.deny("")
		words := strings.Join(strings.Fields(said), " ")
		service, name, _ := strings.Cut(op, ".")
		named := strings.Contains(words, "permission "+cloud.Action(service, name)+" is missing")
		silent := unsaid[op] != "" || unsaid[args[0]+" "+op] != ""
		if !named && (code != 0 || !silent) || strings.Contains(said, "operation error") || strings.Contains(said, "StatusCode") {
			o.t.Errorf("%s without %s exits %d:\n%s", strings.Join(args, " "), op, code, last(said, 6))
		}
	}
	reset()
}

// last are the last lines of a text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
