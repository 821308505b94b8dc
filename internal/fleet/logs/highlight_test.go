package logs

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestWhatIsHighlightedStandsOutAndNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	patterns := []*regexp.Regexp{regexp.MustCompile(`order \d+`), regexp.MustCompile("7"), regexp.MustCompile("id=x+"), regexp.MustCompile("q*")}
	for message, want := range map[string]string{
		"order 17 is paid, 7 are not": "<order 17> is paid, <7> are not",
		"nothing of it":               "nothing of it",
		"ERROR order 7 failed":        "{ERROR }<order 7>{ failed}",
		`{"msg":"paid 7","id":"xx"}`:  "paid <7> <id=xx>",
		"\x1b[32morder 7\x1b[0m":      "[32morder 7[0m[0m", // it has colours of its own
	} {
		for _, color := range []bool{true, false} {
			var out bytes.Buffer
			p := NewPrinter(&out, Style{Agents: []string{"bot"}, Color: color, Highlight: patterns})
			if err := p.Print(Event{Agent: "bot", Task: "0f1e2d3c", Message: message}); err != nil {
				t.Fatal(err)
			}
			if err := p.Flush(); err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(strings.TrimSuffix(out.String(), "\n"), "0f1e2d3c")
			got = strings.TrimPrefix(strings.TrimPrefix(got, "\x1b[0m"), " ")
			want := want
			if color {
				got = regexp.MustCompile(`\x1b\[1;38;5;133m(.*?)\x1b\[0m`).ReplaceAllString(got, "<$1>")
				got = regexp.MustCompile(`\x1b\[38;5;167m(.*?)\x1b\[0m`).ReplaceAllString(got, "{$1}")
				got = strings.NewReplacer("\x1b[0m", "", "\x1b[2m", "").Replace(got)
			} else {
				want = strings.NewReplacer("<", "", ">", "", "{", "", "}", "").Replace(want)
			}
			if strings.HasPrefix(message, "\x1b") {
				got, want = Plain(got), "order 7"
			}
			if got != want {
				t.Errorf("%q, colour %v: %q, want %q", message, color, got, want)
			}
		}
	}
}
