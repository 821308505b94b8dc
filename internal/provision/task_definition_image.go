package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// chooseImage keeps the image of the revision that is there while agents.yaml
// names the same reference, and pins the reference otherwise.
func (t *TaskDefinition) chooseImage(ctx context.Context) (image, note string, err error) {
	t.mu.Lock()
	seen := t.seen
	t.mu.Unlock()
	unpinned := func(cause string) string {
		return fmt.Sprintf("the image %s of %s is not pinned: %s; a deploy pins it", t.Agent.Image, t.Agent.Name, cause)
	}
	switch {
	case t.ImageOverride != "":
		return t.ImageOverride, "", nil
	case seen.Image != "" && seen.Reference == t.Agent.Image:
		if !pinned(seen.Image) {
			note = unpinned("its registry did not say which image it is")
		}
		return seen.Image, note, nil
	case t.Agent.Image == "":
		image, err = t.pushed(ctx)
		return image, "", err
	case t.Images == nil:
		return t.Agent.Image, unpinned("no registry was asked"), nil
	}
	image, err = t.Images.Resolve(ctx, t.Agent.Image, t.Agent.Arch)
	switch {
	case err == nil:
		return image, "", nil
	case isWrongArch(err) || errors.Is(err, context.Canceled):
		return "", "", err
	}
	if said := new(RegistryError); errors.As(err, &said) {
		return t.Agent.Image, unpinned(said.Cause()), nil
	}
	return t.Agent.Image, unpinned("its registry did not answer"), nil
}

// pushed is the newest image in the agent's own repository, or "".
func (t *TaskDefinition) pushed(ctx context.Context) (string, error) {
	if t.Repository == nil {
		return "", nil
	}
	images, err := unlessGone(cloud.Pages(ctx, ecr.NewDescribeImagesPaginator(t.Clients.ECR, &ecr.DescribeImagesInput{RepositoryName: aws.String(t.Repository.Name())}),
		func(out *ecr.DescribeImagesOutput) []ecrtypes.ImageDetail { return out.ImageDetails }))
	if err != nil {
		return "", err
	}
	var newest ecrtypes.ImageDetail
	for _, d := range images {
		if newest.ImagePushedAt == nil || d.ImagePushedAt != nil && d.ImagePushedAt.After(*newest.ImagePushedAt) {
			newest = d
		}
	}
	if newest.ImageDigest == nil {
		return "", nil
	}
	return t.Repository.Output("uri") + "@" + *newest.ImageDigest, nil
}
