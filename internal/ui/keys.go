package ui

import (
	"os"

	"golang.org/x/term"
)

// Keys are single keys, taken from the terminal as they are pressed: none is shown,
// and none waits for Enter.
type Keys struct {
	f      *os.File
	before *term.State
}

// Keys gives each key to pressed, until Close. It is nil, which can be closed too, where
// no user presses any: standard input or output is no terminal, or another program has it.
func (t *Terminal) Keys(pressed func(key byte)) *Keys {
	f, ok := t.In.(*os.File)
	if !ok || !t.Screen || t.JSON || !term.IsTerminal(int(f.Fd())) || !foreground(f) {
		return nil
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return nil
	}
	k := &Keys{f: f, before: before}
	if !k.Take() {
		return nil
	}
	go func() { // it ends with the program: a read of a terminal cannot be called off
		b := make([]byte, 64)
		for {
			n, err := f.Read(b)
			for _, key := range b[:n] {
				pressed(key)
			}
			if err != nil {
				return
			}
		}
	}()
	return k
}

// Take takes the keys again, after the program was stopped and continues: the shell has
// had the terminal meanwhile.
func (k *Keys) Take() bool { return k == nil || foreground(k.f) && singly(k.f) }

// Close leaves the terminal as it was.
func (k *Keys) Close() {
	if k != nil && foreground(k.f) { // the shell has it, and has put it in order
		_ = term.Restore(int(k.f.Fd()), k.before)
	}
}
