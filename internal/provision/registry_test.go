package provision

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
)

// answers is a registry with a token server, which answers each manifest with a status.
type answers int

func (status answers) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	switch {
	case status == 0:
		return nil, io.ErrUnexpectedEOF
	case r.URL.Host == "token.example.com":
		fmt.Fprint(rec, `{"token": "a-token"}`)
	case r.Header.Get("Authorization") != "Bearer a-token":
		rec.Header().Set("WWW-Authenticate", `Bearer realm="https://token.example.com/",service="registry.example.com"`)
		rec.WriteHeader(http.StatusUnauthorized)
	default:
		rec.WriteHeader(int(status))
		fmt.Fprint(rec, `{"errors": [{"code": "REFUSED", "message": "no"}]}`)
	}
	out := rec.Result()
	out.Request = r
	return out, nil
}

func TestEachRefusalOfARegistryIsSaidInItsOwnWords(t *testing.T) {
	for status, want := range map[answers]string{
		http.StatusUnauthorized:       "its registry wants a sign-in, or has no such image: docker login registry.example.com",
		http.StatusForbidden:          "its registry does not let these credentials read it",
		http.StatusNotFound:           "its registry has no such image",
		http.StatusTooManyRequests:    "its registry has had too many requests, and answers again later",
		http.StatusServiceUnavailable: "its registry answered 503",
		0:                             "its registry did not answer",
	} {
		_, err := (&Registries{Transport: status}).Resolve(t.Context(), "registry.example.com/x/y:v1", agents.ArchX86)
		if err == nil || !strings.HasPrefix(err.Error(), "image registry.example.com/x/y:v1 cannot be read: "+want) {
			t.Errorf("%d is told as %v", int(status), err)
		}
		td := &TaskDefinition{Env: &Env{Images: &Registries{Transport: status}}, Agent: agents.Agent{Name: "web", Image: "registry.example.com/x/y:v1"}}
		said := "is not pinned: " + want
		if int(status) == http.StatusNotFound { // no deploy pins what is not there
			said = "is not there: " + want + ", so its tasks cannot start: mend the name, or karmactl deploy web --image REF"
		}
		if _, note, err := td.chooseImage(t.Context()); err != nil || !strings.Contains(note, said) {
			t.Errorf("a plan notes %d as %q, %v", int(status), note, err)
		}
	}
}

// TestTheImageOfAJobIsAskedForUntilItIsPinned: no deploy takes a job, so none is advised either.
func TestTheImageOfAJobIsAskedForUntilItIsPinned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const image = "public.ecr.aws/docker/library/python:3.13-slim"
		td := &TaskDefinition{Env: &Env{Images: &Registries{Transport: answers(http.StatusNotFound)}}, Agent: agents.Agent{Name: "nightly", Image: image, Arch: agents.ArchX86}, OwnJob: true}
		got, note, err := td.chooseImage(t.Context())
		if err != nil || got != image || !strings.HasSuffix(note, "so its tasks cannot start: mend the name") {
			t.Errorf("it is %q, noted as %q, %v", got, note, err)
		}
		td.seen = TaskDefinitionSpec{Image: image, Reference: image}
		td.Images = &Registries{Transport: answers(http.StatusServiceUnavailable)}
		if got, note, err = td.chooseImage(t.Context()); err != nil || got != image || !strings.HasSuffix(note, "the next up asks again") {
			t.Errorf("it is %q, noted as %q, %v", got, note, err)
		}
		td.Images = &Registries{Transport: newBench(t, slow).sim.Registry()}
		if got, note, err = td.chooseImage(t.Context()); err != nil || !pinned(got) || note != "" {
			t.Errorf("it is %q, noted as %q, %v", got, note, err)
		}
	})
}

// docker is a docker configuration with one registry in it.
type docker struct{}

func (docker) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if r.RegistryStr() == "registry.example.com" {
		return &authn.Basic{Username: "from", Password: "docker"}, nil
	}
	return authn.Anonymous, nil
}

func TestECRIsSignedInToWithTheAWSCredentialsAndOthersAsDockerDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		k := NewKeychain(b.sim.Config(), docker{})
		for image, want := range map[string]string{
			"123456789012.dkr.ecr.us-east-1.amazonaws.com/a":       "AWS",
			"210987654321.dkr.ecr.eu-west-1.amazonaws.com/b":       "AWS",
			"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/c:1": "AWS",
			"registry.example.com/d":                               "from",
			"public.ecr.aws/e/f":                                   "",
		} {
			ref, err := name.ParseReference(image)
			if err != nil {
				t.Fatal(err)
			}
			auth, err := k.ResolveContext(t.Context(), ref.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := auth.Authorization(); err != nil || got.Username != want {
				t.Errorf("%s is asked by %q: %v", image, got.Username, err)
			}
		}
		asked := 0
		for _, c := range b.sim.Calls() {
			if c.Operation == "GetAuthorizationToken" {
				asked++
			}
		}
		if asked != 3 {
			t.Errorf("%d tokens are asked for, one for each of 3 regions is enough", asked)
		}
	})
}

func TestTheAccountsRegistryAnswersNothingWithoutAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		image := b.home.RepositoryURI("validator") + ":v1"
		_, err := (&Registries{Transport: b.sim.Registry()}).Resolve(t.Context(), image, agents.ArchX86)
		if err == nil || !strings.Contains(err.Error(), "does not know these AWS credentials") {
			t.Errorf("without a token: %v", err)
		}
		signed := &Registries{Transport: b.sim.Registry(), Keychain: NewKeychain(b.sim.Config(), nil)}
		if _, err := signed.Resolve(t.Context(), image, agents.ArchX86); err == nil || !strings.Contains(err.Error(), "has no such image") {
			t.Errorf("with one: %v", err)
		}
	})
}

// absolute is a registry over HTTP that wants a user and a password for each request,
// and tells where an upload continues as an absolute address.
func absolute(t *testing.T) *url.URL {
	inner := registry.New()
	var at *url.URL
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "AWS" || password != "secret" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(located{w, at}, r)
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

type located struct {
	http.ResponseWriter
	at *url.URL
}

func (l located) WriteHeader(status int) {
	if to, err := url.Parse(l.Header().Get("Location")); err == nil && to.Path != "" {
		l.Header().Set("Location", l.at.ResolveReference(to).String())
	}
	l.ResponseWriter.WriteHeader(status)
}

func TestAPushKeepsItsCredentialsWhenAnUploadGoesOnAtAnAbsoluteAddress(t *testing.T) {
	const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
	img, err := random.Image(512, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(host + "/agent:v1")
	if err != nil {
		t.Fatal(err)
	}
	auth := &authn.Basic{Username: "AWS", Password: "secret"}
	to := ECRAt{Host: host, Endpoint: absolute(t), Next: http.DefaultTransport}
	if err := remote.Write(ref, img, remote.WithTransport(to), remote.WithAuth(auth), remote.WithContext(context.Background())); err != nil {
		t.Fatal(err)
	}
}

// Behind an emulator each of ECR's hosts is the emulator, in a plan as in a push; what is
// not ECR's is where it always is.
func TestEveryRegistryOfECRIsAtTheEndpoint(t *testing.T) {
	got := map[string]bool{}
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got[r.URL.Path] = true }))
	defer at.Close()
	endpoint, err := url.Parse(at.URL)
	if err != nil {
		t.Fatal(err)
	}
	to := ECRAt{Endpoint: endpoint, Next: http.DefaultTransport}
	for _, host := range []string{"123456789012.dkr.ecr.us-east-1.amazonaws.com", "210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/v2/"+host, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, err := to.RoundTrip(r)
		if err != nil || out.Body.Close() != nil || !got["/v2/"+host] {
			t.Errorf("%s is not at the endpoint: %v", host, err)
		}
	}
	to.Next = roundTrip(func(r *http.Request) (*http.Response, error) { return nil, errors.New(r.URL.Host) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://public.ecr.aws/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.RoundTrip(r); err == nil || err.Error() != "public.ecr.aws" { //nolint:bodyclose // there is none
		t.Errorf("another registry is asked at %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnImageInChinaHasTheSuffixOfChina(t *testing.T) {
	h := &Env{Project: "karmacadabra", Account: cloud.Account{ID: "123456789012", Partition: "aws-cn", Region: "cn-north-1"}}
	const want = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/"
	if got := h.RepositoryURI("validator"); !strings.HasPrefix(got, want) {
		t.Errorf("images go to %s, want %s", got, want)
	}
}

func TestATokenThatCannotBeReadIsNotShown(t *testing.T) {
	broken := aws.String("not base64: " + base64.StdEncoding.EncodeToString([]byte("AWS:secret")))
	if _, _, err := ECRToken(t.Context(), oneToken{broken}); err == nil || strings.Contains(err.Error(), *broken) {
		t.Errorf("got %v", err)
	}
}

type oneToken struct{ text *string }

func (o oneToken) GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error) {
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{AuthorizationToken: o.text}}}, nil
}
