package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/agents"
)

func TestAPatternStandsForTheNamesThatAShellWouldMatch(t *testing.T) {
	cfg := &agents.Config{File: "agents.yaml"}
	all := []string{"validator", "voice-extractor", "voice-mixer", "skill-extractor"}
	for words, want := range map[string]string{
		"voice*": "voice-extractor voice-mixer", "*": strings.Join(all, " "), "*-extractor": "voice-extractor skill-extractor",
		"voice-mixer voice*": "voice-mixer voice-extractor", "v[a-b]lidator": "validator", "validato?": "validator", "nobody": "nobody",
		"chat*": `nothing in agents.yaml matches "chat*": it has validator, voice-extractor, voice-mixer, skill-extractor`,
	} {
		got, err := matching(cfg, all, strings.Fields(words))
		if said := strings.Join(got, " "); said != want && (err == nil || err.Error() != want) {
			t.Errorf("%s is %q, %v", words, said, err)
		}
	}
}

// Every command that takes several agents takes patterns of them, and says what they match.
func TestEveryCommandOfSeveralAgentsTakesAPattern(t *testing.T) {
	shipped, err := os.ReadFile(filepath.Clean(shippedFile()))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, string(shipped))
		o.must("", "up", "--yes")
		for _, c := range []struct{ command, says string }{
			{"status voice*", "voice* voice-extractor"},
			{"doctor voice*", "voice*: voice-extractor"},
			{"deploy *-extractor --restart --dry-run", "*-extractor: skill-extractor, voice-extractor"},
			{"down voice* --dry-run", "voice*: voice-extractor"},
			{"scale voice*=0 --dry-run", "voice-extractor"},
			{"up --only voice* --dry-run", "No changes"},
			{"secrets status voice*", "voice*: voice-extractor"},
			{"secrets sync voice* --dry-run", "voice*: voice-extractor"},
		} {
			code, said := o.run("", strings.Fields(c.command)...)
			for _, w := range strings.Fields(c.says) {
				if !strings.Contains(said, w) {
					t.Errorf("%s does not say %q", c.command, w)
				}
			}
			if code != 0 || t.Failed() {
				t.Errorf("%s exits %d:\n%s", c.command, code, said)
			}
			if code, said := o.run("", strings.Fields(strings.NewReplacer("voice*", "chat*", "*-extractor", "chat*").Replace(c.command))...); code != exitUsage || !strings.Contains(said, `matches "chat*": it has `) {
				t.Errorf("%s without a match exits %d:\n%s", c.command, code, said)
			}
		}
	})
}
