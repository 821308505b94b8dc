package provision

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// lifecyclePolicy keeps the last 200 images, which share most of their layers. ECR does
// not know what runs: with few, some pushes that are rolled back would take the image
// that runs, and with it the next Spot interruption's replacement. An image without a
// tag counts as any other, because a task definition names its image by digest.
const lifecyclePolicy = `{"rules":[{"rulePriority":1,"description":"keep the last 200 images","selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":200},"action":{"type":"expire"}}]}`

// lifecycle is the repository's policy in canonical form; "" is none.
func (r *Repository) lifecycle(ctx context.Context) (string, error) {
	out, err := r.Clients.ECR.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: aws.String(r.Name())})
	switch {
	case err == nil:
		return document(aws.ToString(out.LifecyclePolicyText)), nil
	case cloud.IsNotFound(err) && !cloud.Is(err, "RepositoryNotFoundException"):
		return "", nil
	}
	return "", err
}
