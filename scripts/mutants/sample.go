package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// planted is where faults are drawn by lot.
var planted = []string{"internal/engine", "internal/state", "internal/provision", "internal/stack", "internal/cost"}

// aid is added to each of those packages: one mutant at a time is on. A run without
// one notes which sites its tests reach.
const aid = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	mutantOn, _  = strconv.Atoi(os.Getenv("MUTANT"))
	mutantReach  = os.Getenv("MUTANTS_REACHED")
	mutantsSeen  sync.Map
)

func mutant(n int) bool {
	if mutantReach != "" {
		if _, seen := mutantsSeen.LoadOrStore(n, true); !seen {
			f, err := os.OpenFile(mutantReach, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				panic(err)
			}
			f.WriteString(strconv.Itoa(n) + "\n")
			f.Close()
		}
	}
	return n == mutantOn
}

func mutated[T any](n int, v T) T {
	if mutant(n) {
		var zero T
		return zero
	}
	return v
}
`

// sample is a draw of faults, all of them in one build of each package's tests.
type sample struct {
	dir   string
	sites []site // site n+1 is number n
	tests []suite
}

// suite is a test binary and the sites that it reaches.
type suite struct {
	pkg, binary string
	args        []string
	reaches     map[int]bool
	limit       time.Duration // a fault that makes the tests take longer is noticed
}

// drawSites chooses at most perFile sites of a file, outer ones first.
func drawSites(file string, perFile int, seed string) (source []byte, all []site, err error) {
	if source, err = os.ReadFile(file); err != nil {
		return nil, nil, err
	}
	if all, err = sites(filepath.ToSlash(file), source); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(all, func(a, b site) int {
		if a.order(seed) < b.order(seed) {
			return -1
		}
		return 1
	})
	all = all[:min(perFile, len(all))]
	slices.SortStableFunc(all, func(a, b site) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	return source, all, nil
}

// draw chooses at most perFile sites of each file, by lot.
func draw(dir string, words []string, perFile int, seed string) (*sample, error) {
	s := &sample{dir: dir}
	replace := map[string]string{}
	for _, pkg := range planted {
		files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || !chosen(file, words) {
				continue
			}
			source, all, err := drawSites(file, perFile, seed)
			if err != nil {
				return nil, err
			}
			numbers := map[string]int{}
			for _, x := range all {
				s.sites = append(s.sites, x)
				numbers[x.name()] = len(s.sites)
			}
			if err := s.overlay(replace, file, plant(source, all, func(x site) int { return numbers[x.name()] })); err != nil {
				return nil, err
			}
		}
		text := fmt.Sprintf(aid, filepath.Base(pkg))
		if err := s.overlay(replace, filepath.Join(pkg, "mutants_aid.go"), []byte(text)); err != nil {
			return nil, err
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return s, os.WriteFile(filepath.Join(dir, "sample.json"), data, 0o600)
}

func (s *sample) overlay(replace map[string]string, file string, text []byte) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	replace[path] = filepath.Join(s.dir, strings.ReplaceAll(file, string(filepath.Separator), "_"))
	return os.WriteFile(replace[path], text, 0o600)
}

// build compiles the tests once, and runs them once without a fault, to learn which
// sites they reach.
func (s *sample) build(ctx context.Context, suites []suite) error {
	for i, t := range suites {
		t.binary = filepath.Join(s.dir, fmt.Sprintf("%s.test", filepath.Base(t.pkg)))
		if _, err := os.Stat(t.binary); err != nil {
			cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-trimpath", "-overlay", filepath.Join(s.dir, "sample.json"), "-o", t.binary, "./"+t.pkg)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("building %s with the faults: %w\n%s", t.pkg, err, out)
			}
		}
		reached := filepath.Join(s.dir, fmt.Sprintf("reached-%d", i))
		began := time.Now()
		t.limit = time.Hour
		if out, err := t.run(ctx, "MUTANTS_REACHED="+reached); err != nil {
			return fmt.Errorf("%s fails without a fault: %w\n%s", t.pkg, err, out)
		}
		text, err := os.ReadFile(reached)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		t.reaches = map[int]bool{}
		for line := range strings.Lines(string(text)) {
			var n int
			if _, err := fmt.Sscan(line, &n); err != nil {
				return err
			}
			t.reaches[n] = true
		}
		t.limit = 10*time.Second + 5*time.Since(began).Round(time.Second)
		s.tests = append(s.tests, t)
	}
	return nil
}

func (t suite) run(ctx context.Context, env string) ([]byte, error) {
	path, err := filepath.Abs(t.binary)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-test.short", "-test.failfast", "-test.timeout=" + t.limit.String()}, t.args...)...)
	cmd.Dir, cmd.Env = t.pkg, append(os.Environ(), env)
	return cmd.CombinedOutput()
}

// try says which test notices site n; "" when none does.
func (s *sample) try(ctx context.Context, n int) (string, error) {
	for _, t := range s.tests {
		if !t.reaches[n] {
			continue
		}
		out, err := t.run(ctx, fmt.Sprintf("MUTANT=%d", n))
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			return t.pkg + " " + firstFailure(out), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

func firstFailure(out []byte) string {
	for _, mark := range []string{"--- FAIL: ", "panic: ", "fatal error: "} {
		if _, rest, ok := bytes.Cut(out, []byte(mark)); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			return string(line)
		}
	}
	return "fails"
}
