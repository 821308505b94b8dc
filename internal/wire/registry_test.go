//go:build wire

package wire

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// repository is an ECR repository with the way to its registry.
type repository struct {
	uri       string
	name      string
	transport http.RoundTripper
	auth      authn.Authenticator
}

// newRepository makes one and signs in, as docker login does.
func (a *account) newRepository(t *testing.T) repository {
	t.Helper()
	client := cloud.NewClients(a.cfg).ECR
	r := repository{name: "karmacadabra/validator"}
	made, err := client.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: &r.name})
	if err != nil {
		t.Fatal(err)
	}
	r.uri = aws.ToString(made.Repository.RepositoryUri)
	token, err := client.GetAuthorizationToken(t.Context(), &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := base64.StdEncoding.DecodeString(aws.ToString(token.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		t.Fatal(err)
	}
	user, password, _ := strings.Cut(string(pair), ":")
	r.auth = &authn.Basic{Username: user, Password: password}
	endpoint, err := url.Parse(aws.ToString(a.cfg.BaseEndpoint))
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ := strings.Cut(r.uri, "/")
	if want := a.ID + ".dkr.ecr.us-east-1.amazonaws.com"; host != want {
		t.Fatalf("%s calls its registry %s, AWS %s", a.name, host, want)
	}
	r.transport = provision.ECRAt{Host: host, Endpoint: endpoint, Next: http.DefaultTransport}
	return r
}

func (r repository) options(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithTransport(r.transport), remote.WithAuth(r.auth), remote.WithRetryBackoff(remote.Backoff{Steps: 1})}
}

// Resolve makes repository a keychain: it signs in to its own host.
func (r repository) Resolve(res authn.Resource) (authn.Authenticator, error) {
	if strings.HasPrefix(r.uri, res.RegistryStr()) {
		return r.auth, nil
	}
	return authn.Anonymous, nil
}

// push pushes a small image and returns it.
func (r repository) push(ctx context.Context, tag, arch string) (v1.Image, error) {
	img, err := random.Image(2048, 2)
	if err != nil {
		return nil, err
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	cfg.Architecture, cfg.OS = arch, "linux"
	if img, err = mutate.ConfigFile(img, cfg); err != nil {
		return nil, err
	}
	ref, err := name.ParseReference(r.uri + ":" + tag)
	if err != nil {
		return nil, err
	}
	return img, remote.Write(ref, img, r.options(ctx)...)
}

func TestAnImageIsPushedAndPulledByDigestOverTheWire(t *testing.T) {
	a := ministack().open(t, nil)
	r := a.newRepository(t)
	img, err := r.push(t.Context(), "v1", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	images := &provision.Registries{Transport: r.transport, Keychain: r}
	pinned, err := images.Resolve(t.Context(), r.uri+":v1", agents.ArchX86)
	if want := r.uri + "@" + digest.String(); err != nil || pinned != want {
		t.Fatalf("v1 is %s, not %s: %v", pinned, want, err)
	}
	if _, err := images.Resolve(t.Context(), r.uri+":v1", agents.ArchARM); err == nil {
		t.Error("an image for amd64 is taken for one for arm64")
	}
	ref, err := name.NewDigest(pinned)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(ref, r.options(t.Context())...)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(pulled); err != nil {
		t.Errorf("what was pulled is not what was pushed: %v", err)
	}
	out, err := cloud.NewClients(a.cfg).ECR.DescribeImages(t.Context(), &ecr.DescribeImagesInput{
		RepositoryName: &r.name, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("v1")}},
	})
	if err != nil || len(out.ImageDetails) != 1 || aws.ToString(out.ImageDetails[0].ImageDigest) != digest.String() {
		t.Errorf("ECR lists %+v: %v", out, err)
	}
}

// An image of a tag that moves: the new digest is seen by a new run.
func TestAMovedTagIsAnotherDigestOverTheWire(t *testing.T) {
	r := ministack().open(t, nil).newRepository(t)
	seen := map[string]bool{}
	for i := range 2 {
		if _, err := r.push(t.Context(), "latest", "amd64"); err != nil {
			t.Fatal(err)
		}
		images := &provision.Registries{Transport: r.transport, Keychain: r}
		pinned, err := images.Resolve(t.Context(), r.uri+":latest", agents.ArchX86)
		if err != nil {
			t.Fatal(err)
		}
		if seen[pinned] = true; len(seen) != i+1 {
			t.Errorf("after push %d latest still is %s", i+1, pinned)
		}
	}
}

func TestMotoHasNoRegistryOverTheWire(t *testing.T) {
	r := moto().open(t, nil).newRepository(t)
	if _, err := r.push(t.Context(), "v1", "amd64"); err == nil {
		t.Error("moto takes a push now: run the tests of the registry on it, too")
	} else {
		t.Log(fmt.Sprintf("%.200s", err.Error()))
	}
}
