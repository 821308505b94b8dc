package rollout

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

type ecrAPI interface {
	GetAuthorizationToken(context.Context, *ecr.GetAuthorizationTokenInput, ...func(*ecr.Options)) (*ecr.GetAuthorizationTokenOutput, error)
	GetAccountSetting(context.Context, *ecr.GetAccountSettingInput, ...func(*ecr.Options)) (*ecr.GetAccountSettingOutput, error)
}

// Pusher pushes to the account's own registry with a token of its own, good for
// twelve hours. Nothing is written to the user's docker configuration.
type Pusher struct {
	ECR ecrAPI
	// Transport is http.DefaultTransport when nil.
	Transport http.RoundTripper
	auth      authn.Authenticator
	mounting  *mounting
}

// SignIn gets the token, which serves all repositories of the account, and asks
// whether they share layers.
func (p *Pusher) SignIn(ctx context.Context) error {
	out, err := p.ECR.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return fmt.Errorf("signing in to ECR: %w", err)
	}
	if len(out.AuthorizationData) == 0 {
		return errors.New("signing in to ECR: AWS gave no token")
	}
	pair, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return errors.New("signing in to ECR: the token cannot be read")
	}
	user, password, _ := strings.Cut(string(pair), ":")
	p.auth = &authn.Basic{Username: user, Password: password}
	p.readMounting(ctx)
	return nil
}

// Push pushes an image, layers in parallel, those that are there already not
// again. Its tag is made of its digest: an image without a tag expires.
func (p *Pusher) Push(ctx context.Context, repository string, img v1.Image, progress func(done, total int64)) error {
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	tag, err := name.NewTag(repository + ":sha-" + digest.Hex[:12])
	if err != nil {
		return err
	}
	opts := []remote.Option{remote.WithContext(ctx), remote.WithAuth(p.auth), remote.WithTransport(p.transport())}
	if have, err := remote.Head(tag, opts...); err == nil && have.Digest == digest {
		return nil
	}
	img, over, err := p.mounting.share(ctx, tag.Context(), img)
	if err != nil {
		return err
	}
	defer over()
	updates := make(chan v1.Update, 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for u := range updates {
			if progress != nil && u.Error == nil {
				progress(u.Complete, u.Total)
			}
		}
	}()
	err = remote.MultiWrite(map[name.Reference]remote.Taggable{tag: img}, append(opts, remote.WithProgress(updates))...)
	<-done
	if err != nil {
		return fmt.Errorf("pushing to %s: %w", repository, err)
	}
	return nil
}
