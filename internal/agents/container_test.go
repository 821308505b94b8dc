package agents

import "testing"

func TestAReadOnlyContainerHasNoExec(t *testing.T) {
	c := parse(t, "", "agents: {web: {port: 8080, read_only: true}, api: {port: 8081, init_process: false}, job: {port: 8082, exec: false, init_process: true}}")
	for i, want := range []struct{ exec, init bool }{{false, false}, {true, false}, {false, true}} {
		if a := c.Agents[i]; a.Exec != want.exec || a.Container.Init != want.init {
			t.Errorf("%s: exec %t, init process %t, want %+v", a.Name, a.Exec, a.Container.Init, want)
		}
	}
}
