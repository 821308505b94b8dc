// Command mutants plants one fault at a time and tells which of them the tests
// notice: make mutants. Faults that lose something or leave something over are in
// faults.txt, chosen by hand; others are drawn by lot from every condition,
// statement and field of the engine, the state and the resources (sites.go), as many
// of each file as -sample says. Nothing in the tree is changed: faults are planted with
// go test -overlay, in a copy of the tree, since a program at fault may write anywhere.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// leastNoticed is the part of the faults that has to be noticed, in percent.
const leastNoticed = 95

// fault is one change of one file.
type fault struct {
	file, what string
	old, new   string
	// unseen is why no test could notice it; "" where a test could.
	unseen string
}

func main() {
	perFile := flag.Int("sample", 0, "draw as many faults of each file by lot, instead of those of faults.txt")
	seed := flag.String("seed", "1", "another seed draws other faults")
	depth := flag.String("tests", "all", "which tests a fault meets: own (its package's), narrow (those and whole lives of a stack), or all")
	flag.Parse()
	ctx := context.Background()
	err := inCopy(ctx, func(dir string) error {
		if *perFile > 0 {
			return drawn(ctx, dir, flag.Args(), *perFile, *seed, *depth)
		}
		return run(dir, flag.Args())
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// inCopy calls f in a copy of the tree's files, with a folder for what it makes beside it.
func inCopy(ctx context.Context, f func(dir string) error) error {
	files, err := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("listing the tree: %w", err)
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a left-over temporary folder does no harm
	tree := filepath.Join(dir, "tree")
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) { // deleted and not committed
			continue
		}
		if err != nil {
			return err
		}
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		to := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, info.Mode()); err != nil {
			return err
		}
	}
	if err := os.Chdir(tree); err != nil {
		return err
	}
	return f(dir)
}

// run plants the faults of the files whose name has one of the words; all without words.
func run(dir string, words []string) error {
	text, err := os.ReadFile(filepath.Join("scripts", "mutants", "faults.txt"))
	if err != nil {
		return err
	}
	faults, err := parse(string(text))
	if err != nil {
		return err
	}
	tried, noticed := 0, 0
	for _, f := range faults {
		if !chosen(f.file, words) {
			continue
		}
		by, err := f.try(dir)
		if err != nil {
			return err
		}
		if f.unseen != "" {
			fmt.Fprintf(os.Stdout, "unseen   %s: %s (%s)\n", f.file, f.what, f.unseen)
			continue
		}
		tried++
		if by == "" {
			fmt.Fprintf(os.Stdout, "MISSED   %s: %s\n", f.file, f.what)
			continue
		}
		noticed++
		fmt.Fprintf(os.Stdout, "noticed  %s: %s (%s)\n", f.file, f.what, by)
	}
	if tried == 0 {
		return fmt.Errorf("no fault of faults.txt is planted in a file whose name has one of %q", words)
	}
	fmt.Fprintf(os.Stdout, "%d of %d faults were noticed\n", noticed, tried)
	if noticed*100 < tried*leastNoticed {
		return fmt.Errorf("fewer than %d %% of the faults were noticed", leastNoticed)
	}
	return nil
}

func chosen(file string, words []string) bool {
	for _, w := range words {
		if strings.Contains(file, w) {
			return true
		}
	}
	return len(words) == 0
}

// parse reads blocks of: "file: what it does", then lines of "-" and "+", and
// "= reason" for a fault that changes nothing anybody could see.
func parse(text string) ([]fault, error) {
	var all []fault
	for block := range strings.SplitSeq(text, "\n\n") {
		var f fault
		for line := range strings.Lines(strings.TrimSpace(block) + "\n") {
			line = strings.TrimSuffix(line, "\n")
			switch {
			case line == "" || strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "-"):
				f.old += line[1:] + "\n"
			case strings.HasPrefix(line, "+"):
				f.new += line[1:] + "\n"
			case strings.HasPrefix(line, "= "):
				f.unseen = line[2:]
			default:
				var ok bool
				if f.file, f.what, ok = strings.Cut(line, ": "); !ok {
					return nil, fmt.Errorf("faults.txt: %q is no line of a fault", line)
				}
			}
		}
		if f.file != "" {
			all = append(all, f)
		}
	}
	return all, nil
}

// try says which tests notice the fault; "" when none does.
func (f fault) try(dir string) (string, error) {
	source, err := os.ReadFile(f.file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), f.old); n != 1 {
		return "", fmt.Errorf("%s: %s: its text is there %d times, not once: mend faults.txt", f.file, f.what, n)
	}
	path, err := filepath.Abs(f.file)
	if err != nil {
		return "", err
	}
	mutant, overlay := filepath.Join(dir, filepath.Base(f.file)), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(source), f.old, f.new, 1)), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutant}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	own := "./" + filepath.ToSlash(filepath.Dir(f.file))
	if out, err := exec.Command("go", "build", "-overlay", overlay, own).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %s: it does not compile:\n%s", f.file, f.what, out)
	}
	others := slices.DeleteFunc([]string{"./internal/provision", "./internal/stack"}, func(pkg string) bool { return pkg == own })
	for _, pkg := range append([]string{own}, others...) {
		cmd := exec.Command("go", "test", "-short", "-failfast", "-vet=off", "-timeout", "5m", "-overlay", overlay, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		err := cmd.Run()
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			return pkg, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}
