package provision

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// RegistryError is what a registry said instead of an image.
type RegistryError struct {
	Registry, Reference string
	// Status is the HTTP status; 0 is no answer at all.
	Status int
	Err    error
}

// Unread is the error of an image that could not be read.
func Unread(ref name.Reference, err error) error {
	e := &RegistryError{Registry: ref.Context().RegistryStr(), Reference: ref.Name(), Err: err}
	if said := new(transport.Error); errors.As(err, &said) {
		e.Status = said.StatusCode
	}
	return e
}

func (e *RegistryError) Unwrap() error { return e.Err }

// Cause says what the registry means, in a few words.
func (e *RegistryError) Cause() string {
	switch e.Status {
	case http.StatusUnauthorized:
		if _, _, ok := ecrHost(e.Registry); ok {
			return "its registry does not know these AWS credentials"
		}
		return "its registry wants a sign-in, or has no such image: docker login " + e.Registry
	case http.StatusForbidden:
		return "its registry does not let these credentials read it"
	case http.StatusNotFound:
		return noSuchImage
	case http.StatusTooManyRequests:
		return "its registry has had too many requests, and answers again later"
	case 0:
		return "its registry did not answer"
	}
	return fmt.Sprintf("its registry answered %d", e.Status)
}

// noSuchImage is the cause of a reference that the registry does not know.
const noSuchImage = "its registry has no such image"

func (e *RegistryError) Error() string {
	text := "image " + e.Reference + " cannot be read: " + e.Cause()
	if e.Status == 0 {
		text += ": " + e.Err.Error()
	}
	return text
}

// Keychain signs in to the registries of ECR, of any account and in any
// region, with the AWS credentials at hand, and to others as the user's docker
// configuration says. Nothing is written to that.
type Keychain struct {
	ecr   *ecr.Client
	other authn.Keychain
	mu    sync.Mutex
	known map[string]authn.Authenticator // by region
}

// NewKeychain makes one. other signs in to registries that are not ECR's; nil is anonymous.
func NewKeychain(cfg aws.Config, other authn.Keychain) *Keychain {
	if other == nil {
		other = authn.NewMultiKeychain()
	}
	return &Keychain{ecr: ecr.NewFromConfig(cfg), other: other, known: map[string]authn.Authenticator{}}
}

// Resolve is ResolveContext without a context, which the interface asks for.
func (k *Keychain) Resolve(registry authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), registry)
}

// ResolveContext gives what to sign in with. Who may not ask ECR for a token is left to
// the docker configuration.
func (k *Keychain) ResolveContext(ctx context.Context, registry authn.Resource) (authn.Authenticator, error) {
	_, region, ok := ecrHost(registry.RegistryStr())
	if !ok {
		return authn.Resolve(ctx, k.other, registry)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if auth := k.known[region]; auth != nil {
		return auth, nil
	}
	auth, _, err := ECRToken(ctx, k.ecr, func(o *ecr.Options) { o.Region = region })
	if err != nil {
		return authn.Resolve(ctx, k.other, registry)
	}
	k.known[region] = auth
	return auth, nil
}

// tokens is the part of ECR that gives tokens.
type tokens interface {
	GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error)
}

// ECRToken asks ECR for a token of a region's registries, good for twelve hours, and
// for the address of the registry that it is for. An error never has the token.
func ECRToken(ctx context.Context, api tokens, opts ...func(*ecr.Options)) (auth authn.Authenticator, proxy string, err error) {
	out, err := api.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}, opts...)
	if err != nil {
		return nil, "", fmt.Errorf("signing in to ECR: %w", err)
	}
	if len(out.AuthorizationData) == 0 {
		return nil, "", errors.New("signing in to ECR: AWS gave no token")
	}
	data := out.AuthorizationData[0]
	pair, err := base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken))
	if err != nil {
		return nil, "", errors.New("signing in to ECR: the token cannot be read")
	}
	user, password, _ := strings.Cut(string(pair), ":")
	return &authn.Basic{Username: user, Password: password}, aws.ToString(data.ProxyEndpoint), nil
}

// ECRAt sends what goes to a host of ECR, or to any of them, to an endpoint, scheme and
// all, and nothing else: behind an emulator the registry is the endpoint's own /v2/, while ECR still
// answers with AWS's host name.
type ECRAt struct {
	Host     string // 123456789012.dkr.ecr.us-east-1.amazonaws.com; "" is every account's, in every region
	Endpoint *url.URL
	Next     http.RoundTripper
}

// RoundTrip sends the request on. Where an upload continues may be told as an absolute
// address of the endpoint; it is told as one of the host, because a client sends its
// credentials to the host that it signed in to and to no other.
func (e ECRAt) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.Endpoint == nil || !e.serves(r.URL.Host) {
		return e.Next.RoundTrip(r)
	}
	sent := r.Clone(r.Context())
	sent.URL.Scheme, sent.URL.Host, sent.Host = e.Endpoint.Scheme, e.Endpoint.Host, e.Endpoint.Host
	out, err := e.Next.RoundTrip(sent)
	if err != nil {
		return out, err
	}
	if to, err := url.Parse(out.Header.Get("Location")); err == nil && to.Host == e.Endpoint.Host {
		to.Scheme, to.Host = r.URL.Scheme, r.URL.Host
		out.Header.Set("Location", to.String())
	}
	return out, nil
}

func (e ECRAt) serves(host string) bool {
	if e.Host != "" {
		return host == e.Host
	}
	_, _, ok := ecrHost(host)
	return ok
}
