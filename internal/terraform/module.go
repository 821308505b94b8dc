// Package terraform reads the Terraform module that karmactl replaces, its
// variables and its state, and writes the agents.yaml that means the same.
package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Module is what was read: the variables as Terraform would have them, and what
// its state says is there.
type Module struct {
	Dir  string
	Vars map[string]cty.Value
	// Images are the images that run, by agent, out of the state.
	Images map[string]string
	// Resources counts what the state has, by type.
	Resources map[string]int
}

// Read reads a directory of a module, or one file of it. Values come, as in
// Terraform, from the defaults in *.tf, then terraform.tfvars, then
// *.auto.tfvars; only literal values count.
func Read(path string) (*Module, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("there is no Terraform module at %s: %w: give the directory with terraform.tfvars", path, err)
	}
	m := &Module{Dir: path, Vars: map[string]cty.Value{}, Images: map[string]string{}, Resources: map[string]int{}}
	if !info.IsDir() {
		m.Dir = filepath.Dir(path)
	}
	for _, pattern := range []string{"*.tf", "terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json"} {
		files, err := filepath.Glob(filepath.Join(m.Dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", m.Dir, err)
		}
		slices.Sort(files)
		for _, f := range files {
			if err := m.file(f); err != nil {
				return nil, err
			}
		}
	}
	if err := m.state(filepath.Join(m.Dir, "terraform.tfstate")); err != nil {
		return nil, err
	}
	if len(m.Vars) == 0 {
		return nil, fmt.Errorf("%s has no Terraform variables: give the directory with variables.tf or terraform.tfvars", m.Dir)
	}
	return m, nil
}

func (m *Module) file(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the Terraform module cannot be read: %w", err)
	}
	if filepath.Ext(path) == ".json" {
		return m.jsonVars(path, src)
	}
	f, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		return fmt.Errorf("the Terraform module cannot be read: %w", diags)
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return fmt.Errorf("%s is no Terraform file", path)
	}
	if filepath.Ext(path) == ".tfvars" {
		for name, a := range body.Attributes {
			m.set(name, a)
		}
		return nil
	}
	for _, b := range body.Blocks {
		if b.Type == "variable" && len(b.Labels) == 1 && b.Body.Attributes["default"] != nil {
			m.set(b.Labels[0], b.Body.Attributes["default"])
		}
	}
	return nil
}

// set keeps a literal; what has to be evaluated by Terraform is left out.
func (m *Module) set(name string, a *hclsyntax.Attribute) {
	if v, diags := a.Expr.Value(nil); !diags.HasErrors() && v.IsWhollyKnown() {
		m.Vars[name] = v
	}
}

func (m *Module) jsonVars(path string, src []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(src, &raw); err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	for name, b := range raw {
		t, err := ctyjson.ImpliedType(b)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
		if m.Vars[name], err = ctyjson.Unmarshal(b, t); err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
	}
	return nil
}

// tfState is as much of a state as is looked at.
type tfState struct {
	Version   int `json:"version"`
	Resources []struct {
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Instances []struct {
			Key        any `json:"index_key"`
			Attributes struct {
				Containers string `json:"container_definitions"`
			} `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// state reads what is there. A module whose state is elsewhere has none here.
func (m *Module) state(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the Terraform state cannot be read: %w", err)
	}
	var s tfState
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%s is no Terraform state: %w", path, err)
	}
	for _, r := range s.Resources {
		if r.Mode != "managed" {
			continue
		}
		m.Resources[r.Type] += len(r.Instances)
		for _, i := range r.Instances {
			agent, _ := i.Key.(string)
			var containers []struct {
				Name  string `json:"name"`
				Image string `json:"image"`
			}
			if r.Type != "aws_ecs_task_definition" || agent == "" || json.Unmarshal([]byte(i.Attributes.Containers), &containers) != nil {
				continue
			}
			for _, c := range containers {
				if c.Name == agent || len(containers) == 1 {
					m.Images[agent] = c.Image
				}
			}
		}
	}
	return nil
}

// str, num, yes and the like read one variable; def when it is not set or of
// another type.
func (m *Module) str(name, def string) string {
	if v, ok := m.Vars[name]; ok && !v.IsNull() && v.Type() == cty.String {
		return v.AsString()
	}
	return def
}

func (m *Module) num(name string, def int) int { return number(m.Vars[name], def) }

func number(v cty.Value, def int) int {
	if v == cty.NilVal || v.IsNull() || v.Type() != cty.Number {
		return def
	}
	n, _ := v.AsBigFloat().Int64()
	return int(n)
}

func (m *Module) yes(name string, def bool) bool {
	if v, ok := m.Vars[name]; ok && !v.IsNull() && v.Type() == cty.Bool {
		return v.True()
	}
	return def
}

func (m *Module) list(name string) []string {
	v, ok := m.Vars[name]
	if !ok || v.IsNull() || !v.CanIterateElements() {
		return nil
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e.Type() == cty.String {
			out = append(out, e.AsString())
		}
	}
	return out
}
