package agents

import "testing"

func TestAnImageIsInTheRegistryThatDockerTakesItFor(t *testing.T) {
	for image, want := range map[string]string{
		"python:3.13": DockerHub, "team/agent": DockerHub, "index.docker.io/library/python@sha256:1": DockerHub, "ghcr.io/acme/a:1": "ghcr.io",
		"registry.example.com:5000/a": "registry.example.com:5000", "localhost/a": "localhost", "": "",
	} {
		if got := RegistryOf(image); got != want {
			t.Errorf("%s is in %q, want %q", image, got, want)
		}
	}
}
