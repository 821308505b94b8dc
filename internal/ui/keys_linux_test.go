package ui

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/karmacadabra/karmactl/internal/ui/ptytest"
)

// TestKeysComeSinglyAndTheTerminalIsLeftAsItWas runs itself again as a program that has the
// terminal: in the one of the tests another is in the foreground, if there is any.
func TestKeysComeSinglyAndTheTerminalIsLeftAsItWas(t *testing.T) {
	if os.Getenv("TAKES_KEYS") != "" {
		takesKeys(t)
		return
	}
	master, slave := ptytest.Open(t)
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "TAKES_KEYS=1")
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for b := make([]byte, 100); !strings.Contains(shown.String(), "ready"); {
		n, err := master.Read(b)
		if err != nil {
			t.Fatalf("%v after %q: %s", err, shown.String(), said.String())
		}
		shown.Write(b[:n])
	}
	if _, err := master.WriteString("xq"); err != nil { // no Enter
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if *after != *before {
		t.Errorf("the terminal was %+v and is left %+v", *before, *after)
	}
}

func takesKeys(t *testing.T) {
	all := make(chan byte, 10)
	at := NewTerminal(os.Stdin, os.Stdout, os.Stderr, func(string) string { return "" })
	keys := at.Keys(func(key byte) { all <- key })
	if keys == nil {
		t.Fatal("nobody can press a key")
	}
	at.Printf("ready")
	if a, b := <-all, <-all; a != 'x' || b != 'q' {
		t.Errorf("the keys are %q and %q", a, b)
	}
	shellHadIt, err := unix.IoctlGetTermios(int(os.Stdin.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if shellHadIt.Lflag&unix.ISIG == 0 || shellHadIt.Oflag&unix.OPOST == 0 {
		t.Error("Ctrl-C is no signal, or lines are no longer ended")
	}
	keys.Close()
	if !keys.Take() {
		t.Error("the terminal cannot be taken again")
	}
	keys.Close()
}

func TestThereAreNoKeysWhereNobodyPressesAny(t *testing.T) {
	_, slave := ptytest.Open(t) // one that another program has
	out := &bytes.Buffer{}
	for name, at := range map[string]*Terminal{
		"a pipe":             NewWindow(strings.NewReader("q"), out, out, 80, 24),
		"another's terminal": NewTerminal(slave, slave, slave, func(string) string { return "" }),
		"output to a file":   NewTerminal(slave, out, out, func(string) string { return "" }),
	} {
		keys := at.Keys(func(byte) { t.Errorf("%s: a key", name) })
		if keys != nil {
			t.Errorf("%s: keys are taken", name)
		}
		keys.Take()
		keys.Close()
	}
	if !term.IsTerminal(int(slave.Fd())) {
		t.Error("the window is none")
	}
}
