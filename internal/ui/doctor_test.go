package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/document"
)

func TestWhatSeveralAgentsHaveIsSaidOnce(t *testing.T) {
	finding := func(agent string) document.Finding {
		return document.Finding{
			Agent: agent, Check: "task", Problem: "0 of 1 tasks run", Cause: "the image is not there", Evidence: []string{agent + ": not found"},
			Fix: "karmactl deploy " + agent + " --image TAG",
		}
	}
	d := &document.Doctor{Stack: "s-prod", Region: "us-east-1", Findings: []document.Finding{
		finding("web"), {Agent: "bot", Check: "task", Problem: "0 of 2 tasks run", Cause: "the program exits", Fix: "karmactl logs bot"}, finding("chat"), finding("mail"),
	}}
	for full, want := range map[bool]string{
		false: `s-prod  us-east-1
  ✘ web, chat, mail
      each      0 of 1 tasks run
      cause     the image is not there
      evidence  web: not found
      fix       karmactl deploy web --image TAG
      others    this is web's: karmactl doctor --full has each
  ✘ bot  0 of 2 tasks run
      cause     the program exits
      fix       karmactl logs bot
4 problems.
`,
		true: `s-prod  us-east-1
  ✘ web  0 of 1 tasks run
      cause     the image is not there
      evidence  web: not found
      fix       karmactl deploy web --image TAG
  ✘ bot  0 of 2 tasks run
      cause     the program exits
      fix       karmactl logs bot
  ✘ chat  0 of 1 tasks run
      cause     the image is not there
      evidence  chat: not found
      fix       karmactl deploy chat --image TAG
  ✘ mail  0 of 1 tasks run
      cause     the image is not there
      evidence  mail: not found
      fix       karmactl deploy mail --image TAG
4 problems.
`,
	} {
		var out bytes.Buffer
		term := NewTerminal(strings.NewReader(""), &out, &bytes.Buffer{}, func(string) string { return "" })
		if err := term.Doctor(d, full); err != nil || out.String() != want {
			t.Errorf("full %v, %v:\n%s\nwant\n%s", full, err, out.String(), want)
		}
	}
}
