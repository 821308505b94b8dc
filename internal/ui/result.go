package ui

import (
	"cmp"
	"fmt"
	"maps"
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
	t.checks(r.Checks, r.URLs)
	if len(r.Checks) == 0 {
		for _, a := range slices.Sorted(maps.Keys(r.URLs)) {
			t.Printf("  %s %s\n", pad(a, 17), t.Link(r.URLs[a]))
		}
	}
	for _, w := range r.Waiting {
		t.Printf("%s", t.waiting("  "+c.yellow("!")+" ", w.Agent+" waits: "+w.Reason, w.Command))
	}
	t.failures(r.Failed)
	if len(r.Blocked) > 0 {
		keys := make([]string, len(r.Blocked))
		for i, p := range r.Blocked {
			keys[i] = p.Key
		}
		t.Para("  "+c.yellow("!")+" ", fmt.Sprintf("%d not done because of that: %s", len(keys), fit(strings.Join(keys, ", "), 200)))
	}
	for _, n := range r.Notes {
		t.Printf("  %s %s\n", c.yellow("!"), wrap(n, t.page()-4, 4))
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

// checks are a line for each agent. Addresses are whole, so that they can be followed
// and copied: where one has no room beside its agent's name each is in a line of its own,
// and where that is too short they are the agents' addresses without what was asked there.
func (t *Terminal) checks(all []document.Check, urls map[string]string) {
	c := t.paint()
	name, widest := 17, 0
	to := map[string]string{}
	for _, ch := range all {
		name = max(name, len(ch.Agent)+1)
		widest = max(widest, lipgloss.Width(ch.URL))
		to[ch.Agent] = ch.URL // whole, whatever is shown of it
	}
	apart := t.Screen && len("  ✔ ")+name+widest > t.Width()
	if apart && widest > t.Width() {
		all, widest = slices.Clone(all), 0
		for i, ch := range all {
			all[i].URL = cmp.Or(urls[ch.Agent], ch.URL)
			widest = max(widest, lipgloss.Width(all[i].URL))
		}
	}
	indent := strings.Repeat(" ", min(4, max(0, t.Width()-widest)))
	for _, ch := range all {
		sign := c.green("✔")
		if !ch.OK {
			sign = c.yellow("!")
		}
		if apart {
			t.Para("  "+sign+" ", strings.TrimSpace(ch.Agent+"  "+ch.Note))
			t.Printf("%s%s\n", indent, t.link(to[ch.Agent], ch.URL))
			continue
		}
		line := "  " + sign + " " + pad(ch.Agent, name) + t.Link(ch.URL)
		if ch.Note != "" {
			line += "  " + c.dim(ch.Note)
		}
		t.Printf("%s\n", line)
	}
}

// failures says each cause once, with the last words of the first task that had it, and
// what to do about it.
func (t *Terminal) failures(all []document.Problem) {
	c := t.paint()
	for i, p := range all {
		same := func(x document.Problem) bool { return x.Error == p.Error }
		if slices.ContainsFunc(all[:i], same) {
			continue
		}
		var keys []string
		for _, x := range all[i:] {
			if same(x) {
				keys = append(keys, x.Key)
			}
		}
		t.Para("  "+c.red("✘")+" ", strings.Join(keys, ", ")+": "+p.Error)
		for _, line := range p.Log[max(0, len(p.Log)-lastWords):] {
			t.Printf("    log | %s\n", line)
		}
		for line := range strings.Lines(p.Suggestion) {
			t.Para("    try ", strings.TrimRight(line, "\n"))
		}
		if p.Suggestion != "" && len(keys) > 1 {
			t.Para("        ", "and the same for "+strings.Join(keys[1:], ", "))
		}
	}
}

// lastWords is how many of the lines that a task wrote last are shown.
const lastWords = 3
