package importer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind is a kind of source.
type Kind string

// The kinds of sources, the one that says most of what runs in AWS first.
const (
	Terraform  Kind = "Terraform"
	Copilot    Kind = "AWS Copilot"
	AppRunner  Kind = "App Runner"
	Express    Kind = "ECS Express Mode"
	Compose    Kind = "Compose"
	Dockerfile Kind = "Dockerfile"
)

// Source is a description of a fleet that is there.
type Source struct {
	Kind Kind
	// Path is the file or the folder.
	Path string
}

// Look finds what a folder has, the first being what would be read.
func Look(dir string) []Source {
	var out []Source
	there := func(kind Kind, patterns ...string) {
		answer, answered := answersOf[kind]
		for _, p := range patterns {
			found, err := filepath.Glob(filepath.Join(dir, p))
			if answered {
				found = slices.DeleteFunc(found, func(path string) bool { return !answer.has(path) })
			}
			if err != nil || len(found) == 0 {
				continue
			}
			slices.Sort(found)
			path := found[0]
			if answered || kind == Terraform || kind == Copilot {
				path = filepath.Join(dir, filepath.Dir(p))
				for range strings.Count(p, "*/") { // copilot/*/manifest.yml is read from copilot
					path = filepath.Dir(path)
				}
			}
			out = append(out, Source{kind, path})
			return
		}
	}
	there(Terraform, "*.tf", "terraform/*.tf", "infra/*.tf", "infrastructure/*.tf", "terraform/environments/prod/*.tf", "deploy/terraform/*.tf", "terraform.tfstate", "terraform.tfvars")
	there(Copilot, "copilot/*/manifest.yml")
	there(AppRunner, answersOf[AppRunner].patterns()...)
	there(Express, answersOf[Express].patterns()...)
	there(Compose, composeFiles...)
	there(Dockerfile, "Dockerfile", "Dockerfile.agent", "*.Dockerfile", "Dockerfile.*", "docker/Dockerfile")
	return out
}

// Looked is what Look looks for, for people.
const Looked = "*.tf here and in terraform/ or infra/, copilot/*/manifest.yml, apprunner*.json, express*.json, compose.yaml or docker-compose.yml, and a Dockerfile"

// ErrNoSource says that nothing was found to read.
var ErrNoSource = errors.New("there is nothing to read here")

// Read reads the first source of a folder that has agents; the others are named.
func Read(dir string, o Options) (*Result, error) {
	all := Look(dir)
	if len(all) == 0 {
		return nil, ErrNoSource
	}
	var empty []string
	for i, s := range all {
		res, err := ReadSource(dir, s, o)
		var none *NoAgentsError
		if errors.As(err, &none) && i < len(all)-1 {
			empty = append(empty, err.Error())
			continue
		}
		if err != nil {
			return nil, err
		}
		res.Notes = append(res.Notes, empty...)
		for _, other := range all[i+1:] {
			if file := relative(dir, other.Path); slices.Contains(res.Read, file) {
				continue
			}
			res.Beside = append(res.Beside, fmt.Sprintf("%s (%s)", relative(dir, other.Path), other.Kind))
		}
		return res, nil
	}
	return nil, ErrNoSource // not reached: the last one returns
}

// ReadSource reads one source; paths are told from dir.
func ReadSource(dir string, s Source, o Options) (*Result, error) {
	switch s.Kind {
	case Terraform:
		return ReadTerraform(dir, s.Path, o)
	case Copilot:
		return ReadCopilot(dir, s.Path, o)
	case AppRunner:
		return ReadAppRunner(dir, s.Path, o)
	case Express:
		return ReadExpress(dir, s.Path, o)
	case Compose:
		return ReadCompose(dir, s.Path, o)
	case Dockerfile:
		return ReadDockerfile(dir, s.Path, o)
	}
	return nil, fmt.Errorf("%s is nothing that karmactl reads", s.Path)
}

// Detect tells what kind of source a path is.
func Detect(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, fmt.Errorf("there is nothing at %s: %w", path, err)
	}
	name := filepath.Base(path)
	switch {
	case info.IsDir():
		if m, err := filepath.Glob(filepath.Join(path, "*", "manifest.yml")); err == nil && len(m) > 0 {
			return Source{Copilot, path}, nil
		}
		if all := Look(path); len(all) > 0 {
			return all[0], nil
		}
		return Source{}, fmt.Errorf("%w in %s: looked for %s", ErrNoSource, path, Looked)
	case name == "manifest.yml":
		return Source{Copilot, path}, nil
	case strings.HasSuffix(name, ".json") && answersOf[AppRunner].has(path):
		return Source{AppRunner, path}, nil
	case strings.HasSuffix(name, ".json") && answersOf[Express].has(path):
		return Source{Express, path}, nil
	case strings.HasSuffix(name, ".tf"), strings.HasSuffix(name, ".tfvars"), strings.HasSuffix(name, ".tfstate"), strings.HasSuffix(name, ".json"):
		return Source{Terraform, path}, nil
	case strings.HasSuffix(name, ".yml"), strings.HasSuffix(name, ".yaml"):
		return Source{Compose, path}, nil
	case strings.Contains(name, "Dockerfile"):
		return Source{Dockerfile, path}, nil
	}
	return Source{}, fmt.Errorf("%s is nothing that karmactl reads: a folder with *.tf, a Terraform state or plan as JSON, copilot/, what aws apprunner describe-service or aws ecs describe-express-gateway-service answers, a compose file or a Dockerfile", path)
}
