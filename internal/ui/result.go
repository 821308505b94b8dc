package ui

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Result prints the end of a run.
func (t *Terminal) Result(r *document.Result) error {
	r.Head = document.Of("Result")
	if r.Waiting == nil {
		r.Waiting = []document.Waiting{}
	}
	if r.Failed == nil {
		r.Failed = []document.Problem{}
	}
	if r.Blocked == nil {
		r.Blocked = []document.Problem{}
	}
	if t.JSON {
		return t.Line(r)
	}
	c := t.paint()
	t.checks(r.Checks)
	if len(r.Checks) == 0 {
		for _, a := range slices.Sorted(maps.Keys(r.URLs)) {
			t.Printf("  %s %s\n", pad(a, 17), r.URLs[a])
		}
	}
	for _, w := range r.Waiting {
		t.Printf("%s", t.waiting("  "+c.yellow("!")+" ", w.Agent+" waits: "+w.Reason, w.Command))
	}
	for _, p := range r.Failed {
		t.Printf("  %s %s: %s\n", c.red("✘"), p.Key, p.Error)
		for line := range strings.Lines(p.Suggestion) {
			t.Para("    try ", strings.TrimRight(line, "\n"))
		}
	}
	if len(r.Blocked) > 0 {
		keys := make([]string, len(r.Blocked))
		for i, p := range r.Blocked {
			keys[i] = p.Key
		}
		t.Printf("  %s %d not done because of that: %s\n", c.yellow("!"), len(keys), fit(strings.Join(keys, ", "), 200))
	}
	for _, n := range r.Notes {
		t.Printf("  %s %s\n", c.yellow("!"), wrap(n, max(60, min(t.Width(), 100))-4, 4))
	}
	head := c.bold(r.Headline)
	if len(r.Next) > 0 {
		head += " Next: " + strings.Join(r.Next, " · ")
	}
	if r.Headline != "" {
		t.Para("", head)
	}
	return nil
}

// checks are a line for each agent. Where the addresses do not fit on the screen,
// what they have in common is below, once.
func (t *Terminal) checks(all []document.Check) {
	const name = 17
	c := t.paint()
	base, widest := "", 0
	for _, ch := range all {
		widest = max(widest, lipgloss.Width(ch.URL))
		if u, err := url.Parse(ch.URL); err == nil && u.Host != "" {
			base = u.Scheme + "://" + u.Host
		}
	}
	common := func(ch document.Check) bool { return strings.HasPrefix(ch.URL, base+"/") }
	short := t.Screen && len("  ✔ ")+name+widest > t.Width() && !slices.ContainsFunc(all, func(ch document.Check) bool { return !common(ch) })
	for _, ch := range all {
		sign, at := c.green("✔"), ch.URL
		if !ch.OK {
			sign = c.yellow("!")
		}
		if short {
			at = strings.TrimPrefix(ch.URL, base)
		}
		line := "  " + sign + " " + pad(ch.Agent, name) + at
		if ch.Note != "" {
			line += "  " + c.dim(ch.Note)
		}
		t.Printf("%s\n", line)
	}
	if short {
		t.Printf("    at %s\n", base)
	}
}
