package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// maxHidden is far more than any store of secrets takes.
const maxHidden = 1 << 20

// ErrTooLong is input that cannot be meant.
var ErrTooLong = errors.New("standard input is more than a megabyte")

// Hidden asks for something that must not be seen: typed on a terminal it is not
// shown, and without one all of standard input is taken. One newline at its end
// is not part of it.
func (t *Terminal) Hidden(ctx context.Context, question string) (string, error) {
	read := func() ([]byte, error) { return io.ReadAll(io.LimitReader(t.In, maxHidden+1)) }
	if f, ok := t.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		// The echo goes off before the question is asked: a paste may come at once.
		before, err := term.MakeRaw(int(f.Fd()))
		if err != nil {
			return "", fmt.Errorf("the terminal's echo cannot be turned off: %w", err)
		}
		// An interrupted prompt leaves the terminal as it was.
		defer func() { _ = term.Restore(int(f.Fd()), before) }()
		keys := &keyboard{File: f}
		console := term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{keys, t.Err}, "")
		read = func() ([]byte, error) {
			line, err := console.ReadPassword(question + " ")
			if keys.interrupted {
				fmt.Fprint(t.Err, "\r\n")
				err = engine.ErrInterrupted
			}
			return []byte(line), err
		}
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
		return answered(a.text, a.err)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// answered is what was typed, without the newline at its end.
func answered(typed []byte, err error) (string, error) {
	switch {
	case errors.Is(err, engine.ErrInterrupted):
		return "", err
	case errors.Is(err, io.EOF):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("nothing could be read: %w", err)
	case len(typed) > maxHidden:
		return "", ErrTooLong
	}
	text, cut := strings.CutSuffix(string(typed), "\n")
	if cut {
		text = strings.TrimSuffix(text, "\r")
	}
	return text, nil
}

// keyboard notices Ctrl-C, which is no signal while a terminal is raw.
type keyboard struct {
	*os.File
	interrupted bool
}

// Read is io.Reader's.
func (k *keyboard) Read(b []byte) (int, error) {
	n, err := k.File.Read(b)
	k.interrupted = k.interrupted || bytes.IndexByte(b[:n], 3) >= 0
	return n, err
}
