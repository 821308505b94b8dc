package agents

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one thing wrong with agents.yaml.
type Problem struct {
	File string
	// Line and Column count from 1; Column counts characters.
	Line   int
	Column int
	// Message is what is wrong, Allowed what is allowed instead.
	Message string
	Allowed string
	// Source is the text of the line.
	Source string
}

// String renders file:line:column: what is wrong: what is allowed, with the
// source line and a caret under it.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Allowed != "" {
		fmt.Fprintf(&b, ": %s", p.Allowed)
	}
	if p.Source != "" {
		number := fmt.Sprintf("%4d", p.Line)
		fmt.Fprintf(&b, "\n%s | %s", number, p.Source)
		fmt.Fprintf(&b, "\n%s | %s^", strings.Repeat(" ", len(number)), strings.Repeat(" ", p.Column-1))
	}
	return b.String()
}

// Problems is every thing wrong with one file, in the order of the file.
// Load and Parse return it for a file that was read but is not valid.
type Problems struct {
	List []Problem
}

// Error renders all of them, one under the other.
func (p *Problems) Error() string {
	texts := make([]string, len(p.List))
	for i, one := range p.List {
		texts[i] = one.String()
	}
	return strings.Join(texts, "\n")
}

// sortProblems puts them in the order of the file.
func sortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// printable makes a line of the user's file safe for a terminal, one column per character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
}

// either joins options as a sentence does: "a, b or c".
func either[T any](options []T) string {
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = fmt.Sprint(o)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
