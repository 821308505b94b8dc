package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/docs"
	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
	"github.com/karmacadabra/karmactl/internal/stack"
)

// workflowFile is where the workflow is in a repository.
const workflowFile = ".github/workflows/karmactl.yml"

// workflow is a workflow of GitHub Actions, and where it goes.
type workflow struct {
	path, text string
	notes      []string
}

// isRelease is the version of a release, and of no commit between two.
var isRelease = lazyregexp.New(`^v[0-9]+\.[0-9]+\.[0-9]+$`)

// workflow is docs/ci/karmactl.yml with the values of this stack for those of its example.
func (c *ciAccess) workflow() (workflow, error) {
	root := repositoryRoot()
	flow := workflow{path: filepath.Join(root, filepath.FromSlash(workflowFile))}
	file, within := inRepository(root, c.cfg.File)
	if !within {
		file = agents.DefaultFiles()[0]
		flow.notes = append(flow.notes, c.cfg.File+" is outside of this repository: the workflow reads "+file)
	}
	access, err := stack.NewGitHubAccess(c.cfg, c.env(true), c.about)
	if err != nil {
		return flow, err
	}
	env := "  AWS_REGION: " + c.account.Region + "\n"
	if !slices.Contains(agents.DefaultFiles(), file) {
		env += "  KARMACTL_FILE: " + file + "\n"
	}
	if e := c.app.opts.env; e != "" {
		env += "  KARMACTL_ENV: " + e + "\n"
	}
	if s := c.app.opts.state; strings.HasPrefix(s, "s3://") {
		env += "  KARMACTL_STATE: " + s + "\n"
	}
	deploy := "  deploy:\n"
	if c.o.environment != "" {
		deploy += "    environment: " + yamlName(c.o.environment) + " # the role trusts this environment alone; its reviewers decide\n"
	}
	release := programVersion()
	if !isRelease.MatchString(release) {
		release = "v1.2.3"
		flow.notes = append(flow.notes, "this karmactl is no release: write the one to use into KARMACTL of the workflow")
	}
	if loc := c.cfg.State; loc != "" && !strings.HasPrefix(loc, "s3://") {
		flow.notes = append(flow.notes, "the state is at "+loc+", which a workflow does not see: keep it in S3")
	}
	flow.text = strings.NewReplacer(
		"v1.2.3", release, "  AWS_REGION: us-east-1\n", env, "[config/agents.yaml]", "["+file+"]",
		"[main]", "["+yamlName(c.o.branch)+"]", "refs/heads/main", "refs/heads/"+c.o.branch, "  deploy:\n", deploy,
		"arn:aws:iam::123456789012:role/karmacadabra-prod-us-east-1-github-plan", access.Plan.ARN(),
		"arn:aws:iam::123456789012:role/karmacadabra-prod-us-east-1-github-deploy", access.Deploy.ARN(),
	).Replace(docs.Workflow())
	if there, err := os.ReadFile(flow.path); err == nil && c.o.write && !c.o.force && !bytes.Equal(there, []byte(flow.text)) {
		return flow, engine.Advise(fmt.Errorf("%s is there, and is another one", flow.path), "karmactl ci github --write --force overwrites it; without --write it is printed")
	}
	return flow, nil
}

func (w workflow) write() error {
	if err := os.MkdirAll(filepath.Dir(w.path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(w.path, []byte(w.text), 0o644)
}

// repositoryRoot is the nearest folder above this one that has a .git, from here; "." where none has.
func repositoryRoot() string {
	here, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		if exists(filepath.Join(dir, ".git")) {
			return dir
		}
		if filepath.Dir(here) == here {
			return "."
		}
		here = filepath.Dir(here)
	}
}

// inRepository is a file as a repository names it, and whether it is in there.
func inRepository(root, file string) (string, bool) {
	at, err := filepath.Abs(root)
	if err != nil {
		return "", false
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", false
	}
	rel, err := filepath.Rel(at, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// yamlName writes a name of letters, digits and . _ / - so that YAML takes it for a text.
func yamlName(name string) string {
	if c := name[0]; '0' <= c && c <= '9' {
		return strconv.Quote(name)
	}
	return name
}
