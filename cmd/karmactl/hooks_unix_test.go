//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// endsHook runs a shell script as a hook, ends its context once it has said that it is ready, and
// returns when nothing that it started holds its output any more.
func endsHook(t *testing.T, grace time.Duration, script string) (said string) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Stdout = in
	ready := make([]byte, len("ready\n"))
	go func() {
		_, _ = io.ReadFull(out, ready) // a script that ends before is seen below
		cancel()
	}()
	if err := runTogether(ctx, cmd, grace); err == nil {
		t.Error("a hook that was ended has succeeded")
	}
	_ = in.Close()
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(ready) + string(rest)
}

func TestWhatAHookStartedEndsWithIt(t *testing.T) {
	t.Parallel()
	// The child ignores the interrupt, as every child in the background of a shell script does.
	for name, script := range map[string]string{
		"the hook ends by itself": "sleep 600 & echo ready; wait",
		"the hook ignores it too": "trap '' INT; sleep 600 & echo ready; wait; wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if said := endsHook(t, 200*time.Millisecond, script); said != "ready\n" {
				t.Errorf("it said %q", said)
			}
		})
	}
}

func TestAHookIsInterruptedOnceAndSoIsItsChild(t *testing.T) {
	t.Parallel()
	said := endsHook(t, time.Minute, `trap 'echo hook' INT
sh -c 'trap "echo child; exit 1" INT; echo ready; while :; do sleep 0.05; done'
sleep 0.3; exit 3`)
	if strings.Count(said, "hook") != 1 || strings.Count(said, "child") != 1 {
		t.Errorf("they said:\n%s", said)
	}
}

func TestWhatAHookLeavesRunningIsLeft(t *testing.T) {
	t.Parallel()
	left := filepath.Join(t.TempDir(), "left")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "(sleep 0.2; echo it lives >"+left+") & exit 0")
	if err := runTogether(t.Context(), cmd, time.Minute); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; {
		if b, err := os.ReadFile(left); err == nil && string(b) == "it lives\n" {
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatal("it was ended with the hook")
		}
		<-time.After(20 * time.Millisecond)
	}
}
