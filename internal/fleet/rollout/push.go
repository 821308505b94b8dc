package rollout

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmacadabra/karmactl/internal/provision"
)

// Pusher pushes to the account's own registry with a token of its own, good for
// twelve hours. Nothing is written to the user's docker configuration.
type Pusher struct {
	ECR *ecr.Client
	// Transport is http.DefaultTransport when nil.
	Transport http.RoundTripper
	auth      authn.Authenticator
	proxy     *url.URL // where the registry is, as ECR has said
	reuse     *layerReuse
}

// SignIn gets the token, which serves all repositories of the account, and asks
// whether they share layers.
func (p *Pusher) SignIn(ctx context.Context) error {
	auth, proxy, err := provision.ECRToken(ctx, p.ECR)
	if err != nil {
		return err
	}
	p.auth = auth
	if to, err := url.Parse(proxy); err == nil && to.Host != "" {
		p.proxy = to
	}
	p.readLayerReuse(ctx)
	return nil
}

// Push pushes an image, its layers in parallel; layers that the repository has are
// not pushed again. Its tag is made of its digest: an image without a tag expires. tell,
// when it is not nil, is called with the progress from many goroutines, one at a time;
// how far the push came is returned with an error, too.
func (p *Pusher) Push(ctx context.Context, repository string, img v1.Image, tell func(PushProgress)) (PushProgress, error) {
	m, err := newPushCounter(img, tell)
	if err != nil {
		return PushProgress{}, fmt.Errorf("pushing to %s: %w", repository, err)
	}
	if err := p.push(ctx, repository, img, m); err != nil {
		return m.end(), fmt.Errorf("pushing to %s: %w", repository, err)
	}
	return m.end(), nil
}

// tagOfDigest is the tag that an image gets for its digest, sha256:….
func tagOfDigest(digest string) string {
	hex := strings.TrimPrefix(digest, "sha256:")
	return "sha-" + hex[:min(12, len(hex))]
}

func (p *Pusher) push(ctx context.Context, repository string, img v1.Image, m *pushCounter) error {
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	tag, err := name.NewTag(repository + ":" + tagOfDigest(digest.String()))
	if err != nil {
		return err
	}
	opts := []remote.Option{remote.WithContext(ctx), remote.WithAuth(p.auth), remote.WithTransport(p.transport(tag.RegistryStr(), m))}
	if have, err := remote.Head(tag, opts...); err == nil && have.Digest == digest {
		m.arrived(true)
		return nil
	}
	img, done, err := p.reuse.reuse(ctx, tag.Context(), &countingImage{img, m})
	if err != nil {
		return err
	}
	defer done()
	if err := remote.Write(tag, img, opts...); err != nil {
		return err
	}
	m.arrived(false)
	return nil
}
