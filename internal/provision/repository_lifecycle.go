package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// lifecyclePolicy keeps the last 200 images, which share most of their layers. ECR does
// not know what runs: with few, some pushes that are rolled back would take the image
// that runs, and with it the next Spot interruption's replacement. An image without a
// tag counts as any other, because a task definition names its image by digest.
const lifecyclePolicy = `{"rules":[{"rulePriority":1,"description":"keep the last 200 images","selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":200},"action":{"type":"expire"}}]}`

// known is a repository with that policy. Its id is its name, so that it also says when
// it was made: another one of that name has no policy.
func (r *Repository) known(repo types.Repository, policy string) map[string]string {
	sum := sha256.Sum256([]byte(policy))
	return map[string]string{"created": aws.ToTime(repo.CreatedAt).UTC().Format(time.RFC3339), "lifecycle_policy": hex.EncodeToString(sum[:])}
}

// lifecycle is the repository's policy in canonical form, as AWS or the state knows it; "" is none.
func (r *Repository) lifecycle(ctx context.Context, look engine.Look, repo types.Repository) (string, error) {
	if ours := document(lifecyclePolicy); r.believes(look, r.known(repo, ours)) {
		return ours, nil
	}
	out, err := r.Clients.ECR.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: aws.String(r.Name())})
	switch {
	case err == nil:
		return document(aws.ToString(out.LifecyclePolicyText)), nil
	case cloud.IsNotFound(err) && !cloud.Is(err, "RepositoryNotFoundException"):
		return "", nil
	}
	return "", err
}
