package provision

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// RepositorySpec is what we own of a repository.
type RepositorySpec struct {
	ScanOnPush bool
	Mutability string
	Encryption string
	// Lifecycle is the policy in canonical form.
	Lifecycle string
	Tags      cloud.Tags
}

// Repository holds the images of one agent: $0.10 a GB and month. Its output "uri" is where to push.
type Repository struct {
	engine.Ref
	*Env
	Agent string
}

// RepositoryName is the name of an agent's repository: karmacadabra/validator. An
// environment other than prod has its own: karmacadabra/staging/validator.
func (h *Env) RepositoryName(agent string) string { return h.agentPath(agent) }

// Name is the repository's name, known before it is made.
func (r *Repository) Name() string         { return r.RepositoryName(r.Agent) }
func (r *Repository) arn() string          { return r.Account.ARN("ecr", "repository/"+r.Name()) }
func (r *Repository) Key() engine.Key      { return engine.Key("repository/" + r.Agent) }
func (r *Repository) OfAgent() string      { return r.Agent }
func (r *Repository) Needs() []engine.Node { return nil }

// Want is a repository that scans what is pushed and forgets old images.
func (r *Repository) Want() RepositorySpec {
	return RepositorySpec{
		ScanOnPush: true, Mutability: string(types.ImageTagMutabilityMutable), Encryption: string(types.EncryptionTypeAes256),
		Lifecycle: document(lifecyclePolicy), Tags: r.TagsOf(r.Key()),
	}
}

func (r *Repository) Find(ctx context.Context, look engine.Look) (engine.Found[RepositorySpec], error) {
	all, err := listWithTags(ctx, r.Env, "repository", look.NotOlder, r.list)
	if err != nil {
		return engine.Found[RepositorySpec]{}, err
	}
	for _, repo := range all {
		if aws.ToString(repo.RepositoryName) == r.Name() {
			return r.observe(ctx, look, repo)
		}
	}
	return engine.Found[RepositorySpec]{}, nil
}

func (r *Repository) list(ctx context.Context) ([]types.Repository, error) {
	return cloud.Pages(ctx, ecr.NewDescribeRepositoriesPaginator(r.Clients.ECR, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1000)}),
		func(out *ecr.DescribeRepositoriesOutput) []types.Repository { return out.Repositories })
}

func (r *Repository) observe(ctx context.Context, look engine.Look, repo types.Repository) (engine.Found[RepositorySpec], error) {
	tags, err := r.ownTags(ctx, look, r.Key(), "ECR repository "+r.Name(), r.arn(), r.repositoryTags().read)
	if tags == nil || err != nil {
		return engine.Found[RepositorySpec]{}, err
	}
	found := engine.Found[RepositorySpec]{
		Phase: engine.Ready, ID: r.Name(), Outputs: map[string]string{"uri": aws.ToString(repo.RepositoryUri)},
		Spec: RepositorySpec{Mutability: string(repo.ImageTagMutability), Tags: tags},
	}
	if scan := repo.ImageScanningConfiguration; scan != nil {
		found.Spec.ScanOnPush = scan.ScanOnPush
	}
	if e := repo.EncryptionConfiguration; e != nil {
		found.Spec.Encryption = string(e.EncryptionType)
	}
	if found.Spec.Lifecycle, err = r.lifecycle(ctx, look, repo); cloud.Is(err, "RepositoryNotFoundException") {
		return engine.Found[RepositorySpec]{}, nil
	}
	found.Known = r.known(repo, found.Spec.Lifecycle)
	return found, err
}

// Diff compares. How a repository encrypts cannot change.
func (r *Repository) Diff(have, want RepositorySpec) []engine.Change {
	return changes(
		field("scan_on_push", have.ScanOnPush, want.ScanOnPush),
		field("tag_mutability", have.Mutability, want.Mutability),
		fixed("encryption", have.Encryption, want.Encryption),
		differs("lifecycle_policy", have.Lifecycle, want.Lifecycle),
		cloud.DiffTags(have.Tags, want.Tags),
	)
}

// Create makes the repository; its lifecycle policy is put on it after.
func (r *Repository) Create(ctx context.Context, want RepositorySpec, _ string) (string, error) {
	_, err := r.Clients.ECR.CreateRepository(ctx, &ecr.CreateRepositoryInput{
		RepositoryName: aws.String(r.Name()), ImageTagMutability: types.ImageTagMutability(want.Mutability), Tags: toECRTags(want.Tags),
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: want.ScanOnPush},
		EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: types.EncryptionType(want.Encryption)},
	})
	return made(r.Name(), err)
}

func (r *Repository) Update(ctx context.Context, id string, have, want RepositorySpec) error {
	if have.ScanOnPush != want.ScanOnPush {
		scan := &types.ImageScanningConfiguration{ScanOnPush: want.ScanOnPush}
		if _, err := r.Clients.ECR.PutImageScanningConfiguration(ctx, &ecr.PutImageScanningConfigurationInput{RepositoryName: &id, ImageScanningConfiguration: scan}); err != nil {
			return err
		}
	}
	if have.Mutability != want.Mutability {
		mutability := types.ImageTagMutability(want.Mutability)
		if _, err := r.Clients.ECR.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: &id, ImageTagMutability: mutability}); err != nil {
			return err
		}
	}
	if have.Lifecycle != want.Lifecycle {
		if _, err := r.Clients.ECR.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{RepositoryName: &id, LifecyclePolicyText: &want.Lifecycle}); err != nil {
			return err
		}
	}
	return r.repositoryTags().update(ctx, r.arn(), have.Tags, want.Tags)
}

// Delete deletes the repository, and its images only when that was asked for.
func (r *Repository) Delete(ctx context.Context, id string) error {
	_, err := r.Clients.ECR.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: &id, Force: r.DeleteImages})
	if cloud.Is(err, "RepositoryNotEmptyException") {
		return engine.Advise(fmt.Errorf("repository %s still has images: %w", id, err), "karmactl down --images")
	}
	return err
}
