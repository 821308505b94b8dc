package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/document"
)

func TestColoursAreForcedAndTakenAwayByTheUsualVariables(t *testing.T) {
	for set, want := range map[string]bool{"": false, "FORCE_COLOR=1": true, "FORCE_COLOR=0": false, "CLICOLOR_FORCE=1": true, "FORCE_COLOR=1 NO_COLOR=1": false} {
		var out, errs bytes.Buffer
		term := NewTerminal(strings.NewReader(""), &out, &errs, func(name string) string {
			for _, v := range strings.Fields(set) {
				if n, value, _ := strings.Cut(v, "="); n == name {
					return value
				}
			}
			return ""
		})
		term.Fault(&document.Error{Message: "it failed"})
		term.Status(StatusScreen{Columns: []string{"agent"}, Rows: []StatusRow{{Cells: []string{"validator"}, Sign: Bad}}, Repaint: true})
		if got := strings.Contains(out.String(), "\x1b["); got != want {
			t.Errorf("with %q the table has colours: %t", set, got)
		}
		if got := strings.Contains(errs.String(), "\x1b["); got != want {
			t.Errorf("with %q the error has colours: %t", set, got)
		}
		if strings.Contains(out.String(), "\x1b[2J") {
			t.Errorf("with %q a pipe is cleared like a screen", set)
		}
	}
}
