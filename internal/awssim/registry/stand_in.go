package registry

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// behaviourLabel carries a tag's behaviour in the image itself, because a task
// definition names an image by digest.
const behaviourLabel = "awssim.behaviour"

// behaviours are the tags that mean something.
var behaviours = []string{"crash", "oom", "unhealthy", "missing", "amd64-only", "arm64-only"}

// Behaviours are the tags that make an image of a rehearsal fail.
func Behaviours() []string { return slices.Clone(behaviours) }

// BehaviourOf is how an image with a tag behaves; "" is an image that answers.
func BehaviourOf(tag string) string {
	for _, b := range behaviours {
		if tag == b {
			return b
		}
	}
	return ""
}

// standIn puts the stand-in image under a name and tag of a public registry.
func (g *Registry) standIn(path string) error {
	repo, ref, _ := strings.Cut(strings.TrimPrefix(path, "/v2/"), "/manifests/")
	if BehaviourOf(ref) == "missing" || g.serve(http.MethodHead, &url.URL{Path: path}, http.Header{}, nil).StatusCode == http.StatusOK {
		return nil
	}
	tags := []string{ref}
	if strings.HasPrefix(ref, "sha256:") { // a digest of what an earlier process gave out
		tags = append([]string{"latest"}, behaviours...)
	}
	for _, tag := range tags {
		if BehaviourOf(tag) == "missing" {
			continue
		}
		index, err := StandIn(tag)
		if err != nil {
			return err
		}
		to, err := name.NewTag("standin.invalid/"+repo+":"+tag, name.Insecure)
		if err != nil {
			return err
		}
		if err := remote.WriteIndex(to, index, remote.WithTransport(unlocked{g})); err != nil {
			return err
		}
	}
	return nil
}

// StandIn is the stand-in image as a tag would have it: the same bytes each time.
func StandIn(tag string) (v1.ImageIndex, error) {
	behaviour := BehaviourOf(tag)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		if only, ok := strings.CutSuffix(behaviour, "-only"); ok && only != arch {
			continue
		}
		img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("stand-in for "+arch), types.DockerLayer))
		if err != nil {
			return nil, err
		}
		cfg, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		cfg = cfg.DeepCopy()
		cfg.OS, cfg.Architecture = "linux", arch
		cfg.Config.Labels = map[string]string{behaviourLabel: behaviour}
		if img, err = mutate.ConfigFile(img, cfg); err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
			MediaType: types.DockerManifestSchema2, Platform: &v1.Platform{OS: "linux", Architecture: arch},
		}})
	}
	return index, nil
}
