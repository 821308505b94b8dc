// Command manpage reads docs/commands.md, which is made from the commands' own help,
// and writes the manual page of it to standard output, for the packages of a release.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: manpage COMMANDS.md VERSION")
		os.Exit(64)
	}
	page, err := os.ReadFile(os.Args[1])
	if err == nil {
		out := bufio.NewWriter(os.Stdout)
		write(out, string(page), os.Args[2])
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "manpage:", err)
		os.Exit(1)
	}
}

// write turns the few forms that the page has into those of man(7): headings,
// paragraphs, fenced blocks, and tables of two columns.
func write(w io.Writer, page, version string) {
	fmt.Fprintf(w, ".TH KARMACTL 1 \"\" \"karmactl %s\"\n.SH NAME\nkarmactl \\- run a small fleet of AI agents on AWS ECS Fargate\n.SH SYNOPSIS\n.B karmactl\n.I command\n[\\fIflags\\fR]\n", text(version))
	fenced, begun := false, false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "```" && fenced:
			fmt.Fprint(w, ".fi\n.RE\n")
			fenced = false
		case line == "```":
			fmt.Fprint(w, ".PP\n.RS 4\n.nf\n")
			fenced = true
		case fenced:
			fmt.Fprintln(w, text(line))
		case strings.HasPrefix(line, "## "):
			fmt.Fprintf(w, ".SH %s\n", strings.ToUpper(text(line[3:])))
			begun = true
		case !begun, strings.HasPrefix(line, "|---"), strings.HasPrefix(line, "| flag |"):
		case strings.HasPrefix(line, "| "):
			name, about, _ := strings.Cut(strings.Trim(line, "| "), " | ")
			fmt.Fprintf(w, ".TP\n.B %s\n%s\n", text(strings.Trim(name, "`")), text(strings.ReplaceAll(about, `\|`, "|")))
		case line == "":
			fmt.Fprintln(w, ".PP")
		default:
			fmt.Fprintln(w, text(line))
		}
	}
}

// text is a line as it is to be read: nothing in it is a request, an escape or a
// typographer's hyphen.
func text(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "&lt;", "<", "`", "").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
