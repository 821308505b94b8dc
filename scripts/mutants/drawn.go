package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// narrow are the tests of internal/stack that live a stack's whole life; all of them
// take minutes, and follow only when these notice nothing.
const narrow = "^Test(Whole|ASecond|Down|Up|AnUp|EveryReplyToAn|AProcessMay|DriftIs|SweepAnyCall|SweepTheState)"

// drawn plants faults that are drawn by lot, and counts by package. A site that is in
// unseen.txt changes nothing that anybody could see, and does not count.
func drawn(ctx context.Context, dir string, words []string, perFile int, seed, depth string) error {
	unseen, err := readUnseen()
	if err != nil {
		return err
	}
	s, err := draw(dir, words, perFile, seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%d faults, at most %d of each file, seed %s\n", len(s.sites), perFile, seed)
	if err := s.build(ctx, suites(s.sites, depth)); err != nil {
		return err
	}
	var total count
	by := map[string]count{}
	for i, x := range s.sites {
		pkg := filepath.ToSlash(filepath.Dir(x.file))
		c := by[pkg]
		if why := unseen[x.name()]; why != "" {
			c.unseen++
			total.unseen++
			by[pkg] = c
			continue
		}
		noticed, err := s.try(ctx, i+1)
		if err != nil {
			return err
		}
		c.tried++
		total.tried++
		if noticed != "" {
			c.noticed++
			total.noticed++
			fmt.Fprintf(os.Stdout, "noticed  %s (%s)\n", x.name(), noticed)
		} else {
			fmt.Fprintf(os.Stdout, "MISSED   %s\n", x.name())
		}
		by[pkg] = c
	}
	for _, pkg := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(os.Stdout, "%s: %s\n", pkg, by[pkg])
	}
	fmt.Fprintf(os.Stdout, "all: %s\n", total)
	if depth == "all" && total.noticed*100 < total.tried*leastNoticed {
		return fmt.Errorf("fewer than %d %% of the faults were noticed", leastNoticed)
	}
	return nil
}

// count is how many faults were planted and noticed, and how many change nothing visible.
type count struct{ tried, noticed, unseen int }

func (c count) String() string {
	return fmt.Sprintf("%d of %d faults were noticed (%.1f %%), %d more change nothing visible",
		c.noticed, c.tried, 100*float64(c.noticed)/float64(max(c.tried, 1)), c.unseen)
}

// suites are the tests that a fault meets, the quickest first.
func suites(all []site, depth string) []suite {
	own := map[string]bool{}
	for _, x := range all {
		own[filepath.ToSlash(filepath.Dir(x.file))] = true
	}
	var out []suite
	for _, pkg := range planted {
		if own[pkg] {
			out = append(out, suite{pkg: pkg})
		}
	}
	if depth == "own" {
		return out
	}
	out = append(out, suite{pkg: "internal/stack", args: []string{"-test.run=" + narrow}})
	if depth == "narrow" {
		return out
	}
	if !own["internal/provision"] {
		out = append(out, suite{pkg: "internal/provision"})
	}
	return append(out, suite{pkg: "internal/stack"})
}

// readUnseen reads lines of "name of a site = reason".
func readUnseen() (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join("scripts", "mutants", "unseen.txt"))
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndex(line, " = ")
		if at < 0 {
			return nil, fmt.Errorf("unseen.txt: %q has no reason", line)
		}
		out[line[:at]] = line[at+3:]
	}
	return out, nil
}
