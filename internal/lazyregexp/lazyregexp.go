// Package lazyregexp has regular expressions that are compiled when they are
// first used. A program with a hundred of them that compiles each before main
// lets its user wait for expressions that the command at hand never asks. (Go's own
// internal/lazyregexp does the same for the go command.)
package lazyregexp

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// Regexp is a regular expression of which only the text is known until it is used.
type Regexp struct {
	text     string
	compiled func() *regexp.Regexp
}

// New takes the text of a regular expression. In a test it is compiled at once, so
// that one that is wrong fails every test of its package; elsewhere its first use panics.
// A test's binary that runs under another name than x.test plays a program, a thousand
// times in the scripts of the commands, and starts as that program does.
func New(text string) *Regexp {
	r := &Regexp{text, sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
	if testing.Testing() && strings.HasSuffix(strings.TrimSuffix(os.Args[0], ".exe"), ".test") {
		r.compiled()
	}
	return r
}

// String is the text that New was given.
func (r *Regexp) String() string { return r.text }

// MatchString tells whether s has a match.
func (r *Regexp) MatchString(s string) bool { return r.compiled().MatchString(s) }

// FindString is the first match in s; "" is none.
func (r *Regexp) FindString(s string) string { return r.compiled().FindString(s) }

// FindStringSubmatch is the first match in s and its groups; nil is none.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.compiled().FindStringSubmatch(s) }

// FindAllString is the first n matches in s, all of them when n is -1.
func (r *Regexp) FindAllString(s string, n int) []string { return r.compiled().FindAllString(s, n) }

// FindAllStringIndex is where the first n matches in s begin and end.
func (r *Regexp) FindAllStringIndex(s string, n int) [][]int {
	return r.compiled().FindAllStringIndex(s, n)
}

// ReplaceAllString is s with each match replaced; $1 in by is the first group.
func (r *Regexp) ReplaceAllString(s, by string) string { return r.compiled().ReplaceAllString(s, by) }

// ReplaceAllStringFunc is s with each match replaced by what f makes of it.
func (r *Regexp) ReplaceAllStringFunc(s string, f func(string) string) string {
	return r.compiled().ReplaceAllStringFunc(s, f)
}
