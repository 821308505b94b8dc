package awssim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// images is every registry in the world, in this process: go-containerregistry's
// own, behind an http.RoundTripper. A public registry has a stand-in image, the
// same each time, under every name and tag, for both architectures; the account's
// own has what was pushed to it. A tag says how the image behaves in a task:
//
//	crash       exits with code 1 three seconds after it starts
//	oom         is killed for its memory
//	unhealthy   runs, and never answers
//	missing     is not there
//	amd64-only  is there for one architecture (arm64-only for the other)
//
// Anything else answers on its port. What is pushed is kept beside the world's
// file, or in memory without one.
type images struct {
	once    sync.Once
	mu      sync.Mutex
	handler http.Handler
	dir     string
	own     string // the host of the account's own registry
}

// behaviourLabel carries a tag's behaviour in the image itself, because a task
// definition names an image by digest.
const behaviourLabel = "awssim.behaviour"

// behaviours are the tags that mean something.
var behaviours = []string{"crash", "oom", "unhealthy", "missing", "amd64-only", "arm64-only"}

// behaviourOf a tag; "" is an image that answers.
func behaviourOf(tag string) string {
	for _, b := range behaviours {
		if tag == b {
			return b
		}
	}
	return ""
}

// Registry is how to reach any registry from inside the rehearsal. The account's
// own takes images only for repositories that are there, and ECR tells of them.
func (s *Sim) Registry() http.RoundTripper { return front{s} }

// store is every registry, without the account's rules.
func (s *Sim) registryStore() *images {
	s.images.once.Do(func() {
		opts := []registry.Option{registry.Logger(log.New(io.Discard, "", 0))}
		if s.opts.File != "" {
			s.images.dir = s.opts.File + ".registry"
			blobs := filepath.Join(s.images.dir, "blobs")
			_ = os.MkdirAll(blobs, 0o755) // one that cannot be made shows at the first push
			opts = append(opts, registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)))
		}
		s.images.own = s.opts.Account + ".dkr.ecr." + s.opts.Region + ".amazonaws.com"
		s.images.handler = registry.New(opts...)
		s.images.replay()
	})
	return &s.images
}

// front is the door of the registries: what goes to the account's own is held to
// its repositories.
type front struct{ *Sim }

// RoundTrip answers one request of any client.
func (f front) RoundTrip(r *http.Request) (*http.Response, error) {
	repository, ref := registryPath(r.URL.Path)
	if r.URL.Host != f.registryStore().own || repository == "" {
		return f.registryStore().RoundTrip(r)
	}
	var known bool
	if err := f.transact(false, func() error {
		if err := f.admitRequest(r, repository); err != nil {
			return err
		}
		repo, err := f.repository(repository)
		if err != nil {
			return err
		}
		known = repo.has(ref)
		return nil
	}); cloud.Is(err, "AccessDeniedException") {
		return answer(r, http.StatusForbidden, "DENIED", said(err)[len("AccessDeniedException: "):]), nil
	} else if err != nil {
		return refusal(r, "NAME_UNKNOWN", fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", repository, f.opts.Account)), nil
	}
	switch {
	case ref == "":
		_, digest, _ := strings.Cut(r.URL.Path, "/blobs/")
		return f.blobs(r, repository, digest)
	case r.Method != http.MethodPut && !known:
		return refusal(r, "MANIFEST_UNKNOWN", "Requested image not found"), nil
	case r.Method != http.MethodPut:
		return f.registryStore().RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if missing := f.unpushed(repository, body); missing != "" {
		return refusal(r, "BLOB_UNKNOWN", missing), nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	out, err := f.registryStore().RoundTrip(r)
	if err != nil || out.StatusCode >= 300 {
		return out, err
	}
	return out, f.transact(true, func() error { return f.putImage(repository, pushed(ref, r.Header.Get("Content-Type"), body)) })
}

// registryPath takes /v2/NAME/manifests/REF apart; of a blob's path there is only the name.
func registryPath(path string) (repository, ref string) {
	path = strings.TrimPrefix(path, "/v2/")
	if repository, ref, ok := strings.Cut(path, "/manifests/"); ok {
		return repository, ref
	}
	repository, _, _ = strings.Cut(path, "/blobs/")
	return strings.TrimSuffix(repository, "/"), ""
}

// pushed is what ECR notes of a manifest.
func pushed(ref, kind string, body []byte) RepositoryImage {
	digest, size, _ := v1.SHA256(bytes.NewReader(body)) // a buffer can always be read
	image := RepositoryImage{Digest: digest.String(), MediaType: kind, Manifest: string(body), Size: size}
	if !strings.HasPrefix(ref, "sha256:") {
		image.Tags = []string{ref}
	}
	if m, err := v1.ParseManifest(bytes.NewReader(body)); err == nil {
		for _, l := range m.Layers {
			image.Size += l.Size
		}
	}
	return image
}

// refusal says that something is not there.
func refusal(r *http.Request, code, message string) *http.Response {
	return answer(r, http.StatusNotFound, code, message)
}

// answer is an error as a registry words it.
func answer(r *http.Request, status int, code, message string) *http.Response {
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", "application/json")
	rec.WriteHeader(status)
	_ = json.NewEncoder(rec).Encode(map[string]any{"errors": []map[string]string{{"code": code, "message": message}}}) // into a buffer
	out := rec.Result()
	out.Request = r
	return out
}

// RoundTrip answers one request of any client.
func (g *images) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if strings.Contains(r.URL.Path, "/manifests/") && r.URL.Host != g.own && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		if err := g.standIn(r.URL.Path); err != nil {
			return nil, err
		}
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		_ = r.Body.Close()
	}
	out := g.serve(r.Method, r.URL, r.Header, body)
	if r.Method == http.MethodPut && out.StatusCode < 300 && strings.Contains(r.URL.Path, "/manifests/") {
		if err := g.keep(r.URL.Path, r.Header.Get("Content-Type"), body); err != nil {
			return nil, err
		}
	}
	out.Request = r
	return out, nil
}

func (g *images) serve(method string, u *url.URL, header http.Header, body []byte) *http.Response {
	in := httptest.NewRequest(method, u.RequestURI(), bytes.NewReader(body))
	in.Header = header.Clone()
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, in)
	return rec.Result()
}

// keep notes a manifest beside the world; blobs are there already.
func (g *images) keep(path, kind string, body []byte) error {
	if g.dir == "" {
		return nil
	}
	file := filepath.Join(g.dir, "manifests", url.PathEscape(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append([]byte(kind+"\n"), body...), 0o600)
}

// replay pushes the kept manifests again: images before the indexes that name them.
func (g *images) replay() {
	files, _ := filepath.Glob(filepath.Join(g.dir, "manifests", "*"))
	if g.dir == "" {
		return
	}
	for range 2 {
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				continue
			}
			kind, body, _ := strings.Cut(string(b), "\n")
			path, err := url.PathUnescape(filepath.Base(f))
			if err != nil {
				continue
			}
			g.serve(http.MethodPut, &url.URL{Path: path}, http.Header{"Content-Type": {kind}}, []byte(body))
		}
	}
}

// standIn puts the stand-in image under a name and tag of a public registry.
func (g *images) standIn(path string) error {
	repo, ref, _ := strings.Cut(strings.TrimPrefix(path, "/v2/"), "/manifests/")
	if behaviourOf(ref) == "missing" || g.serve(http.MethodHead, &url.URL{Path: path}, http.Header{}, nil).StatusCode == http.StatusOK {
		return nil
	}
	tags := []string{ref}
	if strings.HasPrefix(ref, "sha256:") { // a digest of what an earlier process gave out
		tags = append([]string{"latest"}, behaviours...)
	}
	for _, tag := range tags {
		if behaviourOf(tag) == "missing" {
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

// unlocked is the registry for who holds its lock already.
type unlocked struct{ *images }

func (g unlocked) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	out := g.serve(r.Method, r.URL, r.Header, body)
	out.Request = r
	return out, nil
}

// StandIn is the stand-in image as a tag would have it: the same bytes each time.
func StandIn(tag string) (v1.ImageIndex, error) {
	behaviour := behaviourOf(tag)
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

// pull is what Fargate finds when it pulls an image for an architecture: the
// behaviour of the image, or the text of the failure.
func (s *Sim) pull(image, arch string) (behaviour, failure string) {
	ref, err := name.ParseReference(image, name.WeakValidation)
	if err != nil {
		return "", "CannotPullContainerError: invalid reference format"
	}
	if ref.Context().RegistryStr() == s.registryHost() {
		if r := s.world.Repositories[ref.Context().RepositoryStr()]; r == nil || !r.has(ref.Identifier()) {
			return "", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": " + image + ": not found"
		}
	}
	img, err := remote.Image(ref, remote.WithTransport(s.registryStore()), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
	if err != nil {
		if strings.Contains(err.Error(), "no child with platform") {
			return "", "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/" + arch + "'"
		}
		return "", "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + image + ": " + image + ": not found"
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return "", ""
	}
	if a := cfg.Architecture; a != "" && a != arch {
		return "", "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/" + arch + "'"
	}
	return cfg.Config.Labels[behaviourLabel], ""
}
