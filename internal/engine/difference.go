package engine

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is a setting that AWS took and reads back otherwise: in words of its
// own, or decided by a policy of the account. It is left at that.
type Difference struct {
	Field string `json:"field"`
	// Want is what was written, Read what AWS answers, both as a change shows them.
	Want string `json:"want"`
	Read string `json:"read"`
	// Exact tells differences apart whose texts are the same: see Change.Exact.
	Exact string `json:"exact,omitempty"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s was set to %s, and AWS reads it back as %s: karmactl leaves it at that", d.Field, orNothing(d.Want), orNothing(d.Read))
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// remembered tells whether a change is a difference that the record has: as long
// as both what is wanted and what is read stay, there is nothing to do. An
// essential field is never left at a difference, except of what was taken over with it,
// and has worked like that.
func (t *visit) remembered(c Change) bool {
	e, _ := t.Record.Get(t.key)
	if e.Adopted != "" && t.Afresh != nil && t.Afresh(t.key) {
		return false
	}
	return (!c.Essential || e.Adopted != "") && slices.Contains(e.Differs, differenceOf(c))
}

// diff lists what has to change in what was found, less the differences that are
// remembered, which it returns apart.
func (t *visit) diff(have any) (todo []Change, left []Difference) {
	for _, c := range t.node.Diff(have, t.want) {
		if t.Return && c.Replace {
			continue // it was never changed: what AWS cannot change in place is replaced
		}
		if t.remembered(c) {
			left = append(left, differenceOf(c))
			continue
		}
		todo = append(todo, c)
	}
	return todo, left
}

// leave remembers the differences of a resource that is as far as it will get.
// What is new among them is a note to the user.
func (t *visit) leave(left []Difference) {
	t.o.Differs = left
	if t.Return {
		return // what it had otherwise when it was taken over stays noted
	}
	e, ok := t.Record.Get(t.key)
	if !ok || slices.Equal(e.Differs, left) {
		return
	}
	for _, d := range left {
		if !slices.Contains(e.Differs, d) {
			t.o.Notes = append(t.o.Notes, fmt.Sprintf("%s: %s", t.key, d))
		}
	}
	e.Differs = left
	t.Record.Record(e)
}

// isEssential tells whether a resource with these changes undone is useless or unsafe.
func isEssential(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Essential })
}

func differenceOf(c Change) Difference {
	return Difference{Field: c.Field, Want: c.Now, Read: c.Was, Exact: c.Exact}
}

// Differences are changes as what they would change.
func Differences(changes []Change) []Difference {
	var out []Difference
	for _, c := range changes {
		out = append(out, differenceOf(c))
	}
	return out
}

func describe(changes []Change) string {
	parts := make([]string, len(changes))
	for i, c := range changes {
		parts[i] = fmt.Sprintf("%s %s instead of %s", c.Field, c.Was, c.Now)
	}
	return strings.Join(parts, ", ")
}
