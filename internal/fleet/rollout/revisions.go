package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/tasks"
)

// Revision is the one that runs, or one that a rollback can go to.
type Revision struct {
	Number int
	// Image is the reference that it runs.
	Image string
	// Tags are what a person or a build called the image: the word it was deployed by, and ECR's. The tags that karmactl makes of digests are left out.
	Tags       []string
	Registered time.Time
	// Runs: the service is set to it.
	Runs bool
}

// Revisions are the newest active revisions, at most so many: the newest first.
// Tags that cannot be read are left out, which is told.
func (a *Agent) Revisions(ctx context.Context, most int) ([]Revision, error) {
	svc, err := a.service(ctx)
	if err != nil || svc == nil {
		return nil, err
	}
	numbers, err := a.RevisionsAfter(ctx, 0)
	if err != nil {
		return nil, err
	}
	runs := tasks.Revision(aws.ToString(svc.TaskDefinition))
	all := make([]Revision, min(most, len(numbers)))
	var tags map[string][]string
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		tags = a.tagsByDigest(gctx)
		return nil
	})
	for i := range all {
		g.Go(func() error {
			d, err := a.revision(gctx, fmt.Sprintf("%s:%d", a.Family, numbers[i]))
			if err != nil {
				return err
			}
			c := container(a.Name, d)
			all[i] = Revision{Number: numbers[i], Image: aws.ToString(c.Image), Registered: aws.ToTime(d.RegisteredAt), Runs: numbers[i] == runs}
			if tag := c.DockerLabels[provision.LabelTag]; tag != "" {
				all[i].Tags = []string{tag}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, r := range all {
		_, digest, _ := strings.Cut(r.Image, "@")
		all[i].Tags = append(r.Tags, slices.DeleteFunc(slices.Clone(tags[digest]), func(t string) bool { return slices.Contains(r.Tags, t) })...)
	}
	return all, nil
}

// tagsByDigest are the tags of the agent's repository in ECR.
func (a *Agent) tagsByDigest(ctx context.Context) map[string][]string {
	if a.Images == nil || a.Repository == "" {
		return nil
	}
	images, err := cloud.Pages(ctx, ecr.NewDescribeImagesPaginator(a.Images, &ecr.DescribeImagesInput{RepositoryName: &a.Repository, MaxResults: aws.Int32(1000)}),
		func(out *ecr.DescribeImagesOutput) []ecrtypes.ImageDetail { return out.ImageDetails })
	if err != nil {
		a.tell(Line{About: "why", Text: "the images' tags cannot be read", Err: err})
		return nil
	}
	tags := map[string][]string{}
	for _, i := range images {
		digest := aws.ToString(i.ImageDigest)
		tags[digest] = slices.DeleteFunc(slices.Sorted(slices.Values(i.ImageTags)), func(t string) bool { return t == tagOfDigest(digest) })
	}
	return tags
}
