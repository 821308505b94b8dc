package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInitInATerminalAsksThreeQuestionsWhereThereIsNothingToRead(t *testing.T) {
	dir := t.TempDir()
	screen, code := reacting(t, 100, []reaction{
		types("every name in AWS", "Night Watch\n"),
		types("Region", "\n"),
		types("Agents", "Lamp_Lighter, crier:9000\n"),
	}, []string{"AWS_REGION=eu-west-1"}, "init", dir)
	if code != 0 || !strings.Contains(screen, "night-watch-prod in eu-west-1, 2 agents") || !strings.Contains(screen, "Next: cd "+dir) {
		t.Errorf("exit %d:\n%s", code, screen)
	}
	b, err := os.ReadFile(filepath.Join(dir, "config", "agents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"project: night-watch", "region: eu-west-1", "  lamp-lighter:\n    port: 8080", "  crier:\n    port: 9000"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the file has no %q:\n%s", want, b)
		}
	}
}
