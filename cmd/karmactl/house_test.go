package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// longest is how many lines a file of Go may have: a reader has it before them at once.
const longest = 350

// explainers are the files in which an error of AWS is put into words: the one for what is returned, and the one for
// notes.
var explainers = []string{"cmd/karmactl/exit.go", "cmd/karmactl/session.go"}

// parsesAChange is where the text of a change, which is made to be shown, is taken apart: what is wanted and what was
// found are in an outcome's Have and Want.
var parsesAChange = regexp.MustCompile(`strings\.(Cut|Fields|Split|Contains|HasPrefix|TrimPrefix)\w*\([^()]*\.(Was|Now)\b`)

// advises is an error whose text says what to run: engine.Advise and a Try of its own keep that apart, because it is
// shown on a line of its own, to be pasted.
var advises = regexp.MustCompile(`(errors\.New|fmt\.Errorf)\("[^"]*: (run )?karmactl [^"]*"`)

// TestFilesAreShortErrorsHaveOneRoadAndNoChangeIsParsed reads every Go file.
func TestFilesAreShortErrorsHaveOneRoadAndNoChangeIsParsed(t *testing.T) {
	root, read := filepath.Join("..", ".."), 0
	if err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		if n := bytes.Count(text, []byte("\n")); n > longest && !bytes.HasPrefix(text, []byte("// Code generated ")) {
			t.Errorf("%s has %d lines, more than %d", name, n, longest)
		}
		if bytes.Contains(text, []byte("cloud.Explain(")) && !strings.HasSuffix(name, "_test.go") && !slices.Contains(explainers, name) {
			t.Errorf("%s explains an error itself: return it (exit.go explains it); in a note say session.explain or cloud.Reason", name)
		}
		if m := parsesAChange.Find(text); m != nil {
			t.Errorf("%s takes the text of a change apart: %s", name, m)
		}
		if m := advises.Find(text); m != nil && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s has what to do in the text of an error: %s", name, m)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if read < 1000 {
		t.Errorf("only %d files were read", read)
	}
}
