package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// chooseImages chooses the image of each container, the agent's own under "". The notes
// say which are not pinned. Without one for the agent the others are not looked for.
func (t *TaskDefinition) chooseImages(ctx context.Context) (images Variables, notes []string, err error) {
	image, note, err := t.chooseImage(ctx)
	if err != nil || image == "" {
		return nil, nil, err
	}
	if note != "" {
		notes = append(notes, note)
	}
	images = Variables{"": image}
	for _, s := range t.Agent.Containers() {
		if s.Image == "" {
			continue // it has the agent's
		}
		image, note, err := t.chooseSidecar(ctx, s)
		if err != nil {
			return nil, nil, fmt.Errorf("container %s of %s: %w", s.Name, t.Agent.Name, err)
		}
		if images[s.Name] = image; note != "" {
			notes = append(notes, note)
		}
	}
	return images, notes, nil
}

// chooseSidecar keeps the image of another container while agents.yaml names the same
// reference, whatever is deployed, and pins the reference otherwise.
func (t *TaskDefinition) chooseSidecar(ctx context.Context, s agents.Sidecar) (image, note string, err error) {
	t.mu.Lock()
	seen := t.seen.Containers[s.Name]
	t.mu.Unlock()
	kept := seen.Image != "" && seen.Reference == s.Image
	if kept && (pinned(seen.Image) || t.Images == nil) {
		return seen.Image, "", nil
	}
	if seen.Reference == "" && seen.Image == s.Image && !pinned(seen.Image) { // another program's
		if image, err = t.running(ctx, s.Name, seen.Image); image != "" || err != nil {
			return image, "", err
		}
	}
	image, cause, err := t.resolve(ctx, s.Image)
	if cause != "" {
		note = fmt.Sprintf("the image %s of %s's container %s is not pinned: %s; the next up asks again", s.Image, t.Agent.Name, s.Name, cause)
	}
	return image, note, err
}

// resolve asks the registry which image a reference is. Where it does not say, the image
// stays the reference, and cause is why.
func (t *TaskDefinition) resolve(ctx context.Context, reference string) (image, cause string, err error) {
	if t.Images == nil {
		return reference, "no registry was asked", nil
	}
	image, err = t.Images.Resolve(ctx, reference, t.Agent.Arch)
	switch {
	case err == nil:
		return image, "", nil
	case isWrongArch(err):
		return "", "", err
	case ctx.Err() != nil:
		return "", "", context.Cause(ctx)
	}
	if said := new(RegistryError); errors.As(err, &said) {
		return reference, said.Cause(), nil
	}
	return reference, "its registry did not answer", nil
}

// chooseImage keeps the image of the revision that is there while agents.yaml
// names the same reference, and pins the reference otherwise. What no deploy pins is asked
// for again until it is pinned.
func (t *TaskDefinition) chooseImage(ctx context.Context) (image, note string, err error) {
	t.mu.Lock()
	seen := t.seen
	t.mu.Unlock()
	pins, mends := "a deploy pins it", ", or karmactl deploy "+t.Agent.Name+" --image REF"
	if t.OwnJob {
		pins, mends = "the next up asks again", ""
	}
	unpinned := func(cause string) string {
		if cause == noSuchImage {
			return fmt.Sprintf("the image %s of %s is not there: %s, so its tasks cannot start: mend the name%s", t.Agent.Image, t.Agent.Name, cause, mends)
		}
		return fmt.Sprintf("the image %s of %s is not pinned: %s; %s", t.Agent.Image, t.Agent.Name, cause, pins)
	}
	switch {
	case t.ImageOverride != "":
		return t.ImageOverride, "", nil
	case seen.taggedByOthers() && (t.Agent.Image == "" || t.Agent.Image == seen.Image):
		if image, err = t.running(ctx, t.Agent.Name, seen.Image); image != "" || err != nil {
			return image, "", err
		}
	}
	switch {
	case seen.Image != "" && seen.Reference == t.Agent.Image && (pinned(seen.Image) || !t.OwnJob || t.Images == nil):
		if !pinned(seen.Image) {
			note = unpinned("its registry did not say which image it is")
		}
		return seen.Image, note, nil
	case t.Agent.Image == "":
		image, err = t.pushed(ctx)
		return image, "", err
	}
	image, cause, err := t.resolve(ctx, t.Agent.Image)
	if cause != "" {
		note = unpinned(cause)
	}
	return image, note, err
}

// taggedByOthers tells whether another program registered the revision, and names its image
// by a tag: karmactl notes the reference at each of its own.
func (s TaskDefinitionSpec) taggedByOthers() bool {
	return s.Image != "" && s.Reference == "" && !pinned(s.Image)
}

// running is the image of a container of the service's tasks by its digest: since they started the tag may
// have moved to an image that has never run. It is "" where no task runs, or where not all
// run the same.
func (t *TaskDefinition) running(ctx context.Context, container, image string) (string, error) {
	run, err := tasks.Of(ctx, t.Clients.ECS, t.ClusterName(), t.ServiceName(t.Agent.Name), types.DesiredStatusRunning)
	if err != nil {
		return "", cloud.IgnoreNotFound(err)
	}
	digest := ""
	for _, task := range run {
		c, _ := tasks.Container(task, container)
		switch d := aws.ToString(c.ImageDigest); {
		case d == "":
		case digest != "" && d != digest:
			return "", nil
		default:
			digest = d
		}
	}
	if digest == "" {
		return "", nil
	}
	ref, err := name.ParseReference(image)
	if err != nil {
		return "", nil // ECS took it, and the registry is asked as for any other
	}
	return ref.Context().Name() + "@" + digest, nil
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
