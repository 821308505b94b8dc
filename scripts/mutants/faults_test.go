package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fault whose text has been rewritten is not planted any more, and the run would not say so.
func TestEveryFaultChosenByHandCanBePlantedStill(t *testing.T) {
	text, err := os.ReadFile("faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	faults, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(faults) < 80 {
		t.Errorf("%d faults are read", len(faults))
	}
	for _, f := range faults {
		source, err := os.ReadFile(filepath.Join("..", "..", f.file))
		if err != nil {
			t.Errorf("%s: %s: %v", f.file, f.what, err)
			continue
		}
		if n := strings.Count(string(source), f.old); n != 1 {
			t.Errorf("%s: %s: its text is there %d times, not once: mend faults.txt", f.file, f.what, n)
		}
	}
}
