package rollout

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmacadabra/karmactl/internal/provision"
)

// blobMounting is the account's setting that lets a repository take a layer from
// another one. AWS has it off by default.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-layerReuse.html
const blobMounting = "BLOB_MOUNTING"

// layerReuse is what several pushes at once know of each other: which repository
// has a layer first, and how often a layer was uploaded.
type layerReuse struct {
	// on: layers are mounted. known: the setting could be read.
	on, known bool
	mu        sync.Mutex
	// owner is the push that has a layer first.
	owner   map[v1.Hash]*push
	size    map[string]int64
	uploads map[string]int
}

// push is one image on its way to a repository.
type push struct {
	repository name.Repository
	done       chan struct{}
}

// readLayerReuse asks for the account's setting. Without the right to read it every
// layer is pushed to every repository, as without the setting.
func (p *Pusher) readLayerReuse(ctx context.Context) {
	m := &layerReuse{owner: map[v1.Hash]*push{}, size: map[string]int64{}, uploads: map[string]int{}}
	p.reuse = m
	out, err := p.ECR.GetAccountSetting(ctx, &ecr.GetAccountSettingInput{Name: aws.String(blobMounting)})
	m.known = err == nil
	m.on = m.known && aws.ToString(out.Value) == "ENABLED"
}

// reuse says which of an image's layers come from other repositories, and waits
// until these layers are there. The caller calls done when its own push has ended. A
// push waits only for pushes that began before it, so none waits for itself.
func (m *layerReuse) reuse(ctx context.Context, repository name.Repository, img v1.Image) (reusing v1.Image, done func(), err error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, nil, err
	}
	own := &push{repository: repository, done: make(chan struct{})}
	done = func() { close(own.done) }
	from := map[v1.Hash]*push{}
	m.mu.Lock()
	for _, l := range layers {
		digest, derr := l.Digest()
		size, serr := l.Size()
		if derr != nil || serr != nil {
			continue // its upload will say so
		}
		m.size[digest.String()] = size
		if owner := m.owner[digest]; owner == nil {
			m.owner[digest] = own
		} else if owner.repository != repository {
			from[digest] = owner
		}
	}
	m.mu.Unlock()
	if !m.on || len(from) == 0 {
		return img, done, nil
	}
	for _, owner := range from {
		select {
		case <-owner.done:
		case <-ctx.Done():
			done()
			return nil, nil, context.Cause(ctx)
		}
	}
	return &mountable{Image: img, from: from}, done, nil
}

// mountable is an image some of whose layers are in other repositories already.
// Where one is not after all, it is uploaded like any other.
type mountable struct {
	v1.Image
	from map[v1.Hash]*push
}

// Layers of the image; a layer of another repository names that repository.
func (i *mountable) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	if err != nil {
		return nil, err
	}
	out := make([]v1.Layer, len(layers))
	for n, l := range layers {
		out[n] = l
		if digest, err := l.Digest(); err == nil && i.from[digest] != nil {
			out[n] = &remote.MountableLayer{Layer: l, Reference: i.from[digest].repository.Digest(digest.String())}
		}
	}
	return out, nil
}

// countingTransport is the way to the registry, whose answers tell the result of
// each layer of one image, and how often all pushes uploaded a layer.
type countingTransport struct {
	*layerReuse
	counter *pushCounter
	to      http.RoundTripper
}

// RoundTrip passes a request on. The last one of an upload names what was uploaded.
func (c countingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	out, err := c.to.RoundTrip(r)
	if err == nil {
		c.counter.answered(r, out.StatusCode)
	}
	if err == nil && r.Method == http.MethodPut && out.StatusCode == http.StatusCreated && strings.Contains(r.URL.Path, "/blobs/uploads/") {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.uploads[r.URL.Query().Get("digest")]++
	}
	return out, err
}

// transport is the way to the registry for one image.
func (p *Pusher) transport(host string, m *pushCounter) http.RoundTripper {
	to := p.Transport
	if to == nil {
		to = remote.DefaultTransport
	}
	if p.proxy != nil && p.proxy.Host != host {
		to = provision.ECRAt{Host: host, Endpoint: p.proxy, Next: to}
	}
	return countingTransport{p.reuse, m, to}
}

// Advice says, after all pushes, what the account's setting would have saved; ""
// when that is nothing, or the setting could not be read.
func (p *Pusher) Advice() string {
	m := p.reuse
	if m == nil || m.on || !m.known {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var again int64
	layers := 0
	for digest, n := range m.uploads {
		if size := m.size[digest]; n > 1 && size > 0 {
			again += int64(n-1) * size
			layers++
		}
	}
	if layers == 0 {
		return ""
	}
	return fmt.Sprintf("%d layers were uploaded to more than one repository, %.1f MB too many: aws ecr put-account-setting --name %s --value ENABLED lets ECR share them",
		layers, float64(again)/1e6, blobMounting)
}
