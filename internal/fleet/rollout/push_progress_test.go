package rollout

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// roundTripper makes a function the way to the registry.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// told keeps what a push tells, and checks that nothing in it goes down.
type told struct {
	t   *testing.T
	mu  sync.Mutex
	all []PushProgress
}

func (l *told) tell(now PushProgress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) > 0 {
		was := l.all[len(l.all)-1]
		if now.Done < was.Done || now.Sent < was.Sent || now.Uploaded < was.Uploaded || now.There < was.There || now.Mounted < was.Mounted || now.Bytes != was.Bytes || now.Layers != was.Layers {
			l.t.Errorf("after %+v it tells %+v", was, now)
		}
	}
	if now.Done > now.Bytes || now.Uploaded+now.There+now.Mounted > now.Layers {
		l.t.Errorf("more than there is: %+v", now)
	}
	l.all = append(l.all, now)
}

// pushed pushes one image into an agent's repository over a transport of its own
// and checks that the last that was told is how it ended.
func (a *account) pushed(t *testing.T, agent int, img v1.Image, over http.RoundTripper) (PushProgress, error) {
	t.Helper()
	p := &Pusher{ECR: a.clients.ECR, Transport: over}
	if err := p.SignIn(context.Background()); err != nil {
		t.Fatal(err)
	}
	l := &told{t: t}
	end, err := p.Push(context.Background(), repositoryOf(agent), img, l.tell)
	if len(l.all) == 0 || l.all[len(l.all)-1] != end && !end.AlreadyThere {
		t.Errorf("it ended with %+v and told %+v", end, l.all)
	}
	return end, err
}

func mustPush(t *testing.T, end PushProgress, err error) PushProgress {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return end
}

func layerOf(t *testing.T, n int64) v1.Layer {
	t.Helper()
	l, err := random.Layer(n, types.DockerLayer)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func imageOf(t *testing.T, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func sizeOf(t *testing.T, layers ...v1.Layer) (n int64) {
	t.Helper()
	for _, l := range layers {
		size, err := l.Size()
		if err != nil {
			t.Fatal(err)
		}
		n += size
	}
	return n
}

func TestAPushTellsWhatBecameOfEachLayer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inProcess(t, false)
		base, one, other := layerOf(t, 300_000), layerOf(t, 200_000), layerOf(t, 100_000)
		first, second := imageOf(t, base, one), imageOf(t, base, other, base)
		for _, c := range []struct {
			name string
			img  v1.Image
			want PushProgress
		}{
			{"two layers that are new", first, PushProgress{Layers: 2, Uploaded: 2, Bytes: sizeOf(t, base, one), Sent: sizeOf(t, base, one)}},
			{"one that is there, twice in the image, and one that is new", second, PushProgress{Layers: 2, Uploaded: 1, There: 1, Bytes: sizeOf(t, base, other), Sent: sizeOf(t, other)}},
			{"the same image again", first, PushProgress{Layers: 2, There: 2, Bytes: sizeOf(t, base, one), AlreadyThere: true}},
			{"another image of layers that are all there", imageOf(t, one, other), PushProgress{Layers: 2, There: 2, Bytes: sizeOf(t, one, other)}},
			{"no layer at all", empty.Image, PushProgress{}},
		} {
			end, err := a.pushed(t, 0, c.img, a.sim.Registry())
			c.want.Done = c.want.Bytes
			if got := mustPush(t, end, err); got != c.want {
				t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
			}
		}
	})
}

func TestALayerOfAnotherRepositoryIsMountedAndCounted(t *testing.T) {
	a := inProcess(t, true)
	base, one, other := layerOf(t, 300_000), layerOf(t, 200_000), layerOf(t, 100_000)
	p := &Pusher{ECR: a.clients.ECR, Transport: a.sim.Registry()}
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	end, err := p.Push(t.Context(), repositoryOf(0), imageOf(t, base, one), nil)
	mustPush(t, end, err)
	l := &told{t: t}
	end, err = p.Push(t.Context(), repositoryOf(1), imageOf(t, base, other), l.tell)
	want := PushProgress{Layers: 2, Uploaded: 1, Mounted: 1, Bytes: sizeOf(t, base, other), Done: sizeOf(t, base, other), Sent: sizeOf(t, other)}
	if got := mustPush(t, end, err); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An upload that breaks off is tried again: what was read twice is sent once.
func TestAnUploadThatStartsOverIsNotCountedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, layer := inProcess(t, false), layerOf(t, 300_000)
		broke := 0
		end, err := a.pushed(t, 0, imageOf(t, layer), roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch && r.ContentLength > 100_000 && broke < 2 {
				broke++
				_, _ = io.CopyN(io.Discard, r.Body, 150_000)
				_ = r.Body.Close()
				return nil, io.ErrUnexpectedEOF
			}
			return a.sim.Registry().RoundTrip(r)
		}))
		n := sizeOf(t, layer)
		if want := (PushProgress{Layers: 1, Uploaded: 1, Bytes: n, Done: n, Sent: n}); mustPush(t, end, err) != want || broke != 2 {
			t.Errorf("broken off %d times it ended with %+v, want %+v", broke, end, want)
		}
	})
}

// The registry has the layer, and its answer is lost: the next attempt finds it there.
func TestALayerWhoseAnswerIsLostWasUploaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, layer := inProcess(t, false), layerOf(t, 300_000)
		digest, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		lost := false
		end, err := a.pushed(t, 0, imageOf(t, layer), roundTripper(func(r *http.Request) (*http.Response, error) {
			commits := r.Method == http.MethodPut && r.URL.Query().Get("digest") == digest.String()
			out, err := a.sim.Registry().RoundTrip(r)
			if commits && !lost {
				lost = true
				return nil, io.ErrUnexpectedEOF
			}
			return out, err
		}))
		n := sizeOf(t, layer)
		if want := (PushProgress{Layers: 1, Uploaded: 1, Bytes: n, Done: n, Sent: n}); mustPush(t, end, err) != want || !lost {
			t.Errorf("it ended with %+v, want %+v", end, want)
		}
	})
}

// synctest fails when a goroutine is left behind.
func TestAPushThatFailsSaysHowFarItCameAndLeavesNothingRunning(t *testing.T) {
	errCut := errors.New("the cable is cut")
	synctest.Test(t, func(t *testing.T) {
		a, there, good, bad := inProcess(t, false), layerOf(t, 100_000), layerOf(t, 200_000), layerOf(t, 300_000)
		end, err := a.pushed(t, 0, imageOf(t, there), a.sim.Registry())
		mustPush(t, end, err)
		goodIsThere := make(chan struct{})
		end, err = a.pushed(t, 0, imageOf(t, there, good, bad), roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPatch && r.ContentLength == sizeOf(t, bad) {
				<-goodIsThere
				_, _ = io.CopyN(io.Discard, r.Body, 150_000)
				_ = r.Body.Close()
				return nil, errCut
			}
			out, err := a.sim.Registry().RoundTrip(r)
			if r.Method == http.MethodPut && strings.Contains(r.URL.RawQuery, hexOf(t, good)) {
				defer close(goodIsThere)
			}
			return out, err
		}))
		if !errors.Is(err, errCut) || !strings.Contains(err.Error(), "pushing to "+repositoryOf(0)) {
			t.Errorf("the error is %v", err)
		}
		if end.Layers != 3 || end.There != 1 || end.Uploaded > 1 || end.Sent < 350_000 || end.Done >= end.Bytes {
			t.Errorf("it came to %+v", end)
		}
	})
}

func hexOf(t *testing.T, l v1.Layer) string {
	t.Helper()
	digest, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.Hex
}

func TestBytesAreToldWhileALayerIsOnItsWay(t *testing.T) {
	a, layer := inProcess(t, false), layerOf(t, 2_000_000)
	p := &Pusher{ECR: a.clients.ECR, Transport: a.sim.Registry()}
	if err := p.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := &told{t: t}
	end, err := p.Push(t.Context(), repositoryOf(0), imageOf(t, layer), l.tell)
	mustPush(t, end, err)
	if first := l.all[0]; first.Layers != 1 || first.Done != 0 || first.Bytes != sizeOf(t, layer) {
		t.Errorf("at first it tells %+v", first)
	}
	half := slices.IndexFunc(l.all, func(p PushProgress) bool { return p.Done > 500_000 && p.Done < 1_500_000 && p.Uploaded == 0 })
	if half < 0 {
		t.Errorf("nothing is told on the way: %+v", l.all)
	}
}
