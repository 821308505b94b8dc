package main

import (
	"io/fs"
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

// TestWhatThePagesNameExists looks for the tests and the paths of the sources that the pages name.
func TestWhatThePagesNameExists(t *testing.T) {
	root := filepath.Join("..", "..")
	tests, named := map[string]bool{}, 0
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w+|(?:internal|cmd|scripts|config)/[\\w./*<>-]+)`")
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/adr/*.md"} {
		pages, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range names.FindAllStringSubmatch(string(text), -1) {
				there := tests[m[1]]
				if strings.Contains(m[1], "/") {
					files, err := filepath.Glob(filepath.Join(root, regexp.MustCompile("<[^>]+>").ReplaceAllString(m[1], "*")))
					there = err == nil && len(files) > 0
				}
				if named++; !there {
					t.Errorf("%s names %s, which is not there", filepath.Base(page), m[1])
				}
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d names", named)
	}
}
