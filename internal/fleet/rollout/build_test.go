package rollout

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// tools makes executables that note their arguments, fail with what $FAILS says,
// and are all that is on the PATH.
func tools(t *testing.T, names ...string) (calls func() []string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for _, n := range names {
		script := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >> %s\nif [ \"$FAILS\" = \"$1\" ]; then i=0; while [ $i -lt 40 ]; do echo \"step $i\"; i=$((i+1)); done; echo 'ERROR: no space left'; exit 17; fi\n", n, log)
		if err := os.WriteFile(filepath.Join(dir, n), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return func() []string {
		b, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
}

func agentToBuild() agents.Agent {
	return agents.Agent{Name: "validator", Arch: agents.ArchX86, Build: &agents.Build{
		Context: "src", Dockerfile: "Dockerfile.agent", Target: "runtime", Args: map[string]string{"AGENT_NAME": "validator", "A": "1"},
	}}
}

func TestTheBuildIsForTheAgentsPlatformTargetAndArguments(t *testing.T) {
	for _, c := range []struct {
		name  string
		tools []string
		arch  agents.Arch
		build func(*agents.Build)
		want  []string
	}{
		{"docker", []string{"docker"}, agents.ArchX86, func(*agents.Build) {}, []string{
			"docker buildx build --load --provenance=false --platform linux/amd64 --tag karmactl.local/validator:build --file src/Dockerfile.agent --target runtime --build-arg A=1 --build-arg AGENT_NAME=validator src",
			"docker save --output OUT karmactl.local/validator:build",
		}},
		{"docker before podman, for arm64", []string{"docker", "podman"}, agents.ArchARM, func(b *agents.Build) { b.Target = "" }, []string{
			"docker buildx build --load --provenance=false --platform linux/arm64 --tag karmactl.local/validator:build --file src/Dockerfile.agent --build-arg A=1 --build-arg AGENT_NAME=validator src",
			"docker save --output OUT karmactl.local/validator:build",
		}},
		{"podman where there is no docker", []string{"podman"}, agents.ArchX86, func(b *agents.Build) { *b = agents.Build{} }, []string{
			"podman build --platform linux/amd64 --tag karmactl.local/validator:build .",
			"podman save --format docker-archive --output OUT karmactl.local/validator:build",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls, a := tools(t, c.tools...), agentToBuild()
			a.Arch = c.arch
			c.build(a.Build)
			if err := (&Docker{}).Build(context.Background(), a, "OUT"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, calls()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFailingBuildShowsItsLastLines(t *testing.T) {
	for _, c := range []struct {
		tool, step, want string
		gone             string
	}{
		{"docker", "buildx", "docker build of validator failed: exit status 17\nstep 26\n", "step 25"},
		{"podman", "build", "podman build of validator failed: exit status 17\nstep 26\n", "step 25"},
		{"docker", "save", "docker save of validator failed: exit status 17\nstep 36\n", "step 35"},
	} {
		t.Run(c.tool+" "+c.step, func(t *testing.T) {
			tools(t, c.tool)
			t.Setenv("FAILS", c.step)
			err := (&Docker{}).Build(context.Background(), agentToBuild(), "OUT")
			if err == nil {
				t.Fatal("it did not fail")
			}
			if !strings.HasPrefix(err.Error(), c.want) || !strings.HasSuffix(err.Error(), "\nERROR: no space left") || strings.Contains(err.Error(), c.gone) {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestWithoutABuilderItSaysWhatToInstallOrGive(t *testing.T) {
	tools(t)
	err := (&Docker{}).Build(context.Background(), agentToBuild(), "OUT")
	if want := "neither docker nor podman is installed: install one, or build elsewhere and give --image REF, a directory or an archive"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestAnAgentWithoutABuildIsNotBuilt(t *testing.T) {
	tools(t, "docker")
	a := agentToBuild()
	a.Build = nil
	if err := (&Docker{}).Build(context.Background(), a, "OUT"); err == nil || !strings.Contains(err.Error(), "validator has no build in agents.yaml: add build.dockerfile, or give --image") {
		t.Errorf("%v", err)
	}
}
