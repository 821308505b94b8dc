package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoTerminal is the answer to a question without a terminal to ask on.
var ErrNoTerminal = errors.New("there is no terminal to ask on")

// Confirm asks for one of some exact words. Anything else is no.
func (t *Terminal) Confirm(ctx context.Context, question string, words ...string) (bool, error) {
	if !t.Ask {
		return false, ErrNoTerminal
	}
	fmt.Fprintf(t.Err, "%s ", question)
	type answer struct {
		line string
		err  error
	}
	ch := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(t.In).ReadString('\n')
		ch <- answer{line, err}
	}()
	select {
	case a := <-ch:
		return slices.Contains(words, strings.TrimSpace(a.line)), nil
	case <-ctx.Done():
		fmt.Fprintln(t.Err)
		return false, context.Cause(ctx)
	}
}
