package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The limits of the real process, as built for release.
const (
	mostMemory   = 150 << 20
	mostValidate = 100 * time.Millisecond
	// mostStarts is how many times as long as a program that only imports the AWS SDK's
	// clients a start may take. The SDK fills its tables before main, which nobody can
	// put off; the rest is ours.
	mostStarts = 1.5
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

// run wants an exit code.
func (p process) run(code int, args ...string) (time.Duration, int64) {
	p.Helper()
	cmd := exec.CommandContext(p.Context(), args[0], args[1:]...)
	cmd.Dir = p.dir
	cmd.Env = []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true"}
	var said bytes.Buffer
	cmd.Stderr = &said
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
	return took, <-most
}

// watchMemory gives the most resident memory of a process in bytes. (The rusage of
// a child counts its parent's memory from before exec, so it is of no use.)
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
	least, _ := p.run(code, args...)
	for range runs - 1 {
		took, _ := p.run(code, args...)
		least = min(least, took)
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
	path := filepath.Join(p.dir, "world.json")
	p.run(0, p.path, "plan", "-f", p.agents(1), "--simulate", path)
	text, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	world := map[string]json.RawMessage{}
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
	return path
}

// TestTheProcessIsSmallAndQuick holds the released binary to memory and time: a
// file of 500 agents is refused for the quota, after all of it was checked.
func TestTheProcessIsSmallAndQuick(t *testing.T) {
	p := newProcess(t)
	agents := 50
	if testing.Short() {
		agents = 10
	}
	took, memory := p.run(0, p.path, "up", "--yes", "-f", p.agents(agents), "--budget", "5000", "--simulate", p.oldAccount())
	t.Logf("up of %d agents, with the simulated AWS in the same process: %.0f MB at most, %s", agents, float64(memory)/1e6, took)
	if memory > mostMemory {
		t.Errorf("up of %d agents takes %d bytes, more than %d", agents, memory, mostMemory)
	}
	took = p.best(64, 10, p.path, "validate", "-f", p.agents(500))
	t.Logf("validate of 500 agents: %s", took)
	if took > mostValidate {
		t.Errorf("validate of 500 agents takes %s, more than %s", took, mostValidate)
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
}

// starting are the commands whose start the user waits for.
func starting() [][]string {
	return [][]string{{"--help"}, {"__complete", "st"}, {"__complete", "logs", ""}}
}

// bare builds a program that imports the SDK's clients of karmactl and does nothing.
func (p process) bare() string {
	p.Helper()
	deps, err := exec.CommandContext(p.Context(), "go", "list", "-f", `{{join .Deps "\n"}}`, ".").Output()
	if err != nil {
		p.Fatal(err)
	}
	source := "package main\n"
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
	if err := os.WriteFile(file, []byte(source+"func main() {}\n"), 0o600); err != nil {
		p.Fatal(err)
	}
	build := exec.CommandContext(p.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, file)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		p.Fatalf("%v\n%s", err, out)
	}
	return program
}

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
				b.ReportMetric(took.Seconds()/p.best(0, 40, "go", "version").Seconds(), "x-go-version")
			}
		})
	}
}
