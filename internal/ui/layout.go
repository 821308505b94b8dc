package ui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
)

// pad fills s to n columns, as they are seen.
func pad(s string, n int) string {
	if w := lipgloss.Width(s); w < n {
		return s + strings.Repeat(" ", n-w)
	}
	return s
}

// fit cuts s to n columns: between words, where it has more than one and no colours.
func fit(s string, n int) string {
	if n <= 0 || lipgloss.Width(s) <= n {
		return s
	}
	cut := lipgloss.NewStyle().MaxWidth(n - 1).Render(s)
	if rest, plain := strings.CutPrefix(s, cut); plain && !strings.HasPrefix(rest, " ") && !strings.HasSuffix(cut, " ") {
		if i := strings.LastIndexByte(strings.TrimLeft(cut, " "), ' '); i > 0 {
			cut = strings.TrimRight(cut[:len(cut)-len(strings.TrimLeft(cut, " "))+i], " ")
		}
	}
	return strings.TrimRight(cut, " ·") + "…"
}

// wrap breaks s between words into lines of at most n columns; those after the
// first are indented by as much again. What fits is left as it is. A command stays in
// one line; where it is too long for one, a shell is told that it continues.
func wrap(s string, n, indent int) string {
	if lipgloss.Width(s) <= n && !strings.Contains(s, "\n") {
		return s
	}
	var b strings.Builder
	at := 0
	write := func(w, end string) {
		width := lipgloss.Width(w)
		switch {
		case b.Len() == 0:
		case at+1+width > n:
			b.WriteString(end + "\n" + strings.Repeat(" ", indent))
			at = 0
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(w)
		at += width
	}
	words := strings.Fields(s)
	for len(words) > 0 {
		of := commandWords(words)
		if whole := strings.Join(words[:of], " "); lipgloss.Width(whole) <= n {
			write(whole, "")
		} else {
			write(words[0], "")
			n -= len(goesOn)
			for rest := words[1:of]; len(rest) > 0; {
				with := 1
				if len(rest) > 1 && strings.HasPrefix(rest[0], "-") && !strings.HasPrefix(rest[1], "-") {
					with = 2 // a flag and its value
				}
				write(strings.Join(rest[:with], " "), goesOn)
				rest = rest[with:]
			}
			n += len(goesOn)
		}
		words = words[of:]
	}
	return b.String()
}

// advised is wrap for what is to be done. A command that it begins with has a line of its own, so that it can be pasted:
// what is said of the command is below.
func advised(s string, n, indent int) string {
	words := strings.Fields(s)
	of := leadingCommand(words)
	if of == 0 || of == len(words) {
		return wrap(s, n, indent)
	}
	command := strings.TrimRight(strings.Join(words[:of], " "), ",;")
	return wrap(command, n, indent) + "\n" + strings.Repeat(" ", indent) + wrap(strings.Join(words[of:], " "), n, indent)
}

// leadingCommand is how many of the words are a command of karmactl's that a comma ends, or of AWS's that a
// semicolon may end too, and 0 where the words are a sentence.
func leadingCommand(words []string) int {
	if len(words) > 0 && words[0] == "aws" {
		return 1 + slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, ",") || strings.HasSuffix(w, ";") })
	}
	if len(words) == 0 || words[0] != "karmactl" {
		return 0
	}
	names, flags, value := 0, false, false
	for i, w := range words[1:] {
		switch isFlag := strings.HasPrefix(w, "-"); {
		case isFlag:
			flags, value = true, true
		case flags && !value, !flags && names == 2 && words[1] != "secrets" && words[1] != "state":
			return 0
		default:
			names++
			value = false
		}
		if strings.HasSuffix(w, ",") {
			return i + 2
		}
	}
	return 0
}

// goesOn is what tells a shell that the next line belongs to the command.
const goesOn = ` \`

// commandWords is how many of the words at the beginning are one command, and 1 where none begins
// there. One of karmactl's has a verb and an agent; where a sentence continues instead, it loses nothing.
func commandWords(words []string) int {
	ends := func(i int) bool { return i+1 >= len(words) || strings.ContainsAny(words[i][len(words[i])-1:], ",;:.)") }
	flag := func(i int) bool { return strings.HasPrefix(words[i], "-") }
	i := 0
	switch strings.TrimLeft(words[0], "(`") {
	case "aws":
		for !ends(i) {
			i++
		}
	case "karmactl":
		for i < 2 && !ends(i) {
			i++
		}
		for !ends(i) && (flag(i+1) || flag(i) && !strings.Contains(words[i], "=")) {
			i++
		}
	}
	return i + 1
}

// apart is between, on two lines where one is too short.
func apart(left, right string, n int) string {
	if lipgloss.Width(left)+2+lipgloss.Width(right) > n {
		return within(left, n) + "\n" + within("  "+right, n)
	}
	return between(left, right, n)
}

// within is a line that begins with blanks in at most n columns: broken between words, a little further in.
func within(line string, n int) string {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	return line[:indent] + wrap(text, n-indent, indent+2)
}

// between sets left and right apart on one line of n columns; where one is too short, right is at the end of the next.
func between(left, right string, n int) string {
	gap := n - lipgloss.Width(left) - lipgloss.Width(right)
	if gap < 2 && right != "" {
		return within(strings.TrimRight(left, " "), n) + "\n" + strings.Repeat(" ", max(0, n-lipgloss.Width(right))) + right
	}
	gap = max(gap, 0)
	return left + strings.Repeat(" ", gap) + right
}

// Filled is a text for the reader's window, or for 80 columns where there is none.
func (t *Terminal) Filled(text string) string {
	if t.Screen {
		return filled(text, t.page())
	}
	return filled(text, 80)
}

// filled fills a text's paragraphs and the items of its lists to n columns. Any other line that begins with blanks stays a line of its own: what does not
// fit is continued below what it says, which is after two blanks, as a flag's meaning is after its name.
func filled(text string, n int) string {
	var out, open []string
	end := func() {
		if len(open) > 0 {
			indent := 0
			if strings.HasPrefix(open[0], "- ") {
				indent = 2
			}
			out, open = append(out, wrap(strings.Join(open, " "), n-indent, indent)), nil
		}
	}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		body := strings.TrimLeft(line, " ")
		item := strings.HasPrefix(line, "- ")
		if item {
			end()
		}
		if goesOn := len(open) > 0 && strings.HasPrefix(open[0], "- "); body != "" && (body == line || goesOn) {
			open = append(open, body)
			continue
		}
		end()
		_, says, apart := strings.Cut(body, "  ")
		if says = strings.TrimLeft(says, " "); apart && lipgloss.Width(line) > n {
			lead := strings.TrimSuffix(line, says)
			out = append(out, lead+wrap(says, n-lipgloss.Width(lead), lipgloss.Width(lead)))
		} else {
			out = append(out, within(line, n))
		}
	}
	end()
	return strings.Join(out, "\n") + "\n"
}
