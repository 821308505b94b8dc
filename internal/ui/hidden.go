package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxHidden is far more than any store of secrets takes.
const maxHidden = 1 << 20

// ErrTooLong is input that nobody can have meant.
var ErrTooLong = errors.New("standard input is more than a megabyte")

// Hidden asks for something that must not be seen: typed on a terminal it is not
// shown, and without one all of standard input is taken. One newline at its end
// is not part of it.
func (t *Terminal) Hidden(ctx context.Context, question string) (string, error) {
	read := func() ([]byte, error) { return io.ReadAll(io.LimitReader(t.In, maxHidden+1)) }
	if f, ok := t.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fd := int(f.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("the terminal's echo cannot be turned off: %w", err)
		}
		// An interrupted prompt leaves the terminal as it was.
		defer func() { _ = term.Restore(fd, before) }()
		fmt.Fprintf(t.Err, "%s ", question)
		defer fmt.Fprintln(t.Err)
		read = func() ([]byte, error) { return term.ReadPassword(fd) }
	}
	type answer struct {
		text []byte
		err  error
	}
	ch := make(chan answer, 1)
	go func() {
		text, err := read()
		ch <- answer{text, err}
	}()
	select {
	case a := <-ch:
		switch {
		case errors.Is(a.err, io.EOF):
			return "", nil
		case a.err != nil:
			return "", fmt.Errorf("nothing could be read: %w", a.err)
		case len(a.text) > maxHidden:
			return "", ErrTooLong
		}
		text, cut := strings.CutSuffix(string(a.text), "\n")
		if cut {
			text = strings.TrimSuffix(text, "\r")
		}
		return text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
