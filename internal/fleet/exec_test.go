package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
)

// connected is a plugin that notes what it was to connect with.
type connected struct{ target string }

func (*connected) Present() error { return nil }
func (p *connected) Run(_ types.Session, target string) (int, error) {
	p.target = target
	return 7, nil
}

func (b *bench) exec(plugin Plugin) (int, error) {
	home := b.home()
	return (&Exec{ECS: home.Clients.ECS, Roles: home.Clients.IAM, Plugin: plugin, Cluster: home.ClusterName(), Agent: "validator"}).Run(b.t.Context(), "")
}

func withExec(on bool) func(*agents.Config) {
	return func(c *agents.Config) {
		for i := range c.Agents {
			c.Agents[i].Exec = on
		}
	}
}

func TestASessionIsWithTheContainerOfARunningTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, withExec(true))
		b.up()
		p := &connected{}
		if code, err := b.exec(p); err != nil || code != 7 {
			t.Errorf("exit code %d: %v", code, err)
		}
		if !strings.HasPrefix(p.target, "ecs:"+b.home().ClusterName()+"_") || strings.Count(p.target, "_") != 2 {
			t.Errorf("the target is %s", p.target)
		}
	})
}

// unconnected has the agent in the task not answer.
func (b *bench) unconnected() {
	b.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Operation == "ExecuteCommand" {
			return awssim.Fault{Before: &types.TargetNotConnectedException{Message: aws.String("The execute command failed due to an internal error. Try again later.")}}
		}
		return awssim.Fault{}
	})
}

func TestTheOnePrerequisiteThatIsMissingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		exec     bool
		trouble  func(b *bench)
		what, do string
	}{
		"scaled to 0": {
			true, func(b *bench) {
				b.want("validator", 0)
				b.edit(func(w *awssim.World) { clear(w.Tasks) })
			},
			"validator has no running task: it is scaled to 0", "karmactl scale validator=1",
		},
		"the setting is off": {false, func(*bench) {}, "sessions are off for validator", "set exec: true for it in agents.yaml"},
		"the task is older than the setting": {
			false, func(b *bench) {
				b.edit(func(w *awssim.World) {
					for _, x := range w.Services {
						x.Config.Exec = true
					}
				})
			},
			"is older than the setting exec: true", "karmactl deploy validator --restart",
		},
		"the role may not": {
			true, func(b *bench) {
				b.unconnected()
				b.edit(func(w *awssim.World) {
					for _, r := range w.Roles {
						clear(r.Inline)
					}
				})
			},
			"the task role of validator lacks the permission ssmmessages:CreateControlChannel", "karmactl up --only validator",
		},
		"no path": {true, (*bench).unconnected, "the task has no path to ssmmessages", "add ssmmessages to network.endpoints"},
		"which one cannot be told": {
			true, func(b *bench) {
				b.sim.Inject(func(c awssim.Call) awssim.Fault {
					switch c.Operation {
					case "ExecuteCommand":
						return awssim.Fault{Before: &types.TargetNotConnectedException{}}
					case "ListRolePolicies":
						return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
					}
					return awssim.Fault{}
				})
			},
			"which one cannot be told", "karmactl status --drift",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, withExec(c.exec))
				b.up()
				c.trouble(b)
				_, err := b.exec(&connected{})
				var m *Missing
				if !errors.As(err, &m) || !strings.Contains(m.What, c.what) || !strings.Contains(m.Do, c.do) {
					t.Errorf("%v\n%+v", err, m)
				}
			})
		})
	}
}

func TestWithoutThePluginItSaysHowToInstallIt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var m *Missing
	if err := (&SessionPlugin{}).Present(); !errors.As(err, &m) || !strings.Contains(m.What, "session-manager-plugin is not installed") || m.Do == "" {
		t.Errorf("%v", err)
	}
}

func TestARehearsalNeverCallsThePluginOfAWS(t *testing.T) {
	plugin(t, "echo called\n")
	var out, errs bytes.Buffer
	p := &SessionPlugin{Rehearsal: true, Out: &out, Err: &errs}
	if err := p.Present(); err != nil {
		t.Error(err)
	}
	if _, err := p.Run(types.Session{}, "ecs:x_1_2"); err == nil || !strings.Contains(err.Error(), "session with ecs:x_1_2 begins here") {
		t.Errorf("the session ends with %v", err)
	}
	if _, err := p.Forward(types.Session{}, &ssm.StartSessionInput{Target: aws.String("ecs:x_1_3")}); err == nil || !strings.Contains(err.Error(), "session with ecs:x_1_3 begins here") {
		t.Errorf("the port ends with %v", err)
	}
	if out.Len() > 0 || errs.Len() > 0 {
		t.Errorf("it says %q and %q", out.String(), errs.String())
	}
}

// plugin replaces AWS's, and says what script prints.
func plugin(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, pluginName), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestACommandsExitCodeIsReadFromWhatItPrints(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		out    string
		code   int
		err    error
	}{
		"it works":                    {"echo hello; echo karmactl-exit-code:0", "hello\n", 0, nil},
		"it fails":                    {"echo oops; echo karmactl-exit-code:7", "oops\n", 7, nil},
		"no end of line":              {"printf 'oops'; echo karmactl-exit-code:7", "oops", 7, nil},
		"the session ended before it": {"echo half", "half\n", 0, errNoExitCode},
		"the plugin itself failed":    {"exit 255", "", 255, nil},
	} {
		t.Run(name, func(t *testing.T) {
			plugin(t, c.script)
			var out, errs bytes.Buffer
			code, err := (&SessionPlugin{Out: &out, Err: &errs, Command: true}).Run(types.Session{}, "ecs:x")
			if code != c.code || !errors.Is(err, c.err) || out.String() != c.out {
				t.Errorf("exit code %d, %v, %q", code, err, out.String())
			}
		})
	}
}

func TestAShellIsBashAndOtherwiseSh(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bash", "sh"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho "+name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	inner, ok := strings.CutPrefix(shell, "/bin/sh -c '")
	if !ok {
		t.Fatalf("the shell is %s", shell)
	}
	script := strings.ReplaceAll(strings.TrimSuffix(inner, "'"), "/bin/", dir+"/")
	for _, want := range []string{"bash", "sh"} {
		out, err := exec.Command("/bin/sh", "-c", script).Output()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%q, want %s: %v", out, want, err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "bash")); err != nil { // the second time there is none
			t.Fatal(err)
		}
	}
}

func TestAWrappedCommandKeepsItsWordsAndTellsItsExitCode(t *testing.T) {
	out, err := exec.Command("/bin/sh", "-c", Wrap([]string{"printf", "%s|", "a b", "it's", "$HOME"})).Output()
	if want := "a b|it's|$HOME|" + fmt.Sprintln(exitMark+"0"); err != nil || string(out) != want {
		t.Errorf("%q, want %q: %v", out, want, err)
	}
}
