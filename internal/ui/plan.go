package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Few lists the first n names and counts the rest.
func Few(names []string, n int) string {
	if len(names) <= n+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// Plan prints a plan.
func (t *Terminal) Plan(p *document.Plan) error {
	p.Head = document.Of("Plan")
	if t.JSON {
		return t.Document(p)
	}
	t.Printf("%s", t.planText(p))
	return nil
}

func (t *Terminal) planText(p *document.Plan) string {
	c := t.paint()
	width := t.page()
	var b strings.Builder
	account := "account " + mask(p.Account)
	if p.Offline {
		account = "offline: nothing was asked of AWS"
	}
	fmt.Fprintln(&b, apart(c.bold(p.Stack)+"  "+p.Region+"  "+account+t.simulated(), c.dim(p.File), width))
	for _, g := range p.Groups {
		t.planGroup(&b, p, g, width)
	}
	for _, w := range p.Waiting {
		b.WriteString(t.waiting("  "+c.yellow("!")+" "+pad("waiting", 10)+" ", w.Agent+": "+w.Reason, w.Command))
	}
	for _, w := range p.Warnings {
		if w.Command == "" || !t.Screen {
			fmt.Fprintf(&b, "  %s %s\n", c.yellow("!"), wrap(w.String(), width-4, 4))
			continue
		}
		fmt.Fprintf(&b, "  %s %s\n    %s\n", c.yellow("!"), wrap(w.Text+":", width-4, 4), wrap(w.Command, width-4, 6))
	}
	for _, h := range p.Hooks {
		fmt.Fprintf(&b, "  %s %s\n", c.dim(">"), wrap(h.Name+" runs here: "+h.String(), width-4, 4))
	}
	if p.Cost != nil {
		t.planCost(&b, p.Cost, width)
	}
	s := p.Summary
	if h := p.Hibernation; h != nil && h.Since != "" {
		saving := "saving $" + h.Hourly + " an hour"
		if h.Hourly == "" {
			saving = "saving what is not known, because prices are missing"
		}
		since, _ := time.Parse(time.RFC3339, h.Since)
		fmt.Fprintf(&b, "  %s %s: %s\n", c.bold("Hibernated since "+since.UTC().Format("2006-01-02 15:04 UTC")+","), saving, c.bold("karmactl wake")+" brings it back.")
	}
	switch {
	case !s.Any() && p.Destroy && p.Hibernation != nil:
		fmt.Fprintf(&b, "  %s\n", c.green("Nothing to do: nothing is left that bills by the hour."))
	case !s.Any() && p.Destroy:
		fmt.Fprintf(&b, "  %s\n", c.green("Nothing to do: there is nothing left of this stack that `down` deletes."))
	case !s.Any():
		fmt.Fprintln(&b, within(fmt.Sprintf("  %s %d resources are as %s says.", c.green("No changes:"), s.Unchanged, p.File), width))
	default:
		line := fmt.Sprintf("Plan: %d to create, %d to change, %d to destroy.", s.Create, s.Update+s.Replace, s.Delete)
		fmt.Fprintf(&b, "  %s\n", c.bold(wrap(line, width-2, 4)))
	}
	return b.String()
}

// waiting is who waits for what; on a screen the command has a line of its own, to be copied whole.
func (t *Terminal) waiting(lead, why, command string) string {
	if !t.Screen {
		return lead + why + ": " + command + "\n"
	}
	return t.para(lead, why+":") + strings.Repeat(" ", lipgloss.Width(lead)) + t.paint().bold(command) + "\n"
}

// planGroup is one line for what is all new or all gone, and a line for each
// change otherwise.
func (t *Terminal) planGroup(b *strings.Builder, p *document.Plan, g document.Group, width int) {
	c := t.paint()
	n := map[string]int{}
	var mine []document.Change
	for _, ch := range p.Changes {
		if ch.Group == g.Name {
			n[ch.Verb]++
			mine = append(mine, ch)
		}
	}
	if p.Destroy && len(mine) == 0 {
		return // what stays is told by its reason, and what was never there not at all
	}
	sign, count := c.dim("="), c.dim(fmt.Sprintf("%d unchanged", g.Total))
	parts := []string{}
	for _, v := range []struct{ verb, text string }{
		{"create", "%d to create"}, {"update", "%d to change"}, {"replace", "%d to replace"}, {"delete", "%d to destroy"},
	} {
		if n[v.verb] > 0 {
			parts = append(parts, fmt.Sprintf(v.text, n[v.verb]))
		}
	}
	if len(parts) > 0 {
		count, sign = strings.Join(parts, ", "), c.yellow("~")
		if n["create"] == len(mine) {
			sign = c.green("+")
		} else if n["delete"] == len(mine) {
			sign = c.red("-")
		}
	}
	about := fit(g.About, width-len("  =  ")-11-lipgloss.Width(count)-1)
	fmt.Fprintln(b, between("  "+sign+" "+pad(g.Name, 11)+about, count, width))
	if len(mine) > 0 && n["create"] == g.Total || len(mine) > 0 && n["delete"] == len(mine) && p.Destroy && !t.Verbose {
		return
	}
	if !t.Verbose && n["create"] > manyNew {
		mine = slices.DeleteFunc(mine, func(ch document.Change) bool { return ch.Verb == "create" })
		b.WriteString(t.para("      "+c.green("+")+" ", byKind(p.Changes, g.Name)+c.dim("  (-v names them)")))
	}
	for len(mine) > 0 {
		var same []document.Change
		same, mine = t.sameChanges(mine)
		t.planChange(b, same)
	}
}

// sameChanges takes out of the changes the first and all that say the same of other agents.
func (t *Terminal) sameChanges(all []document.Change) (same, others []document.Change) {
	first := withoutName(all[0])
	for i, ch := range all {
		if i == 0 || !t.Verbose && len(ch.Fields) > 0 && ch.Verb == all[0].Verb && ch.Kind == all[0].Kind && ch.Reason == all[0].Reason && slices.Equal(withoutName(ch), first) {
			same = append(same, ch)
		} else {
			others = append(others, ch)
		}
	}
	return same, others
}

// nameOf is whose a resource is: log-group/validator is the validator's.
func nameOf(ch document.Change) string {
	_, name, _ := strings.Cut(ch.Key, "/")
	return name
}

// withoutName are a change's fields with an ellipsis where the name is.
func withoutName(ch document.Change) []document.Field {
	fields := slices.Clone(ch.Fields)
	if name := nameOf(ch); name != "" {
		for i, f := range fields {
			fields[i].Was, fields[i].Now = strings.ReplaceAll(f.Was, name, "…"), strings.ReplaceAll(f.Now, name, "…")
		}
	}
	return fields
}

// manyNew is how many new resources of a group a plan still names; more are counted by kind.
const manyNew = 12

// byKind counts the new resources of a group: 12 alarm, 3 service.
func byKind(all []document.Change, group string) string {
	var kinds []string
	n := map[string]int{}
	for _, ch := range all {
		if ch.Group != group || ch.Verb != "create" {
			continue
		}
		if n[ch.Kind]++; n[ch.Kind] == 1 {
			kinds = append(kinds, ch.Kind)
		}
	}
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf("%d %s", n[k], k)
	}
	return strings.Join(kinds, " · ")
}

func (t *Terminal) planChange(b *strings.Builder, same []document.Change) {
	c, ch, fields := t.paint(), same[0], same[0].Fields
	sign := map[string]string{
		"create": c.green("+"), "update": c.yellow("~"), "replace": c.yellow("±"), "delete": c.red("-"),
	}[ch.Verb]
	line := "      " + sign + " " + ch.Key
	if len(same) > 1 { // said once
		names := make([]string, len(same))
		for i, x := range same {
			names[i] = nameOf(x)
		}
		line = strings.TrimSuffix(t.para("      "+sign+" ", ch.Kind+" of "+strings.Join(names, ", ")), "\n")
		fields = withoutName(ch)
	}
	if ch.Reason != "" {
		line += c.dim("  " + ch.Reason)
	}
	fmt.Fprintln(b, line)
	for _, f := range fields {
		lead := "          " + f.Field + "  "
		for _, d := range Difference(f.Was, f.Now) {
			b.WriteString(t.para(lead, c.difference(d)))
			lead = strings.Repeat(" ", lipgloss.Width(lead))
		}
	}
}

// difference paints what was red and what is to be green.
func (p paint) difference(d string) string {
	was, now, both := strings.Cut(d, " → ")
	switch {
	case both:
		return p.red(was) + " → " + p.green(now)
	case strings.HasPrefix(d, "-"):
		return p.red(d)
	}
	return p.green(d)
}

// mask shortens an account id, which people take for a secret.
func mask(id string) string {
	if len(id) != 12 {
		return id
	}
	return id[:4] + "…" + id[8:]
}
