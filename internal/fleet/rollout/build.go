package rollout

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Builder builds an agent's image into an archive that Images can open.
type Builder interface {
	Build(ctx context.Context, agent agents.Agent, archive string) error
}

// Docker builds with the user's own docker buildx, or podman.
type Docker struct {
	// Dir is what a relative context and Dockerfile are relative to.
	Dir string
	// Run runs a command and returns what it wrote to standard error; nil runs it.
	Run func(ctx context.Context, dir, command string, args ...string) (string, error)
	// Look finds a command; nil is exec.LookPath.
	Look func(command string) (string, error)
}

// Build builds, loads and saves: not every docker driver can write an archive by
// itself, but each can load what it has built.
func (d *Docker) Build(ctx context.Context, a agents.Agent, archive string) error {
	if a.Build == nil {
		return fmt.Errorf("%s has no build in agents.yaml: add build.dockerfile, or give --image", a.Name)
	}
	look, run := d.Look, d.Run
	if look == nil {
		look = exec.LookPath
	}
	if run == nil {
		run = command
	}
	tool := "docker"
	if _, err := look(tool); err != nil {
		tool = "podman"
		if _, err := look(tool); err != nil {
			return errors.New("neither docker nor podman is installed: install one, or build elsewhere and give --image REF, a directory or an archive")
		}
	}
	tag := "karmactl.local/" + a.Name + ":build"
	if out, err := run(ctx, d.Dir, tool, buildArgs(tool, a, tag)...); err != nil {
		if ctx.Err() != nil { // "signal: killed" was our own doing
			return fmt.Errorf("%s build of %s was ended: %w", tool, a.Name, context.Cause(ctx))
		}
		return fmt.Errorf("%s build of %s failed: %w\n%s", tool, a.Name, err, last(out, 15))
	}
	save := []string{"save", "--output", archive, tag}
	if tool == "podman" {
		save = []string{"save", "--format", "docker-archive", "--output", archive, tag}
	}
	if out, err := run(ctx, d.Dir, tool, save...); err != nil {
		return fmt.Errorf("%s save of %s failed: %w\n%s", tool, a.Name, err, last(out, 5))
	}
	return nil
}

// buildArgs are the arguments of the build, for one platform.
func buildArgs(tool string, a agents.Agent, tag string) []string {
	b, p := a.Build, platform(a.Arch)
	args := []string{"buildx", "build", "--load", "--provenance=false"}
	if tool == "podman" {
		args = []string{"build"}
	}
	args = append(args, "--platform", p.OS+"/"+p.Architecture, "--tag", tag)
	if b.Dockerfile != "" {
		file := b.Dockerfile
		if !filepath.IsAbs(file) && b.Context != "" {
			file = filepath.Join(b.Context, file)
		}
		args = append(args, "--file", file)
	}
	if b.Target != "" {
		args = append(args, "--target", b.Target)
	}
	for _, k := range slices.Sorted(maps.Keys(b.Args)) {
		args = append(args, "--build-arg", k+"="+b.Args[k])
	}
	if b.Context == "" {
		return append(args, ".")
	}
	return append(args, b.Context)
}

func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.WaitDelay = time.Second // what it has started may hold its output open
	err := cmd.Run()
	return out.String(), err
}

// Commit is what git calls what a folder holds, as v1.4.2, 3f2a1bc or 3f2a1bc-dirty; "" where git does not say.
func Commit(ctx context.Context, dir string) string {
	out, _ := exec.CommandContext(ctx, "git", "--no-optional-locks", "-C", cmp.Or(dir, "."), "describe", "--tags", "--always", "--dirty").Output()
	return strings.TrimSpace(string(out))
}

// last lines of a text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
