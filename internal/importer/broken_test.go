package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// A file that a user is in the middle of editing is an error or a fleet, and
// never a panic: each input is read with each of its lines missing, and with each
// value gone.
func TestAnInputWithALineMissingIsAnErrorOrAFleet(t *testing.T) {
	for _, kind := range []string{"terraform", "copilot", "compose", "dockerfile"} {
		t.Run(kind, func(t *testing.T) {
			for _, in := range corpus(t, kind) {
				for _, f := range in.archive.Files {
					if strings.HasPrefix(f.Name, "want/") || strings.HasSuffix(f.Name, ".json") || strings.HasSuffix(f.Name, ".tfstate") {
						continue
					}
					in.broken(t, filepath.Join(in.dir, f.Name), f.Data)
				}
			}
		})
	}
}

func (in *input) broken(t *testing.T, path string, data []byte) {
	t.Helper()
	lines := strings.SplitAfter(string(data), "\n")
	step := 3
	if testing.Short() {
		step = 9
	}
	for i := 0; i < len(lines); i += step {
		line := lines[i]
		for _, instead := range []string{"", cutValue(line)} {
			if instead == line {
				continue
			}
			text := strings.Join(lines[:i], "") + instead + strings.Join(lines[i+1:], "")
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			in.try(t, i+1, text)
		}
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// cutValue leaves the key of a line without its value.
func cutValue(line string) string {
	for _, sep := range []string{": ", " = ", "=", " "} {
		if key, _, ok := strings.Cut(line, sep); ok && strings.TrimSpace(key) != "" {
			return key + strings.TrimRight(sep, " ") + "\n"
		}
	}
	return line
}

func (in *input) try(t *testing.T, line int, text string) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s without line %d panics: %v\n%s", in.name, line, p, text)
		}
	}()
	res, err := in.read(t)
	if err != nil {
		return
	}
	if _, err := agents.Parse("agents.yaml", []byte(res.Text), ""); err != nil {
		t.Errorf("%s without line %d: %v", in.name, line, err)
	}
}
