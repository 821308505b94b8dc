package ui

import (
	"context"
	"fmt"
	"strings"
)

// Answer asks for one line. An empty one is the preset, which the question shows.
func (t *Terminal) Answer(ctx context.Context, question, preset string) (string, error) {
	if !t.Ask {
		return "", ErrNoTerminal
	}
	fmt.Fprintf(t.Err, "%s [%s]: ", question, preset)
	type answer struct {
		line string
		err  error
	}
	ch := make(chan answer, 1)
	go func() {
		line, err := t.readLine()
		ch <- answer{line, err}
	}()
	select {
	case a := <-ch:
		if a.line = strings.TrimSpace(a.line); a.line == "" {
			a.line = preset
		}
		return a.line, a.err
	case <-ctx.Done():
		fmt.Fprintln(t.Err)
		return "", context.Cause(ctx)
	}
}

// readLine takes one line and no more: what follows belongs to the next question.
func (t *Terminal) readLine() (string, error) {
	var line []byte
	b := make([]byte, 1)
	for {
		n, err := t.In.Read(b)
		if n == 1 && b[0] != '\n' {
			line = append(line, b[0])
			continue
		}
		if n == 1 || err != nil && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", fmt.Errorf("the answer cannot be read: %w", err)
		}
	}
}
