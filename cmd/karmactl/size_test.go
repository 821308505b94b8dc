package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mostBytes is the goal for the stripped binary of Linux on amd64.
const mostBytes = 35_000_000

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

// released builds karmactl for Linux on amd64, exactly as `make build` does, and
// gives its path.
func released(t testing.TB) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	line, err := exec.Command("make", "-s", "-n", "-C", root, "build").Output()
	if err != nil || !bytes.Contains(line, []byte("-o bin/karmactl ")) {
		t.Fatalf("make does not say how it builds bin/karmactl: %s, %v", line, err)
	}
	path := filepath.Join(t.TempDir(), "karmactl")
	cmd := exec.Command("bash", "-c", strings.Replace(string(line), "-o bin/karmactl ", "-o "+path+" ", 1))
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return path
}
