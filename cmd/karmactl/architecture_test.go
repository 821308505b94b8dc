package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const modulePath = "github.com/karmacadabra/karmactl/"

// notOnTheMap are the packages of tests and generators.
var notOnTheMap = []string{"internal/wire", "internal/awssim/livetest", "internal/awssim/recorded", "internal/fleet/logs/logstest", "internal/ui/ptytest", "internal/agents/schemagen", "internal/cost/pricegen", "scripts", "scripts/manpage", "scripts/mutants"}

// forEverybody is the package that no row names, because every package may import it.
const forEverybody = "internal/lazyregexp"

// TestTheMapOfPackagesIsTrue holds docs/architecture.md to the imports of product
// code and to the linter's rules: each package has a row, imports only what its row
// allows, and only packages above it; and the linter refuses nothing that the map
// allows and names no package that is not there.
func TestTheMapOfPackagesIsTrue(t *testing.T) {
	order, allowed := packageMap(t)
	imports := packageImports(t)
	for pkg, imported := range imports {
		if slices.Contains(notOnTheMap, pkg) {
			continue
		}
		may, ok := allowed[pkg]
		if !ok {
			t.Errorf("docs/architecture.md has no row for %s", pkg)
			continue
		}
		for _, to := range imported {
			if to != forEverybody && !slices.Contains(may, to) && !slices.Contains(may, "everything") {
				t.Errorf("%s imports %s, which its row in docs/architecture.md does not allow", pkg, to)
			}
		}
	}
	for i, pkg := range order {
		if _, ok := imports[pkg]; !ok {
			t.Errorf("docs/architecture.md has a row for %s, which is not there", pkg)
		}
		for _, to := range allowed[pkg] {
			if to != "everything" && !slices.Contains(order[:i], to) {
				t.Errorf("the row of %s allows %s, which is not above it", pkg, to)
			}
		}
	}
	for name, rule := range layerRules(t) {
		for _, deny := range rule.Deny {
			to, ours := strings.CutPrefix(deny.Pkg, modulePath)
			if !ours {
				continue
			}
			if !slices.ContainsFunc(order, func(p string) bool { return p == to || strings.HasPrefix(p, to+"/") }) && to != "internal" && to != "cmd" {
				t.Errorf("rule %s of .golangci.yml denies %s, which is not there", name, to)
			}
			for pkg, may := range allowed {
				if !rule.covers(pkg) {
					continue
				}
				for _, m := range may {
					if m == to || strings.HasPrefix(m, to+"/") {
						t.Errorf("docs/architecture.md lets %s import %s, and rule %s of .golangci.yml denies it", pkg, m, name)
					}
				}
			}
		}
	}
}

// packageMap reads the rows of the first table, in their order.
func packageMap(t *testing.T) (order []string, allowed map[string][]string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `((?:internal|cmd|config|docs)[a-z/]*)` \\| ([^|]*) \\| .* \\|$")
	name := regexp.MustCompile("`([a-z/]+)`")
	allowed = map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		order = append(order, m[1])
		allowed[m[1]] = []string{}
		if m[2] == "everything" {
			allowed[m[1]] = []string{"everything"}
		}
		for _, n := range name.FindAllStringSubmatch(m[2], -1) {
			allowed[m[1]] = append(allowed[m[1]], n[1])
		}
	}
	if len(order) < 10 {
		t.Fatalf("docs/architecture.md has only %d rows", len(order))
	}
	return order, allowed
}

// packageImports are the imports of ours of each package, its tests left out.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimPrefix(p.ImportPath, modulePath)
		all[pkg] = nil
		for _, to := range p.Imports {
			if ours, ok := strings.CutPrefix(to, modulePath); ok {
				all[pkg] = append(all[pkg], ours)
			}
		}
	}
}

// layerRule is a rule of depguard.
type layerRule struct {
	Files []string
	Deny  []struct{ Pkg string }
}

// covers tells whether the rule is about the product files of a package.
func (r layerRule) covers(pkg string) bool {
	yes := false
	for _, f := range r.Files {
		glob, not := strings.CutPrefix(f, "!")
		dir := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(glob, "/*.go"), "/**"), "**/")
		below := strings.HasSuffix(glob, "/**")
		if glob == "$all" || dir == pkg || below && strings.HasPrefix(pkg, dir+"/") {
			if not {
				return false
			}
			yes = true
		}
	}
	return yes
}

func layerRules(t *testing.T) map[string]layerRule {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "..", ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var lint struct {
		Linters struct {
			Settings struct {
				Depguard struct{ Rules map[string]layerRule }
			}
		}
	}
	if err := yaml.Unmarshal(file, &lint); err != nil {
		t.Fatal(err)
	}
	rules := lint.Linters.Settings.Depguard.Rules
	if len(rules) < 10 {
		t.Fatalf(".golangci.yml has only %d layer rules", len(rules))
	}
	return rules
}
