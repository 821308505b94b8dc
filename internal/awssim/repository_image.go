package awssim

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

// RepositoryImage is what a repository knows of one image. Its layers are in the
// registry, see registry.go, which tells of each manifest that is pushed.
type RepositoryImage struct {
	Digest    string
	Tags      []string
	MediaType string
	Manifest  string
	Size      int64
	Pushed    time.Time
}

func (s *Sim) repositoryImageNoun() noun {
	return noun{
		ops: []operation{
			on("ECR.DescribeImages", s.describeImages, "RepositoryName", "ImageIds").pages("ImageDetails", 100, 1000, "ImageIds"),
			on("ECR.ListImages", s.listImages, "RepositoryName").pages("ImageIds", 100, 1000),
			on("ECR.BatchGetImage", s.batchGetImage, "RegistryId", "RepositoryName", "ImageIds", "AcceptedMediaTypes"),
			on("ECR.BatchDeleteImage", s.batchDeleteImage, "RepositoryName", "ImageIds"),
		},
		settle: s.settleRepositories,
	}
}

// putImage notes a pushed image; its tags move to it from older ones.
func (s *Sim) putImage(repository string, image RepositoryImage) error {
	r, err := s.repository(repository)
	if err != nil {
		return err
	}
	if was := r.Images[image.Digest]; was != nil {
		for _, t := range was.Tags {
			if !slices.Contains(image.Tags, t) {
				image.Tags = append(image.Tags, t)
			}
		}
	}
	for _, old := range r.Images {
		old.Tags = slices.DeleteFunc(old.Tags, func(t string) bool { return slices.Contains(image.Tags, t) })
	}
	if image.Pushed.IsZero() {
		image.Pushed = s.now()
	}
	r.Images[image.Digest] = &image
	return nil
}

// image is the image of an id, by digest or tag.
func (r *Repository) image(id types.ImageIdentifier) *RepositoryImage {
	for _, i := range sorted(r.Images) {
		if (id.ImageDigest == nil || *id.ImageDigest == i.Digest) && (id.ImageTag == nil || slices.Contains(i.Tags, *id.ImageTag)) {
			return i
		}
	}
	return nil
}

// has tells whether a tag or digest is there.
func (r *Repository) has(ref string) bool {
	if strings.HasPrefix(ref, "sha256:") {
		return r.Images[ref] != nil
	}
	return r.image(types.ImageIdentifier{ImageTag: &ref}) != nil
}

func (s *Sim) describeImages(in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	images := sorted(r.Images)
	if len(in.ImageIds) > 0 {
		images = nil
		for _, id := range in.ImageIds {
			i := r.image(id)
			if i == nil {
				return nil, fail("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s'", aws.ToString(id.ImageDigest), aws.ToString(id.ImageTag), r.Name)
			}
			images = append(images, i)
		}
	}
	var all []types.ImageDetail
	for _, i := range images {
		all = append(all, types.ImageDetail{
			RepositoryName: &r.Name, RegistryId: &s.world.Account, ImageDigest: &i.Digest, ImageTags: i.Tags,
			ImageSizeInBytes: &i.Size, ImagePushedAt: &i.Pushed, ImageManifestMediaType: &i.MediaType,
		})
	}
	out := &ecr.DescribeImagesOutput{}
	out.ImageDetails = all
	return out, nil
}

func (s *Sim) listImages(in *ecr.ListImagesInput) (*ecr.ListImagesOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	var all []types.ImageIdentifier
	for _, i := range sorted(r.Images) {
		if len(i.Tags) == 0 {
			all = append(all, types.ImageIdentifier{ImageDigest: &i.Digest})
		}
		for _, t := range i.Tags {
			all = append(all, types.ImageIdentifier{ImageDigest: &i.Digest, ImageTag: &t})
		}
	}
	out := &ecr.ListImagesOutput{}
	out.ImageIds = all
	return out, nil
}

func missingImage(id types.ImageIdentifier) types.ImageFailure {
	return types.ImageFailure{ImageId: &id, FailureCode: types.ImageFailureCodeImageNotFound, FailureReason: aws.String("Requested image not found")}
}

func (s *Sim) batchGetImage(in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	if id := aws.ToString(in.RegistryId); id != "" && id != s.world.Account {
		return nil, fail("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", aws.ToString(in.RepositoryName), id)
	}
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	out := &ecr.BatchGetImageOutput{}
	for _, id := range in.ImageIds {
		i := r.image(id)
		if i == nil {
			out.Failures = append(out.Failures, missingImage(id))
			continue
		}
		out.Images = append(out.Images, types.Image{
			RepositoryName: &r.Name, RegistryId: &s.world.Account, ImageId: &types.ImageIdentifier{ImageDigest: &i.Digest, ImageTag: id.ImageTag},
			ImageManifest: &i.Manifest, ImageManifestMediaType: &i.MediaType,
		})
	}
	return out, nil
}

// batchDeleteImage takes a tag away, and the image with its last one.
func (s *Sim) batchDeleteImage(in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	out := &ecr.BatchDeleteImageOutput{}
	for _, id := range in.ImageIds {
		i := r.image(id)
		if i == nil {
			out.Failures = append(out.Failures, missingImage(id))
			continue
		}
		if id.ImageTag != nil && id.ImageDigest == nil {
			i.Tags = slices.DeleteFunc(i.Tags, func(t string) bool { return t == *id.ImageTag })
		}
		if id.ImageDigest != nil || len(i.Tags) == 0 {
			delete(r.Images, i.Digest)
		}
		out.ImageIds = append(out.ImageIds, types.ImageIdentifier{ImageDigest: &i.Digest, ImageTag: id.ImageTag})
	}
	return out, nil
}
