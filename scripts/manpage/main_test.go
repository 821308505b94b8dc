package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestTheManualHasEveryCommandAndFlag(t *testing.T) {
	page, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	write(&b, string(page), "v1.2.3")
	manual := b.String()
	for _, form := range []struct{ in, out string }{{`(?m)^## .`, `(?m)^\.SH .`}, {"(?m)^\\| `-", `(?m)^\.B \\-`}, {"(?m)^```", `(?m)^\.(nf|fi)$`}} {
		want := len(regexp.MustCompile(form.in).FindAllString(string(page), -1))
		got := len(regexp.MustCompile(form.out).FindAllString(manual, -1))
		if form.out == `(?m)^\.SH .` {
			got -= 2 // the name and the synopsis
		}
		if got != want || want < 15 {
			t.Errorf("the page has %d of %s, the manual %d", want, form.in, got)
		}
	}
	for _, wrong := range []string{"```", "|---", "&lt;", `\|`} {
		if strings.Contains(manual, wrong) {
			t.Errorf("the manual has %q", wrong)
		}
	}
}

func TestNothingInALineIsARequest(t *testing.T) {
	for in, want := range map[string]string{".karmactl": `\&.karmactl`, `a\b`: `a\eb`, "'x'": `\&'x'`, "--yes": `\-\-yes`} {
		if got := text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
