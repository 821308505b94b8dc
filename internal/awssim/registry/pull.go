package registry

import (
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Pull is what Fargate finds when it pulls an image for an architecture: the
// behaviour of the image, or the text of the failure.
func (g *Registry) Pull(ref name.Reference, arch string) (behaviour, failure string) {
	image := pulled{ref.Name(), arch}
	if known, ok := g.pulled.Load(image); ok {
		return known.(string), ""
	}
	behaviour, failure = g.pull(ref, arch)
	if _, byDigest := ref.(name.Digest); byDigest && failure == "" {
		g.pulled.Store(image, behaviour)
	}
	return behaviour, failure
}

// pulled is an image that was pulled by its digest, which is what it is for ever.
type pulled struct{ image, arch string }

func (g *Registry) pull(ref name.Reference, arch string) (behaviour, failure string) {
	img, err := remote.Image(ref, remote.WithTransport(g), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
	if err != nil {
		if strings.Contains(err.Error(), "no child with platform") {
			return "", otherPlatform(arch)
		}
		return "", NotFound(ref.String())
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return "", ""
	}
	if a := cfg.Architecture; a != "" && a != arch {
		return "", otherPlatform(arch)
	}
	return cfg.Config.Labels[behaviourLabel], ""
}

// NotFound is Fargate's text for an image that is not there.
func NotFound(image string) string {
	return "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": " + image + ": not found"
}

func otherPlatform(arch string) string {
	return "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/" + arch + "'"
}
