package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// released builds karmactl for Linux on amd64 with the Makefile's own flags, and
// says where.
func released(t testing.TB) string {
	t.Helper()
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`(?m)^BUILD\s*:=.* -trimpath -gcflags='([^']+)' -ldflags '(.+) -X `).FindSubmatch(makefile)
	if flags == nil {
		t.Fatal("the Makefile's BUILD has no -trimpath, -gcflags and -ldflags any more")
	}
	path := filepath.Join(t.TempDir(), "karmactl")
	cmd := exec.Command("go", "build", "-trimpath", "-gcflags="+string(flags[1]), "-ldflags="+string(flags[2]), "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return path
}
