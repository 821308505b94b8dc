package agents

import (
	"strings"
	"testing"
)

func TestAReadOnlyContainerHasNoExec(t *testing.T) {
	c := parse(t, "", "agents: {web: {port: 8080, read_only: true}, api: {port: 8081, init_process: false}, job: {port: 8082, exec: false, init_process: true}}")
	for i, want := range []struct{ exec, init bool }{{false, false}, {true, false}, {false, true}} {
		if a := c.Agents[i]; a.Exec != want.exec || a.Container.Init != want.init {
			t.Errorf("%s: exec %t, init process %t, want %+v", a.Name, a.Exec, a.Container.Init, want)
		}
	}
}

// TestTextsThatATaskDefinitionHasNoRoomForAreRefused before anything is made.
func TestTextsThatATaskDefinitionHasNoRoomForAreRefused(t *testing.T) {
	half, whole := strings.Repeat("x", 33<<10), strings.Repeat("x", 66<<10)
	for file, refused := range map[string]bool{
		"agents: {bot: {env: {A: " + half + "}}}":                                                      false,
		"agents: {bot: {env: {A: " + whole + "}}}":                                                     true,
		"agents: {bot: {command: [" + whole + "]}}":                                                    true,
		"agents: {bot: {env: {A: " + half + "}, sidecars: {log: {image: x, env: {B: " + half + "}}}}}": true,
		"agents: {bot: {}}\njobs: {nightly: {image: x, schedule: every hour, env: {A: " + half + "}, init: [{name: one, command: [" + half + "]}]}}": true,
	} {
		_, err := Parse("agents.yaml", []byte(file), "")
		if got := err != nil && strings.Contains(err.Error(), "at most 65536 with all else of its task definition"); got != refused || err != nil && !refused {
			t.Errorf("refused %t, want %t: %.200v", got, refused, err)
		}
	}
}
