package awssim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmacadabra/karmactl/internal/awssim/registry"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Registry is how to reach any registry from inside the rehearsal. The account's
// own takes images only for repositories that are there, and ECR tells of them.
func (s *Sim) Registry() http.RoundTripper { return front{s} }

// front is the door of the registries: what goes to the account's own is held to
// its repositories.
type front struct{ *Sim }

// RoundTrip answers one request of any client.
func (f front) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != f.registryHost() {
		return f.registries().RoundTrip(r)
	}
	if r.Header.Get("Authorization") != "Basic "+registryToken() {
		out := answer(r, http.StatusUnauthorized, "UNAUTHORIZED", "Not Authorized")
		out.Header.Set("WWW-Authenticate", `Basic realm="https://`+f.registryHost()+`/",service="ecr.amazonaws.com"`)
		return out, nil
	}
	repository, ref := registryPath(r.URL.Path)
	if repository == "" {
		return f.registries().RoundTrip(r)
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
		return f.registries().RoundTrip(r)
	}
	return f.push(r, repository, ref)
}

// push takes a manifest whose layers are there.
func (f front) push(r *http.Request, repository, ref string) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if missing := f.unpushed(repository, body); missing != "" {
		return refusal(r, "BLOB_UNKNOWN", missing), nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	out, err := f.registries().RoundTrip(r)
	if err != nil || out.StatusCode >= 300 {
		return out, err
	}
	return out, f.transact(true, func() error { return f.putImage(repository, pushed(ref, r.Header.Get("Content-Type"), body)) })
}

// registryToken is what GetAuthorizationToken gives: without it the account's registry
// answers nothing.
func registryToken() string {
	return base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
}

const registryUser, registryPassword = "AWS", "simulated"

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

// registries are all registries, without the account's rules.
func (s *Sim) registries() *registry.Registry {
	s.registry.once.Do(func() {
		dir := ""
		if s.opts.File != "" {
			dir = s.opts.File + ".registry"
		}
		s.registry.all = registry.New(s.registryHost(), dir)
	})
	return s.registry.all
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
			return "", registry.NotFound(image)
		}
	}
	return s.registries().Pull(ref, arch)
}
