package awssim

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used. AWS's
// limits on lengths make for large ones, and every command would wait for them,
// also those that rehearse nothing.
type pattern struct{ compiled func() *regexp.Regexp }

func newPattern(text string) pattern {
	return pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

// MatchString tells whether s has a match.
func (p pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }

// FindStringSubmatch is the first match in s and its groups; nil is none.
func (p pattern) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }
