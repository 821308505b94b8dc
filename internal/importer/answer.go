package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// answers are JSON files with what the AWS CLI answered about one kind of service.
type answers struct {
	// name begins the names of the files, or is the folder that they are in.
	name string
	// is tells such an answer from other JSON.
	is func(*tree) bool
}

// answersOf are the sources that are answers.
var answersOf = map[Kind]answers{
	AppRunner: {"apprunner", isAppRunner},
	Express:   {"express", isExpress},
}

// patterns are where the files are looked for.
func (k answers) patterns() []string { return []string{k.name + "*.json", k.name + "/*.json"} }

// has tells whether a file is such an answer.
func (k answers) has(path string) bool {
	src, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	t, err := jsonTree("", src)
	return err == nil && k.is(t)
}

// read reads the answers in path, a file or a folder; said is what the user would call them.
func (k answers) read(dir, path string) (all []*tree, said string, err error) {
	files, said := []string{path}, relative(dir, path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files, said = nil, strings.TrimPrefix(said+"/", "./")+"*.json"
		for _, p := range []string{"*.json", k.name + "/*.json"} {
			found, err := filepath.Glob(filepath.Join(path, p))
			if err != nil {
				return nil, "", err
			}
			files = append(files, found...)
		}
		files = slices.DeleteFunc(files, func(f string) bool { return !k.has(f) })
		slices.Sort(files)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, "", fmt.Errorf("the description cannot be read: %w", err)
		}
		t, err := jsonTree(relative(dir, f), src)
		if err != nil {
			return nil, "", err
		}
		all = append(all, t)
	}
	return all, said, nil
}

// described is a new agent for the service of an answer.
func (r *reading) described(t, name, arn *tree) *agent {
	a := r.fleet.addAgent(first(name.str(), "agent"), t.at)
	name.carry("agents." + a.name)
	if parts := strings.Split(arn.str(), ":"); len(parts) > 3 && (r.fleet.region == "" || r.fleet.region == parts[3]) {
		r.fleet.region = parts[3]
		arn.carry("region")
	} else {
		arn.leave("a fleet is in one region: make another agents.yaml for the others")
	}
	return a
}

// carryAddress has an agent be at the root of the load balancer's name instead of the name
// that AWS gave its service. Only one agent can be.
func (a *agent) carryAddress(t *tree, alone bool) {
	if alone && t != nil {
		a.path = "/"
		t.carry(a.key("path"))
	} else {
		t.leave("each service has a name of its own there: write load_balancer.domain for AGENT.DOMAIN, or hosts; without it the agent is at /" + a.name)
	}
}

// carrySecret carries over a variable that ECS fills in from what a reference names.
func (a *agent) carrySecret(t *tree, env, reference string) {
	s := secret{env: env}
	s.from, s.key = splitSecret(reference)
	a.setSecret(s)
	t.carry(a.key("secrets." + env))
}
