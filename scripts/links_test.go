package scripts

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinksOfTheDocumentsLeadSomewhere looks for each file that a document links to.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	documents, err := filepath.Glob("../docs/*.md")
	if err != nil || len(documents) < 10 {
		t.Fatalf("%q, %v", documents, err)
	}
	documents = append(documents, "../README.md", "../CONTRIBUTING.md", "../SKILL.md", "../CHANGELOG.md")
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, d := range documents {
		for _, m := range link.FindAllStringSubmatch(read(t, d), -1) {
			path, _, _ := strings.Cut(m[1], "#")
			if path == "" || strings.Contains(path, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(d), path)); err != nil {
				t.Errorf("%s links to %s, which is not there", d, m[1])
			}
		}
	}
}
