package rollout

import (
	"io"
	"net/http"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// PushProgress is how far the push of one image is. Nothing in it ever goes down.
type PushProgress struct {
	// Layers of the image; of them were Uploaded, There already, or Mounted from
	// another repository.
	Layers, Uploaded, There, Mounted int
	// Bytes of the layers; of them Done are there or on their way, and Sent went
	// over the wire.
	Bytes, Done, Sent int64
	// AlreadyThere: the image itself was there, and nothing was asked of its layers.
	AlreadyThere bool
}

// layerResult is how the push of a layer ended.
type layerResult int

const (
	uploaded layerResult = iota
	there
	mounted
)

// pushCounter counts the push of one image: bytes where they are read from a layer,
// so that they are known to be its own, and results where the registry answers, since
// only its answers tell them. remote.WithProgress does not serve: it takes a layer
// that is there already for one that was sent, learns of a layer when its turn comes,
// and counts the bytes of a request that is sent again twice.
type pushCounter struct {
	mu  sync.Mutex
	now PushProgress
	// layers by digest: one that an image has twice is pushed once.
	layers map[string]*layerProgress
	// tell is nil when there is no listener, and after the end.
	tell func(PushProgress)
}

// layerProgress is how far the push of one layer is.
type layerProgress struct {
	size int64
	// read is the most that any attempt has read of it.
	read    int64
	settled bool
}

// newPushCounter weighs an image. What cannot be countingLayer is left to its upload to tell.
func newPushCounter(img v1.Image, tell func(PushProgress)) (*pushCounter, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	c := &pushCounter{layers: map[string]*layerProgress{}, tell: tell}
	for _, l := range layers {
		kind, err := l.MediaType()
		if err != nil || !kind.IsDistributable() { // such a layer stays where it is
			continue
		}
		digest, derr := l.Digest()
		size, serr := l.Size()
		if derr != nil || serr != nil || c.layers[digest.String()] != nil {
			continue
		}
		c.layers[digest.String()] = &layerProgress{size: size}
		c.now.Layers++
		c.now.Bytes += size
	}
	c.report()
	return c, nil
}

// report tells how far the push is. It is called with the lock held, so that reports
// come in order.
func (c *pushCounter) report() {
	if c.tell != nil {
		c.tell(c.now)
	}
}

// reads notes that an attempt to send a layer has come to its nth byte. An attempt
// that starts over counts from where the one before it ended.
func (c *pushCounter) reads(digest string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.layers[digest]
	if l == nil || l.settled || min(n, l.size) <= l.read {
		return
	}
	more := min(n, l.size) - l.read
	l.read += more
	c.now.Done += more
	c.now.Sent += more
	c.report()
}

// settle notes the result of a layer, with the lock held; the first result counts.
func (c *pushCounter) settle(digest string, f layerResult) {
	l := c.layers[digest]
	if l == nil || l.settled {
		return
	}
	l.settled = true
	switch {
	case f == mounted:
		c.now.Mounted++
	case f == uploaded, l.read > 0 && l.read == l.size: // it is there for this push: only the answer was lost
		c.now.Uploaded++
	default:
		c.now.There++
	}
	c.now.Done += l.size - l.read
	c.report()
}

// arrived ends a push that succeeded: a layer that was neither uploaded nor mounted
// was there already.
func (c *pushCounter) arrived(alreadyThere bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.AlreadyThere = alreadyThere
	for digest := range c.layers {
		c.settle(digest, there)
	}
}

// end is how far the push came. A transport may still read from a request that it has
// given up: that is not reported.
func (c *pushCounter) end() PushProgress {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell = nil
	return c.now
}

// answered takes the result of a layer from an answer of the registry.
func (c *pushCounter) answered(r *http.Request, status int) {
	_, blob, ok := strings.Cut(r.URL.Path, "/blobs/")
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead && status == http.StatusOK:
		c.settle(blob, there)
	case r.Method == http.MethodPost && status == http.StatusCreated:
		c.settle(q.Get("mount"), mounted)
	case r.Method == http.MethodPut && status == http.StatusCreated:
		c.settle(q.Get("digest"), uploaded)
	}
}

// countingImage is an image whose layers report how much of them was read.
type countingImage struct {
	v1.Image
	counter *pushCounter
}

// Layers of the image. A layer that names the repository to mount it from still does.
func (i *countingImage) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	if err != nil {
		return nil, err
	}
	out := make([]v1.Layer, len(layers))
	for n, l := range layers {
		if m, ok := l.(*remote.MountableLayer); ok {
			out[n] = &remote.MountableLayer{Layer: &countingLayer{m.Layer, i.counter}, Reference: m.Reference}
		} else {
			out[n] = &countingLayer{l, i.counter}
		}
	}
	return out, nil
}

// countingLayer is a layer that reports how much of it was read.
type countingLayer struct {
	v1.Layer
	counter *pushCounter
}

// Compressed is read once for each attempt to send it.
func (l *countingLayer) Compressed() (io.ReadCloser, error) {
	from, err := l.Layer.Compressed()
	if err != nil {
		return nil, err
	}
	digest, err := l.Digest()
	if err != nil {
		return nil, err
	}
	return &attempt{ReadCloser: from, counter: l.counter, digest: digest.String()}, nil
}

// attempt is one reading of a layer.
type attempt struct {
	io.ReadCloser
	counter *pushCounter
	digest  string
	read    int64
}

func (a *attempt) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	a.read += int64(n)
	a.counter.reads(a.digest, a.read)
	return n, err
}
