package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// mostBytes is the goal for the stripped binary of Linux on amd64.
const mostBytes = 50_000_000

// TestTheBinaryHasOnlyTheOperationsThatItCalls guards the linker's dead-code
// elimination, which one reflect.MethodByName in reachable code turns off: all 800
// operations of EC2 then stay, and the binary is twice as large.
func TestTheBinaryHasOnlyTheOperationsThatItCalls(t *testing.T) {
	b, err := os.ReadFile(released(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, at most %d", len(b), mostBytes)
	if len(b) > mostBytes {
		t.Errorf("the stripped binary has %d bytes, more than %d: go tool nm -size -sort size tells what is large", len(b), mostBytes)
	}
	has := func(op string) bool {
		return bytes.Contains(b, []byte("github.com/aws/aws-sdk-go-v2/service/ec2.(*Client)."+op+"\x00"))
	}
	if !has("CreateNatGateway") {
		t.Fatal("the binary has no CreateNatGateway, which karmactl calls: this test looks in the wrong place")
	}
	for _, op := range []string{"RunInstances", "CreateFleet", "CreateTransitGateway"} {
		if has(op) {
			t.Errorf("the binary has EC2's %s, which nobody calls: dead-code elimination is off (reflect.Method, text/template, go-cmp?)", op)
		}
	}
}

// TestMakeBuildAndGoInstallGiveTheSameProgram: `make build` strips the program and
// names its version; no flag of it changes how the code is compiled or which code
// there is, so that `go install` gives the same.
func TestMakeBuildAndGoInstallGiveTheSameProgram(t *testing.T) {
	line, err := buildLine(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	line = strings.TrimSpace(line)
	want := regexp.MustCompile(`^CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main\.version=[^' ]+' -o bin/karmactl ./cmd/karmactl$`)
	if !want.MatchString(line) {
		t.Errorf("make build runs\n  %s\nwant\n  %s", line, want)
	}
}

// buildDir is where the released program is built.
var buildDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "karmactl-released-") })

// release builds karmactl for Linux on amd64, as `make build` does, once for all
// tests, and gives its path.
var release = sync.OnceValues(func() (string, error) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	line, err := buildLine(root)
	if err != nil {
		return "", err
	}
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "karmactl")
	cmd := exec.Command("bash", "-c", strings.Replace(line, "-o bin/karmactl ", "-o "+path+" ", 1))
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", line, err, out)
	}
	return path, nil
})

func released(t testing.TB) string {
	t.Helper()
	path, err := release()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// buildLine is the command of `make build`.
func buildLine(root string) (string, error) {
	line, err := exec.Command("make", "-s", "-n", "-C", root, "build").Output()
	if err == nil && !bytes.Contains(line, []byte("-o bin/karmactl ")) {
		err = errors.New("it does not say how it builds bin/karmactl")
	}
	if err != nil {
		return "", fmt.Errorf("make -n build: %w: %s", err, line)
	}
	return string(line), nil
}
