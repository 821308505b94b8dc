package agents

import (
	"os"

	"go.yaml.in/yaml/v3"
)

// Environments are the names that a file has environments by, its own first: what may be
// chosen. It is nil for a file that cannot be read; an empty path means the first of
// DefaultFiles that exists.
func Environments(path string) []string {
	paths := []string{path}
	if path == "" {
		paths = DefaultFiles()
	}
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		root := resolve(newReader(p, src).parseSource(src))
		if root == nil || root.Kind != yaml.MappingNode {
			return nil
		}
		return environments(resolve(child(root, "environments")), ownEnvironment(root))
	}
	return nil
}
