package agents

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"
)

// DefaultFiles are the paths that Load tries, in order, when it is given none.
func DefaultFiles() []string { return []string{"config/agents.yaml", "agents.yaml"} }

// NotFoundError says that there is no agents.yaml; it is fs.ErrNotExist.
type NotFoundError struct {
	// Paths are the files that were looked for.
	Paths []string
}

func (e *NotFoundError) Error() string {
	return "there is no " + strings.Join(e.Paths, " and no ")
}

// Try is what to do about it.
func (e *NotFoundError) Try() string {
	return "karmactl init writes a commented one; --file names another"
}

// Is makes errors.Is(err, fs.ErrNotExist) true.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// FolderError says that a folder was named where the file is wanted.
type FolderError struct{ Path string }

func (e *FolderError) Error() string { return e.Path + " is a folder, and the file is wanted" }

// Try is what to do about it.
func (e *FolderError) Try() string { return "--file " + filepath.Join(e.Path, "agents.yaml") }

// Load reads and checks a file. An empty path means the first of DefaultFiles
// that exists; an empty environment means the file's own. It returns
// *NotFoundError, *Problems, or the operating system's error.
func Load(path, environment string) (*Config, error) {
	paths := []string{path}
	if path == "" {
		paths = DefaultFiles()
	}
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			if errors.Is(err, syscall.EISDIR) {
				return nil, &FolderError{Path: p}
			}
			return nil, fmt.Errorf("read the agents file: %w", err)
		}
		return Parse(p, src, environment)
	}
	return nil, &NotFoundError{Paths: paths}
}

// Parse checks the text of a file, which messages call file. The error is a
// *Problems with everything that is wrong.
func Parse(file string, src []byte, environment string) (*Config, error) {
	r := newReader(file, src)
	c := &Config{}
	if root := r.parseSource(src); root != nil {
		if resolve(root).Kind == yaml.MappingNode {
			c = r.config(root, environment)
		} else {
			r.cannotBe(root, "a mapping that begins with keys such as project: and agents:")
		}
	}
	if len(r.problems) > 0 {
		sortProblems(r.problems)
		return nil, &Problems{List: r.problems}
	}
	c.File = file
	return c, nil
}

// config reads the tree: the overlay is laid over the base, the defaults under
// each agent, the whole is read by the table, and then the rules look at it.
func (r *reader) config(root *yaml.Node, environment string) *Config {
	t := tables()
	r.whole = t.describe
	root = resolve(root)
	own := ownEnvironment(root)
	if environment == "" {
		environment = own
	}
	overlays := resolve(child(root, "environments"))
	said, pattern, named := overlayOf(overlays, environment)
	if environment == own && pattern != "" { // the file's own is no other's
		said, pattern = nil, ""
	}
	if environment != own && !named {
		r.unknownEnvironment(root, overlays, environment, own)
	}
	merged := root
	if overlay := only(said, t.inOverlay); overlay != nil {
		merged = merge(root, overlay)
	}
	merged = underAgents(merged, t.inDefaults)

	doc := document{Config: defaultConfig()}
	t.root.read(r, merged, &doc)
	c := &doc.Config
	c.Environment, c.Pattern = environment, pattern
	c.apart()
	fillIn(r, c)
	checkRules(r, c)
	checkPattern(r, c, root)
	return c
}

// ownEnvironment is the environment that a file is of where no other one is asked for.
func ownEnvironment(root *yaml.Node) string {
	if n := resolve(child(root, "environment")); n != nil && n.Kind == yaml.ScalarNode && !isNull(n) {
		return n.Value
	}
	return defaultConfig().Environment
}

// environments are the names that there are, the file's own first.
func environments(overlays *yaml.Node, own string) []string {
	known := []string{own}
	for k := range pairs(overlays) {
		if !slices.Contains(known, k.Value) {
			known = append(known, k.Value)
		}
	}
	return known
}

// underAgents lays the defaults under every agent. Keys that defaults cannot
// have stay out, so that they are reported once, where they are.
func underAgents(root *yaml.Node, allowed func(string) bool) *yaml.Node {
	defaults := only(child(root, "defaults"), allowed)
	fleet := resolve(child(root, "agents"))
	if defaults == nil || fleet == nil || fleet.Kind != yaml.MappingNode {
		return root
	}
	out := *fleet
	out.Content = slices.Clone(fleet.Content)
	for i := 1; i < len(out.Content); i += 2 {
		out.Content[i] = merge(defaults, out.Content[i])
	}
	return with(root, "agents", &out)
}

func (r *reader) unknownEnvironment(root, overlays *yaml.Node, environment, own string) {
	known := environments(overlays, own)
	where := root
	for k := range pairs(root) {
		if k.Value == "environments" || k.Value == "environment" && where == root {
			where = k
		}
	}
	r.problem(where, fmt.Sprintf("there is no environment %q in this file", shorten(environment)), suggest(environment, known))
}
