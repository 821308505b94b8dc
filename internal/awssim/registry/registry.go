// Package registry is every OCI registry of a rehearsal, in this process:
// go-containerregistry's own, behind an http.RoundTripper. It knows no AWS account;
// whose repositories are there is decided before a request comes here.
package registry

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Registry answers for every registry in the world. A public registry has a stand-in
// image, the same each time, under every name and tag, for both architectures; the
// account's own has what was pushed to it. A tag says how the image behaves in a task:
//
//	crash       exits with code 1 three seconds after it starts
//	oom         is killed for its memory
//	unhealthy   runs, and never answers
//	missing     is not there
//	amd64-only  is there for one architecture (arm64-only for the other)
//
// Anything else answers on its port.
type Registry struct {
	mu      sync.Mutex
	handler http.Handler
	dir     string
	own     string

	pulled sync.Map // the behaviour, by pulled
}

// New makes the registries. own is the host of the account's own; what is pushed is
// kept in dir, or in memory when that is "".
func New(own, dir string) *Registry {
	g := &Registry{own: own, dir: dir}
	opts := []registry.Option{registry.Logger(log.New(io.Discard, "", 0))}
	if dir != "" {
		blobs := filepath.Join(dir, "blobs")
		_ = os.MkdirAll(blobs, 0o755) // one that cannot be made shows at the first push
		opts = append(opts, registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)))
	}
	g.handler = registry.New(opts...)
	g.replay()
	return g
}

// RoundTrip answers one request of any client.
func (g *Registry) RoundTrip(r *http.Request) (*http.Response, error) {
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

func (g *Registry) serve(method string, u *url.URL, header http.Header, body []byte) *http.Response {
	in := httptest.NewRequest(method, u.RequestURI(), bytes.NewReader(body))
	in.Header = header.Clone()
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, in)
	return rec.Result()
}

// keep notes a manifest beside the world; blobs are there already.
func (g *Registry) keep(path, kind string, body []byte) error {
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
func (g *Registry) replay() {
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

// unlocked is the registry for who holds its lock already.
type unlocked struct{ *Registry }

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
