package rollout

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// hasImage tells whether a revision's image can still be pulled, as far as ECR tells:
// a lifecycle policy may have expired it. An image of another registry counts as
// there, and so does one that may not be asked for.
func (a *Agent) hasImage(ctx context.Context, d *types.TaskDefinition) (bool, error) {
	ref, err := name.ParseReference(aws.ToString(container(a.Name, d).Image))
	if err != nil || a.Images == nil {
		return true, nil
	}
	account, host, ecrs := strings.Cut(ref.Context().RegistryStr(), ".dkr.ecr.")
	if region, _, _ := strings.Cut(host, "."); !ecrs || region != a.Region {
		return true, nil
	}
	id := ecrtypes.ImageIdentifier{ImageTag: aws.String(ref.Identifier())}
	if _, digest := ref.(name.Digest); digest {
		id = ecrtypes.ImageIdentifier{ImageDigest: aws.String(ref.Identifier())}
	}
	out, err := a.Images.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId: &account, RepositoryName: aws.String(ref.Context().RepositoryStr()), ImageIds: []ecrtypes.ImageIdentifier{id},
	})
	switch {
	case cloud.IsNotFound(err):
		return false, nil
	case err != nil:
		return true, ctx.Err()
	}
	return len(out.Images) > 0, nil
}
