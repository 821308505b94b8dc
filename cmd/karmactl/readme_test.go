package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatTheReadmeNamesExists looks for every file and directory that README.md
// links to or names in its "where things live" table.
func TestWhatTheReadmeNamesExists(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	var paths []string
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		paths = append(paths, m[1])
	}
	_, table, found := strings.Cut(text, "## Where things live")
	if !found {
		t.Fatal("README.md has no table of where things live")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	dir := ""
	for _, m := range regexp.MustCompile("`([^`<\n]+)`").FindAllStringSubmatch(table, -1) {
		path := m[1]
		if !strings.Contains(path, "/") {
			path = filepath.Join(dir, path) // beside the one before
		}
		dir = filepath.Dir(path)
		paths = append(paths, path)
	}
	if len(paths) < 15 {
		t.Fatalf("only %d paths were found", len(paths))
	}
	for _, p := range paths {
		if _, err := os.Stat(filepath.Join("..", "..", p)); err != nil {
			t.Errorf("README.md names %s: %v", p, err)
		}
	}
}
