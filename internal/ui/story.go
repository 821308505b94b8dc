package ui

import "strings"

// Title begins a story: what it is, and what kind of account it plays in.
func (t *Terminal) Title(title, mark string) {
	c := t.paint()
	t.Printf("%s\n", between(c.bold(title), c.yellow(mark), t.page()))
}

// Heading begins a part of a story.
func (t *Terminal) Heading(part, title, mark string) {
	c := t.paint()
	left := "── " + part + " · " + title + " "
	rest := t.page() - len([]rune(left)) - len(mark) - 1
	t.Printf("\n%s%s %s\n", c.bold(left), c.dim(strings.Repeat("─", max(2, rest))), c.yellow(mark))
}

// Typed is a command as a person types it.
func (t *Terminal) Typed(command string) {
	c := t.paint()
	prompt := "$ "
	if strings.HasPrefix(command, "#") {
		prompt = ""
	}
	t.Printf("%s\n", c.dim(prompt)+c.bold(command))
}

// Moral says what happened in a part of a story.
func (t *Terminal) Moral(text string) {
	c := t.paint()
	t.Printf("%s %s\n", c.green("→"), c.green(wrap(text, t.page()-2, 2)))
}
