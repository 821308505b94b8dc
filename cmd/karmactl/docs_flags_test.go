package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheFlagsThatDocumentsNameAreThoseOfTheirCommands looks up every flag that is with a
// command between backquotes: `plan [--offline]`, `karmactl up --only A`.
func TestTheFlagsThatDocumentsNameAreThoseOfTheirCommands(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z][a-z-]*`)
	quoted := regexp.MustCompile("`(?:karmactl )?([a-z-]+(?: [a-z-]+)*)([^`a-z][^`]*--[^`]*)`")
	root, looked := wholeRoot(), 0
	for _, page := range documentPages(t) {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			c, _, err := root.Find(strings.Fields(m[1]))
			if err != nil || c == root {
				continue // another program's
			}
			flags, _, _ := strings.Cut(m[2], "-- ")
			for _, f := range flag.FindAllString(flags, -1) {
				if looked++; c.Flag(f[2:]) == nil && f != "--help" {
					t.Errorf("%s: %s: %s has no flag %s", page, m[0], c.CommandPath(), f)
				}
			}
		}
	}
	if looked < 80 {
		t.Errorf("only %d flags were looked up", looked)
	}
}
