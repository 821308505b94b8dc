package provision

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
)

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
