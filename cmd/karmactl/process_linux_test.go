package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The limits of the real process, as built for release.
const (
	mostMemory = 135 << 20
	// mostValidate is processor time: who else has the machine does not count.
	mostValidate = 100 * time.Millisecond
	// mostRehearsal and mostOfAWS are of an up of a hundred agents: processor time, and
	// the time that it tells.
	mostRehearsal = 10 * time.Second
	mostOfAWS     = 6 * time.Minute
	// mostStarts is how many times as long as a program that only imports the AWS SDK's
	// clients a start may take. The SDK fills its tables before main, which cannot be
	// put off; the rest is ours.
	mostStarts = 1.5
	// mostSmall is the memory of a command that asks AWS nothing: some 37 MB, of which two
	// thirds are pages of the program's file, as many as the kernel maps at once.
	mostSmall = 42 << 20
)

// process runs the released binary in a directory of its own, without what the
// user's shell carries, and tells its time from start to end and its peak memory.
type process struct {
	testing.TB
	path, dir string
}

func newProcess(tb testing.TB) process {
	tb.Helper()
	return process{tb, released(tb), tb.TempDir()}
}

// spent is what a run of the process took.
type spent struct {
	took, cpu time.Duration
	memory    int64
	said      string // on both streams
}

// run wants an exit code.
func (p process) run(code int, args ...string) spent {
	p.Helper()
	cmd := exec.CommandContext(p.Context(), args[0], args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	ended, most := make(chan struct{}), make(chan int64, 1)
	go func() { most <- watchMemory(cmd.Process.Pid, ended) }()
	_ = cmd.Wait() // its exit code is compared
	took := time.Since(began)
	close(ended)
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.Fatalf("%v exits %d, want %d:\n%s", args, got, code, said.String())
	}
	return spent{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), <-most, said.String()}
}

// watchMemory gives the most resident memory of a process in bytes, except in its last
// 10 ms: of a process that is over at once, see peak.
func watchMemory(pid int, ended <-chan struct{}) (most int64) {
	for {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone is gone
		if _, rest, ok := strings.Cut(string(b), "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			most = max(most, kb<<10)
		}
		select {
		case <-ended:
			return most
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// best is the shortest of some runs: a busy machine only ever makes one longer.
func (p process) best(code, runs int, args ...string) time.Duration {
	p.Helper()
	least := p.run(code, args...).took
	for range runs - 1 {
		least = min(least, p.run(code, args...).took)
	}
	return least
}

// agents writes an agents.yaml with so many agents, each calling the one before.
func (p process) agents(n int) string {
	p.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, "project: karmacadabra\nregion: us-east-1\ndefaults: {image: 'public.ecr.aws/docker/library/python:3.13-slim'}\nagents:")
	for i := range n {
		fmt.Fprintf(&b, "  agent-%03d:\n    port: %d\n    env: {NUMBER: %d}\n", i, 9001+i, i)
		if i%5 > 0 {
			fmt.Fprintf(&b, "    calls: [agent-%03d]\n", i-1)
		}
	}
	file := filepath.Join(p.dir, fmt.Sprintf("agents-%d.yaml", n))
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		p.Fatal(err)
	}
	return file
}

// oldAccount is a simulated account that may run 4000 vCPU on Spot, as accounts
// that are not new may.
func (p process) oldAccount() string {
	p.Helper()
	world, path := map[string]json.RawMessage{}, filepath.Join(p.dir, "world", worldName)
	p.run(0, p.path, "plan", "-f", p.agents(1), "--simulate", filepath.Dir(path))
	text, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	if err := json.Unmarshal(text, &world); err != nil {
		p.Fatal(err)
	}
	world["FargateVCPU"] = json.RawMessage(`{"L-36FBB829": 4000}`)
	if text, err = json.Marshal(world); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		p.Fatal(err)
	}
	return filepath.Dir(path)
}

// TestAHundredAgentsAreUpInSeconds holds a rehearsal of the largest fleet that
// validate allows to memory and processor time; and to AWS's time, which must not run
// on while the simulated AWS computes.
func TestAHundredAgentsAreUpInSeconds(t *testing.T) {
	p, agents := newProcess(t), 100
	if testing.Short() {
		agents = 30 // within the same bounds; make test-race has the hundred
	}
	c := p.run(0, p.path, "up", "--yes", "-f", p.agents(agents), "--budget", "5000", "--simulate", p.oldAccount())
	_, rest, _ := strings.Cut(c.said, "Up in ")
	told, _, _ := strings.Cut(rest, ".")
	aws, err := time.ParseDuration(told)
	if err != nil {
		t.Fatalf("it does not say how long it took:\n%s", c.said)
	}
	t.Logf("up of %d agents, with the simulated AWS in the same process: %.0f MB at most, %s, of these %s of a processor; %s of AWS's time", agents, float64(c.memory)/1e6, c.took, c.cpu, aws)
	if c.memory > mostMemory {
		t.Errorf("it takes %d bytes, more than %d", c.memory, mostMemory)
	}
	if c.cpu > mostRehearsal {
		t.Errorf("it takes %s of a processor, more than %s", c.cpu, mostRehearsal)
	}
	if aws > mostOfAWS {
		t.Errorf("it takes %s of AWS's time, more than %s", aws, mostOfAWS)
	}
}

// TestTheProcessIsSmallAndQuick holds the released binary to time and memory: a file of
// 500 agents is refused for the quota, after all of it was checked.
func TestTheProcessIsSmallAndQuick(t *testing.T) {
	p := newProcess(t)
	validate := []string{p.path, "validate", "-f", p.agents(500)}
	cpu, took := p.run(64, validate...).cpu, time.Duration(0)
	for range 9 {
		cpu = min(cpu, p.run(64, validate...).cpu)
	}
	t.Logf("validate of 500 agents: %s of a processor", cpu)
	if cpu > mostValidate {
		t.Errorf("validate of 500 agents takes %s of a processor, more than %s", cpu, mostValidate)
	}
	bare := p.bare()
	for _, args := range starting() {
		ratio := 1e9
		for tries := 0; ratio > mostStarts && tries < 10; tries++ { // a neighbour may have had the machine
			ratio, took = p.starts(bare, args...)
		}
		t.Logf("%v: %s, %.2f times a program that only imports the SDK's clients", args, took, ratio)
		if ratio > mostStarts {
			t.Errorf("%v takes %.2f times as long as a program that only imports the SDK's clients, more than %.1f: GODEBUG=inittrace=1 tells who is slow", args, ratio, mostStarts)
		}
	}
	p.forget()
	for _, args := range [][]string{{"--help"}, {"version"}, {"validate", "-f", p.agents(100)}} {
		memory := p.peak(bare, args...)
		t.Logf("%v: %.1f MB at most", args[:1], float64(memory)/1e6)
		if memory > mostSmall {
			t.Errorf("%v takes %d bytes, more than %d", args[:1], memory, mostSmall)
		}
	}
}

// forget has the kernel read karmactl's file again, page by page as they are used. It counts whole what it maps, and of
// a file that has just been written or read from its start to its end it maps up to half as much again.
func (p process) forget() {
	p.Helper()
	file, err := os.Open(p.path)
	if err != nil {
		p.Fatal(err)
	}
	defer file.Close()
	if err := errors.Join(file.Sync(), unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)); err != nil {
		p.Fatal(err)
	}
}

// peak is the most resident memory of karmactl in bytes, whenever it had it. A small program starts it: the
// kernel counts into a child's figure what its parent had, and a test has more than karmactl.
func (p process) peak(starter string, args ...string) int64 {
	p.Helper()
	memory, err := strconv.ParseInt(p.run(0, append([]string{starter, p.path}, args...)...).said, 10, 64)
	if err != nil {
		p.Fatal(err)
	}
	return memory
}

// starting are the commands whose start the user waits for.
func starting() [][]string {
	return [][]string{{"--help"}, {"__complete", "st"}, {"__complete", "logs", ""}}
}

// bare builds a program that imports the SDK's clients of karmactl and does nothing; with arguments it runs
// them as a command and prints that one's most resident memory.
func (p process) bare() string {
	p.Helper()
	deps, err := exec.CommandContext(p.Context(), "go", "list", "-f", `{{join .Deps "\n"}}`, ".").Output()
	if err != nil {
		p.Fatal(err)
	}
	source := "package main\nimport (\"fmt\"; \"os\"; \"os/exec\"; \"syscall\")\n"
	for dep := range strings.Lines(string(deps)) {
		dep = strings.TrimSpace(dep)
		if client, ok := strings.CutPrefix(dep, "github.com/aws/aws-sdk-go-v2/service/"); ok && !strings.Contains(client, "/") {
			source += fmt.Sprintf("import _ %q\n", dep)
		}
	}
	if !strings.Contains(source, "service/ecs") {
		p.Fatalf("karmactl does not import the client of ECS:\n%s", deps)
	}
	file, program := filepath.Join(p.dir, "bare.go"), filepath.Join(p.dir, "bare")
	if err := os.WriteFile(file, []byte(source+bareMain), 0o600); err != nil {
		p.Fatal(err)
	}
	build := exec.CommandContext(p.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, file)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		p.Fatalf("%v\n%s", err, out)
	}
	return program
}

const bareMain = `
func main() {
	if len(os.Args) == 1 {
		return
	}
	c := exec.Command(os.Args[1], os.Args[2:]...)
	if err := c.Run(); err != nil {
		fmt.Print(err)
		os.Exit(1)
	}
	fmt.Print(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10)
}
`

// starts is how many times as long as another program karmactl takes for some
// arguments, in turns, so that both see the same machine.
func (p process) starts(other string, args ...string) (ratio float64, took time.Duration) {
	p.Helper()
	took, unit := time.Hour, time.Hour
	for range 40 {
		unit = min(unit, p.best(0, 1, other))
		took = min(took, p.best(0, 1, append([]string{p.path}, args...)...))
	}
	return took.Seconds() / unit.Seconds(), took
}

// BenchmarkStart compares with a program that only imports the SDK's clients, and with `go version`.
func BenchmarkStart(b *testing.B) {
	p := newProcess(b)
	bare := p.bare()
	for _, args := range starting() {
		b.Run(strings.Join(args, " "), func(b *testing.B) {
			for b.Loop() {
				ratio, took := p.starts(bare, args...)
				b.ReportMetric(took.Seconds()*1e3, "ms")
				b.ReportMetric(ratio, "x-bare-sdk")
				b.ReportMetric(float64(p.peak(bare, args...))/1e6, "MB-rss")
				b.ReportMetric(took.Seconds()/p.best(0, 40, "go", "version").Seconds(), "x-go-version")
			}
		})
	}
}
