package livetest

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	standin "github.com/karmacadabra/karmactl/internal/awssim/registry"
)

// MoveTag pushes another image under the tag that an agent's revision names, as a build of
// the fleet's owner does. The tasks keep the image that they were started with.
func (f *Fleet) MoveTag(ctx context.Context, agent string) error {
	index, err := standin.StandIn("v8")
	if err != nil {
		return err
	}
	out, err := f.clients.ECR.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return err
	}
	token, err := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	if err != nil {
		return err
	}
	user, password, _ := strings.Cut(string(token), ":")
	to, err := name.NewTag(registry+"acme/"+agent+":v7", name.Insecure)
	if err != nil {
		return err
	}
	return remote.WriteIndex(to, index, remote.WithContext(ctx), remote.WithTransport(f.Sim.Registry()), remote.WithAuth(&authn.Basic{Username: user, Password: password}))
}
