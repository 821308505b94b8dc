package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAValueThatIsTypedIsNotShown(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "world")
	args := []string{"secrets", "set", "validator", "private_key", "--simulate", world, "-f", shippedFile()}
	screen, code := inTerminal(t, 100, "(not shown):", "canary-7f3a", nil, args...)
	if code != 0 || !strings.Contains(screen, "created") || strings.Contains(screen, "canary") {
		t.Fatalf("exit %d:\n%s", code, screen)
	}
	screen, code = inTerminal(t, 100, "(not shown):", "canary-7f3a", nil, args...)
	if code != 0 || !strings.Contains(screen, "unchanged") {
		t.Errorf("what was typed is not what was kept: exit %d:\n%s", code, screen)
	}
	screen, code = inTerminal(t, 100, "(not shown):", "canary\x03", nil, args...)
	if code != exitInterrupted || strings.Contains(screen, "canary") {
		t.Errorf("Ctrl-C at the prompt: exit %d:\n%s", code, screen)
	}
}
