package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"golang.org/x/sys/unix"

	"github.com/karmacadabra/karmactl/internal/ui/ptytest"
)

// pty opens a terminal of the given width.
func pty(t *testing.T, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, slave = ptytest.Open(t)
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// inTerminal runs karmactl in a terminal, types what is to be typed when the
// prompt shows, and returns all that was written to it.
func inTerminal(t *testing.T, columns uint16, prompt, typed string, env []string, args ...string) (screen string, code int) {
	t.Helper()
	var then []reaction
	if prompt != "" {
		then = append(then, types(prompt, typed+"\n"))
	}
	return reacting(t, columns, then, env, args...)
}

// reaction is what happens once something has been written to the terminal
// after the reaction before it.
type reaction struct {
	when string
	do   func(terminal *os.File)
}

func types(when, text string) reaction {
	return reaction{when, func(terminal *os.File) { _, _ = io.WriteString(terminal, text) }}
}

// resizes gives the terminal another width, of which the program is told.
func resizes(t *testing.T, when string, columns uint16) reaction {
	return reaction{when, func(terminal *os.File) {
		if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns}); err != nil {
			t.Error(err)
		}
	}}
}

// reacting runs karmactl in a terminal with a user who reacts to what it shows.
func reacting(t *testing.T, columns uint16, then []reaction, env []string, args ...string) (screen string, code int) {
	t.Helper()
	master, slave := pty(t, columns)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{
		Path: exe, Args: append([]string{"karmactl"}, args...), Stdin: slave, Stdout: slave, Stderr: slave,
		Env:         append(append(os.Environ(), "CI=", "NO_COLOR=", "TERM=xterm"), env...),
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true},
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var out bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		from := 0
		for {
			n, err := master.Read(buf)
			out.Write(buf[:n])
			if len(then) > 0 && strings.Contains(out.String()[from:], then[0].when) {
				from = out.Len()
				then[0].do(master)
				then = then[1:]
			}
			if err != nil { // the other end is closed: the program has ended
				return
			}
		}
	}()
	err = cmd.Wait()
	select {
	case <-done:
	case <-time.After(time.Minute): // on any machine
		t.Error("the terminal did not close")
	}
	if err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestATerminalGetsColourAndAPipeNone(t *testing.T) {
	t.Parallel()
	screen, code := inTerminal(t, 100, "", "", nil, "plan", "--offline", "-f", shippedFile())
	if code != 0 || !strings.Contains(screen, "\x1b[") {
		t.Errorf("exit %d, no colour in a terminal:\n%s", code, screen)
	}
	for _, env := range [][]string{{"NO_COLOR=1"}, {"TERM=dumb"}, {"KARMACTL_NO_COLOR=true"}} {
		if screen, _ := inTerminal(t, 100, "", "", env, "plan", "--offline", "-f", shippedFile()); strings.Contains(screen, "\x1b[") {
			t.Errorf("%v: colour all the same:\n%q", env, screen)
		}
	}
}

func TestUpAndHibernateInATerminalPaintATableThatFits(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{100, 60} {
		t.Run(fmt.Sprint(columns, " columns"), func(t *testing.T) {
			t.Parallel()
			world := filepath.Join(t.TempDir(), "world")
			screen, code := inTerminal(t, columns, "Only yes is yes:", "yes", nil, "up", "--simulate", world, "-f", shippedFile())
			if code != 0 || !strings.Contains(screen, "Up in ") {
				t.Fatalf("exit %d:\n%s", code, screen)
			}
			last := screen[strings.LastIndex(screen, "\x1b[J"):]
			for _, want := range []string{"✔", "network", "edge", "platform", "agents", "21/21"} {
				if !strings.Contains(last, want) {
					t.Errorf("the last picture has no %q:\n%s", want, last)
				}
			}
			for _, want := range []string{" done  ", "waits for alb", "0/1 healthy"} {
				if !strings.Contains(screen, want) || strings.Contains(last, want) {
					t.Errorf("%q is not there while it goes, or is left there:\n%s", want, last)
				}
			}
			if !strings.Contains(last, "105 created; 5 of 5 agents answer") {
				t.Errorf("it ends without a sum:\n%s", last)
			}
			screen, code = inTerminal(t, columns, "", "", nil, "hibernate", "--yes", "--simulate", world, "-f", shippedFile())
			if code != 0 || !strings.Contains(screen, "no tasks") || !strings.Contains(screen, "waits for nat/us-east-1a") || strings.Contains(screen[strings.LastIndex(screen, "\x1b[J"):], "no tasks") {
				t.Errorf("hibernate exits %d, with\n%s", code, screen)
			}
		})
	}
}

func TestDeployInATerminalPaintsALineAnAgent(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "world")
	if screen, code := inTerminal(t, 100, "", "", nil, "up", "--yes", "--simulate", world, "-f", shippedFile()); code != 0 {
		t.Fatalf("up exits %d:\n%s", code, screen)
	}
	screen, code := inTerminal(t, 80, "", "", nil, "deploy", "validator", "--image", "public.ecr.aws/x/agent:v2", "--simulate", world, "-f", shippedFile())
	if code != 0 || !strings.Contains(screen, "succeeded") {
		t.Fatalf("exit %d:\n%s", code, screen)
	}
	for _, want := range []string{"1 → 2", "0/1 healthy", "pulls its image", "checking health", "1/1 healthy", " of about ", "has reached a steady state"} {
		if !strings.Contains(screen, want) {
			t.Errorf("nothing says %q:\n%s", want, screen)
		}
	}
	for _, line := range strings.Split(screen, "\n") {
		if w := lipgloss.Width(strings.TrimRight(line, "\r")); w > 80 {
			t.Errorf("a line of %d columns in a terminal of 80: %q", w, line)
		}
	}
	if end := screen[strings.LastIndex(screen, "\x1b[J"):]; strings.Contains(end, " healthy") {
		t.Errorf("the board is left there:\n%s", end)
	}
	for _, key := range []string{"\x03", "q"} {
		watch := []reaction{types("looks every 5s · q or Ctrl-C ends it", key)}
		if screen, code := reacting(t, 100, watch, nil, "status", "--watch", "--simulate", world, "-f", shippedFile()); code != 0 || !strings.HasSuffix(screen, "\n") || strings.HasSuffix(screen, "\n\r\n") {
			t.Errorf("watching ends by %q with %d:\n%q", key, code, screen)
		}
	}
}

func TestNothingButYesIsYes(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "world")
	screen, code := inTerminal(t, 100, "Only yes is yes:", "y", nil, "up", "--simulate", world, "-f", shippedFile())
	if code != 1 || !strings.Contains(screen, "nothing was changed") {
		t.Errorf("exit %d:\n%s", code, screen)
	}
}

func TestCtrlCInATerminalStopsAtAnyMomentAndTheNextUpGoesOn(t *testing.T) {
	t.Parallel()
	for name, then := range map[string][]reaction{
		"at the question":     {types("Only yes is yes:", "\x03")},
		"once, at the start":  {types("Only yes is yes:", "yes\n"), types("network", "\x03")},
		"once, later":         {types("Only yes is yes:", "yes\n"), types("load balancer provisioning", "\x03")},
		"twice":               {types("Only yes is yes:", "yes\n"), types("platform", "\x03"), types("Ctrl-C again leaves at once", "\x03")},
		"twice at once":       {types("Only yes is yes:", "yes\n"), types("load balancer provisioning", "\x03\x03")},
		"in a window resized": {types("Only yes is yes:", "yes\n"), resizes(t, "platform", 50), types("platform", "\x03")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := filepath.Join(t.TempDir(), "world")
			screen, code := reacting(t, 100, then, nil, "up", "--simulate", world, "-f", shippedFile())
			if code != 130 || strings.Contains(screen, "goroutine") {
				t.Errorf("exit %d:\n%s", code, screen)
			}
			if screen, code := inTerminal(t, 100, "", "", nil, "up", "--yes", "--simulate", world, "-f", shippedFile()); code != 0 {
				t.Errorf("the next up exits %d:\n%s", code, screen)
			}
			if screen, _ := inTerminal(t, 100, "", "", nil, "plan", "--simulate", world, "-f", shippedFile()); !strings.Contains(screen, "No changes:") {
				t.Errorf("the plan after it is not empty:\n%s", screen)
			}
		})
	}
}

func TestAResizedTerminalIsPaintedInItsNewWidth(t *testing.T) {
	t.Parallel()
	world := filepath.Join(t.TempDir(), "world")
	screen, code := reacting(t, 120, []reaction{
		types("Only yes is yes:", "yes\n"), resizes(t, "load balancer provisioning", 44), resizes(t, "agents", 90), resizes(t, "agents", 40),
	}, nil, "up", "--simulate", world, "-f", shippedFile())
	if code != 0 || !strings.Contains(screen, "Up in ") {
		t.Fatalf("exit %d:\n%s", code, screen)
	}
	pictures := strings.Split(screen, "\x1b[J")
	for _, line := range strings.Split(pictures[len(pictures)-2], "\n") {
		if w := lipgloss.Width(strings.TrimRight(line, "\r")); w > 40 {
			t.Errorf("a line of %d columns in a terminal of 40: %q", w, line)
		}
	}
}
