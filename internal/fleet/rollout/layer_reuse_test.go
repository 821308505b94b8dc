package rollout

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

const (
	siblings     = 5
	sharedLayers = 3
	layerBytes   = 200_000
)

// account is a simulated account whose registry is behind an HTTP server, which
// counts what is uploaded into each repository.
type account struct {
	sim     *awssim.Sim
	clients *cloud.Clients
	server  *httptest.Server
	mu      sync.Mutex
	// uploads by repository and digest.
	uploads map[string]int
	// deaf ignores what is to be mounted, as AWS may.
	deaf bool
}

func newAccount(tb testing.TB, mounts bool) *account {
	tb.Helper()
	a := inProcess(tb, mounts)
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	tb.Cleanup(a.server.Close)
	return a
}

// inProcess is such an account without the server.
func inProcess(tb testing.TB, mounts bool) *account {
	tb.Helper()
	sim, err := awssim.New(awssim.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if err := sim.Edit(func(w *awssim.World) { w.BlobMounting = mounts }); err != nil {
		tb.Fatal(err)
	}
	a := &account{sim: sim, clients: cloud.NewClients(sim.Config()), uploads: map[string]int{}}
	for i := range siblings {
		name := fmt.Sprintf("fleet/agent-%d", i)
		if _, err := a.clients.ECR.CreateRepository(tb.Context(), &ecr.CreateRepositoryInput{RepositoryName: &name}); err != nil {
			tb.Fatal(err)
		}
	}
	return a
}

func (a *account) serve(w http.ResponseWriter, r *http.Request) {
	r.URL.Scheme, r.URL.Host = "https", r.Host
	repository, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
	digest := r.URL.Query().Get("digest")
	if a.deaf && r.URL.Query().Has("mount") {
		r.URL.RawQuery = ""
	}
	out, err := a.sim.Registry().RoundTrip(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer out.Body.Close()
	if r.Method == http.MethodPut && digest != "" && out.StatusCode == http.StatusCreated {
		a.mu.Lock()
		a.uploads[repository+" "+digest]++
		a.mu.Unlock()
	}
	for k, v := range out.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(out.StatusCode)
	_, _ = io.Copy(w, out.Body)
}

// RoundTrip sends what is for ECR to the server.
func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(a.server.URL)
	if err != nil {
		return nil, err
	}
	there := r.Clone(r.Context())
	there.Host, there.URL.Scheme, there.URL.Host = r.URL.Host, to.Scheme, to.Host
	out, err := http.DefaultTransport.RoundTrip(there)
	if err == nil {
		out.Request = r // what follows goes where this one went
	}
	return out, err
}

// family are images of one build: the same first layers, and a last one of their own.
func family(tb testing.TB) []v1.Image {
	tb.Helper()
	layer := func() v1.Layer {
		l, err := random.Layer(layerBytes, types.DockerLayer)
		if err != nil {
			tb.Fatal(err)
		}
		return l
	}
	var base []v1.Layer
	for range sharedLayers {
		base = append(base, layer())
	}
	var images []v1.Image
	for range siblings {
		img, err := mutate.AppendLayers(empty.Image, append(base[:sharedLayers:sharedLayers], layer())...)
		if err != nil {
			tb.Fatal(err)
		}
		images = append(images, img)
	}
	return images
}

func repositoryOf(agent int) string {
	return fmt.Sprintf("123456789012.dkr.ecr.us-east-1.amazonaws.com/fleet/agent-%d", agent)
}

// push pushes all of them at once, as deploy does, and gives what is advised then.
func (a *account) push(tb testing.TB, images []v1.Image) string {
	tb.Helper()
	p := &Pusher{ECR: a.clients.ECR, Transport: a}
	if err := p.SignIn(context.Background()); err != nil {
		tb.Fatal(err)
	}
	var g errgroup.Group
	for i, img := range images {
		g.Go(func() error {
			_, err := p.Push(context.Background(), repositoryOf(i), img, nil)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		tb.Fatal(err)
	}
	return p.Advice()
}

// ofShared counts the uploads of the layers that all images have, and the most
// that one repository got of one layer.
func (a *account) ofShared(tb testing.TB, images []v1.Image) (all, most int) {
	tb.Helper()
	layers, err := images[0].Layers()
	if err != nil {
		tb.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range layers[:sharedLayers] {
		digest, err := l.Digest()
		if err != nil {
			tb.Fatal(err)
		}
		for key, n := range a.uploads {
			if strings.HasSuffix(key, digest.String()) {
				all, most = all+n, max(most, n)
			}
		}
	}
	return all, most
}

// everything checks that each image can be pulled with all its layers.
func (a *account) everything(t *testing.T, images []v1.Image) {
	t.Helper()
	for i, img := range images {
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			digest, err := l.Digest()
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, fmt.Sprintf("https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/fleet/agent-%d/blobs/%s", i, digest), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth("AWS", "simulated")
			out, err := a.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = out.Body.Close() // a HEAD has none
			if out.StatusCode != http.StatusOK {
				t.Errorf("agent-%d has no %s: %s", i, digest, out.Status)
			}
		}
	}
}

func TestASharedLayerIsUploadedOnceToEachRepositoryAndOnceInAllWhereTheAccountMounts(t *testing.T) {
	for name, c := range map[string]struct {
		mounts, deaf bool
		uploads      int
		advice       string
	}{
		"as AWS has it":                          {uploads: siblings * sharedLayers, advice: "3 layers were uploaded to more than one repository, 2.4 MB too many: aws ecr put-account-setting --name BLOB_MOUNTING --value ENABLED lets ECR share them"},
		"mounting":                               {mounts: true, uploads: sharedLayers},
		"mounting that the registry does not do": {mounts: true, deaf: true, uploads: siblings * sharedLayers},
	} {
		t.Run(name, func(t *testing.T) {
			a, images := newAccount(t, c.mounts), family(t)
			a.deaf = c.deaf
			if got := a.push(t, images); got != c.advice {
				t.Errorf("it says %q, want %q", got, c.advice)
			}
			if all, most := a.ofShared(t, images); all != c.uploads || most != 1 {
				t.Errorf("%d shared layers of %d images were uploaded %d times, want %d, and one layer %d times to one repository", sharedLayers, siblings, all, c.uploads, most)
			}
			a.everything(t, images)
			before := len(a.uploads)
			if got := a.push(t, images); got != "" || len(a.uploads) != before {
				t.Errorf("a second push uploads %d more and says %q", len(a.uploads)-before, got)
			}
		})
	}
}

func TestWhoMayNotReadTheSettingPushesWithoutAWord(t *testing.T) {
	a, images := newAccount(t, true), family(t)
	a.sim.Inject(func(c awssim.Call) awssim.Fault {
		if c.Operation == "GetAccountSetting" {
			return awssim.Fault{Before: awssim.AccessDenied(c.Service, c.Operation)}
		}
		return awssim.Fault{}
	})
	if got := a.push(t, images); got != "" {
		t.Errorf("it says %q", got)
	}
	a.everything(t, images)
}

func BenchmarkPushOfFiveImagesThatShareLayers(b *testing.B) {
	for name, mounts := range map[string]bool{"mounting off": false, "mounting on": true} {
		b.Run(name, func(b *testing.B) {
			shared, bytes := 0, 0
			for b.Loop() {
				b.StopTimer()
				a, images := newAccount(b, mounts), family(b)
				b.StartTimer()
				a.push(b, images)
				all, _ := a.ofShared(b, images)
				shared, bytes = shared+all, bytes+(all+siblings)*layerBytes
			}
			b.ReportMetric(float64(shared)/float64(b.N)/sharedLayers, "uploads/shared-layer")
			b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "MB-uploaded")
		})
	}
}
