package rollout

import (
	"io"
	"net/http"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Progress is how far the push of one image is. Nothing in it ever goes down.
type Progress struct {
	// Layers of the image; of them were Uploaded, There already, or Mounted from
	// another repository.
	Layers, Uploaded, There, Mounted int
	// Bytes of the layers; of them Done are there or on their way, and Sent went
	// over the wire.
	Bytes, Done, Sent int64
	// AlreadyThere: the image itself was there, and nothing was asked of its layers.
	AlreadyThere bool
}

// fate is what became of a layer.
type fate int

const (
	uploaded fate = iota
	there
	mounted
)

// meter counts the push of one image: bytes where they are read from a layer, so
// that they are known to be its own, and fates where the registry answers, since
// nobody else knows them. remote.WithProgress would not do: it takes a layer that
// is there already for one that was sent, learns of a layer when its turn comes,
// and counts what the transport sends again twice.
type meter struct {
	mu  sync.Mutex
	now Progress
	// layers by digest: one that an image has twice is pushed once.
	layers map[string]*cargo
	// tell is nil when nobody listens, or not any more.
	tell func(Progress)
}

// cargo is one layer on its way.
type cargo struct {
	size int64
	// read is the most that any attempt has read of it.
	read    int64
	settled bool
}

// newMeter weighs an image. What cannot be weighed is left to its upload to tell.
func newMeter(img v1.Image, tell func(Progress)) (*meter, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	m := &meter{layers: map[string]*cargo{}, tell: tell}
	for _, l := range layers {
		kind, err := l.MediaType()
		if err != nil || !kind.IsDistributable() { // such a layer stays where it is
			continue
		}
		digest, derr := l.Digest()
		size, serr := l.Size()
		if derr != nil || serr != nil || m.layers[digest.String()] != nil {
			continue
		}
		m.layers[digest.String()] = &cargo{size: size}
		m.now.Layers++
		m.now.Bytes += size
	}
	m.told()
	return m, nil
}

// told tells how far it is. It is called with the lock, so that what is told is
// told in order.
func (m *meter) told() {
	if m.tell != nil {
		m.tell(m.now)
	}
}

// reads notes that an attempt to send a layer has come to its nth byte. An attempt
// that starts over counts from where the one before it ended.
func (m *meter) reads(digest string, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.layers[digest]
	if c == nil || c.settled || min(n, c.size) <= c.read {
		return
	}
	more := min(n, c.size) - c.read
	c.read += more
	m.now.Done += more
	m.now.Sent += more
	m.told()
}

// settle notes what became of a layer, with the lock; the first word counts.
func (m *meter) settle(digest string, f fate) {
	c := m.layers[digest]
	if c == nil || c.settled {
		return
	}
	c.settled = true
	switch {
	case f == mounted:
		m.now.Mounted++
	case f == uploaded, c.read > 0 && c.read == c.size: // it is there for this push: only the answer was lost
		m.now.Uploaded++
	default:
		m.now.There++
	}
	m.now.Done += c.size - c.read
	m.told()
}

// arrived ends a push that went well: a layer that was neither uploaded nor
// mounted was there, in whatever words the registry said so.
func (m *meter) arrived(alreadyThere bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.AlreadyThere = alreadyThere
	for digest := range m.layers {
		m.settle(digest, there)
	}
}

// end is how far it came. A transport may still read from a request that it has
// given up: of that nobody is told.
func (m *meter) end() Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell = nil
	return m.now
}

// answered takes a layer's fate from an answer of the registry.
func (m *meter) answered(r *http.Request, status int) {
	_, blob, ok := strings.Cut(r.URL.Path, "/blobs/")
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead && status == http.StatusOK:
		m.settle(blob, there)
	case r.Method == http.MethodPost && status == http.StatusCreated:
		m.settle(q.Get("mount"), mounted)
	case r.Method == http.MethodPut && status == http.StatusCreated:
		m.settle(q.Get("digest"), uploaded)
	}
}

// metered is an image whose layers are weighed as they are read.
type metered struct {
	v1.Image
	meter *meter
}

// Layers of the image. Those that say where they could be mounted from still do.
func (i *metered) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	if err != nil {
		return nil, err
	}
	out := make([]v1.Layer, len(layers))
	for n, l := range layers {
		if m, ok := l.(*remote.MountableLayer); ok {
			out[n] = &remote.MountableLayer{Layer: &weighed{m.Layer, i.meter}, Reference: m.Reference}
		} else {
			out[n] = &weighed{l, i.meter}
		}
	}
	return out, nil
}

// weighed is a layer that tells how much of it was read.
type weighed struct {
	v1.Layer
	meter *meter
}

// Compressed is read once for each attempt to send it.
func (l *weighed) Compressed() (io.ReadCloser, error) {
	from, err := l.Layer.Compressed()
	if err != nil {
		return nil, err
	}
	digest, err := l.Digest()
	if err != nil {
		return nil, err
	}
	return &attempt{ReadCloser: from, meter: l.meter, digest: digest.String()}, nil
}

// attempt is one reading of a layer.
type attempt struct {
	io.ReadCloser
	meter  *meter
	digest string
	read   int64
}

func (a *attempt) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	a.read += int64(n)
	a.meter.reads(a.digest, a.read)
	return n, err
}
