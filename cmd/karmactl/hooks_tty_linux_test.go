package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A terminal sends Ctrl-C to every process in its foreground; the hook is to have it once.
func TestCtrlCAtATerminalInterruptsAHookOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "agents.yaml")
	if err := os.WriteFile(file, []byte(`project: hello
hooks: {before_up: [sh, -c, "trap 'echo interrupted >>log; sleep 0.3; exit 3' INT; echo it begins; while :; do sleep 0.05; done"]}
agents: {bot: {port: 8080, image: "public.ecr.aws/x/agent:v1"}}
`), 0o644); err != nil {
		t.Fatal(err)
	}
	screen, code := reacting(t, 100, []reaction{types("it begins\r", "\x03")}, nil, "up", "--yes", "--no-hooks=false", "--simulate", filepath.Join(dir, "world.json"), "-f", file)
	if code != exitInterrupted {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "log")); err != nil || string(log) != "interrupted\n" {
		t.Errorf("it was interrupted %q, %v", log, err)
	}
}
