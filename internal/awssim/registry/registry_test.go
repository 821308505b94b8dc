package registry

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

const own = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

func reference(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image, name.WeakValidation)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestATagSaysHowAnImageBehaves(t *testing.T) {
	g := New(own, "")
	for image, want := range map[string][2]string{
		"public.ecr.aws/docker/library/python:3.12":      {"", ""},
		"ghcr.io/some/agent:crash":                       {"crash", ""},
		"ghcr.io/some/agent:missing":                     {"", "ghcr.io/some/agent:missing: not found"},
		"ghcr.io/some/agent:amd64-only":                  {"", "matching platform 'linux/arm64'"},
		"ghcr.io/some/agent:arm64-only":                  {"arm64-only", ""},
		own + "/agent:latest":                            {"", "not found"}, // nothing was pushed
		"ghcr.io/some/agent@sha256:" + zeros():           {"", "not found"},
		"registry.example.com:5000/team/agent:v1.2":      {"", ""},
		"registry.example.com:5000/team/agent:unhealthy": {"unhealthy", ""},
	} {
		behaviour, failure := g.Pull(reference(t, image), "arm64")
		if behaviour != want[0] || want[1] == "" && failure != "" || !strings.Contains(failure, want[1]) {
			t.Errorf("%s: it behaves %q, failure %q; want %q, %q", image, behaviour, failure, want[0], want[1])
		}
	}
}

func zeros() string { return strings.Repeat("0", 64) }

func TestWhatWasPushedIsThereForTheNextProcess(t *testing.T) {
	dir := t.TempDir()
	index, err := StandIn("oom")
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.NewTag(own + "/agent:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(to, index, remote.WithTransport(New(own, dir))); err != nil {
		t.Fatal(err)
	}
	if behaviour, failure := New(own, dir).Pull(to, "amd64"); behaviour != "oom" || failure != "" {
		t.Errorf("it behaves %q, failure %q", behaviour, failure)
	}
}
