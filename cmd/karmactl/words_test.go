package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// banned are words of comments, of what the product says and of its pages that a reader has to read twice, with what
// to write instead. Strings of tests are data, and not held to it.
var banned = []struct {
	words   *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\bthose (that|which|who)\b`), "the noun: the tasks that …"},
	{regexp.MustCompile(`(?i)\b(nobody|somebody|whoever)\b`), "who it is: a user, another run, a caller"},
	{regexp.MustCompile(`(?i)\bbut for\b`), "except"},
	{regexp.MustCompile(`(?i)\banew\b`), "again"},
	{regexp.MustCompile(`(?i)\b(go|goes|going|went) on\b`), "continue"},
	{regexp.MustCompile(`(?i)\bstands?\b`), "is, are"},
	{regexp.MustCompile(`(?i)\b(fates?|fated|cargo|condemn\w*)\b`), "outcome, result, layer, delete"},
	{regexp.MustCompile(`(?i)\b(ward|torn|sick)\b`), "snapshot, partial, unhealthy"},
	{regexp.MustCompile(`(?i)\b(do|does) not mind\b`), "ignores, accepts"},
	{regexp.MustCompile(`(?i)\b(thereby|lest|hence|nought|the like|for want of)\b`), "then, so that not, 0, such, without"},
}

// plain are uses of banned words that are plain English.
var plain = regexp.MustCompile(`(?i)\bstand-in\b|\bstands? for\b|(?-i:\bNoBody\b)`)

// TestDocsAndCommentsUsePlainWords reads the comments and the names of every Go file, what the product says, and the pages.
func TestDocsAndCommentsUsePlainWords(t *testing.T) {
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir():
		case strings.HasSuffix(name, ".go"):
			wordsOfGo(t, path, name)
		case strings.HasSuffix(name, ".md") && name != "CHANGELOG.md":
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			checkWords(t, name, 1, string(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wordsOfGo(t *testing.T, path, name string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			checkWords(t, name, set.Position(c.Pos()).Line, c.Text)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Ident:
			checkWords(t, name, set.Position(x.Pos()).Line, x.Name)
		case *ast.BasicLit:
			if x.Kind == token.STRING && !strings.HasSuffix(name, "_test.go") {
				checkWords(t, name, set.Position(x.Pos()).Line, x.Value)
			}
		}
		return true
	})
}

// checkWords reports the banned words of a text that begins in a line.
func checkWords(t *testing.T, name string, line int, text string) {
	t.Helper()
	text = plain.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("·", len(s)) })
	for _, b := range banned {
		for _, at := range b.words.FindAllStringIndex(text, -1) {
			t.Errorf("%s:%d: %q: write %s", name, line+strings.Count(text[:at[0]], "\n"), text[at[0]:at[1]], b.instead)
		}
	}
}

func TestABannedWordIsFoundInItsLine(t *testing.T) {
	for text, want := range map[string]int{
		"// The others\n// go on anew.": 2, "// a stand-in that stands for it": 0, "cargo": 1, "// those tasks": 0, "// those that run": 1,
	} {
		found := 0
		for _, b := range banned {
			found += len(b.words.FindAllString(plain.ReplaceAllString(text, ""), -1))
		}
		if found != want {
			t.Errorf("%q has %d banned words, want %d", text, found, want)
		}
	}
}
