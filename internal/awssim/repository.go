package awssim

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Repository is a simulated ECR repository.
type Repository struct {
	Name       string
	ARN        string
	URI        string
	ScanOnPush bool
	Mutability types.ImageTagMutability
	Encryption types.EncryptionType
	Lifecycle  string
	Tags       cloud.Tags
	Created    time.Time
	Images     map[string]*RepositoryImage // by digest
	Blobs      []string                    // digests of layers and configurations
}

func (s *Sim) repositoryNoun() noun {
	return noun{
		ops: []operation{
			on("ECR.CreateRepository", s.createRepository, "RepositoryName", "ImageTagMutability", "ImageScanningConfiguration", "EncryptionConfiguration", "Tags"),
			on("ECR.DescribeRepositories", s.describeRepositories, "RepositoryNames").pages("Repositories", 100, 1000, "RepositoryNames"),
			on("ECR.DeleteRepository", s.deleteRepository, "RepositoryName", "Force"),
			on("ECR.PutLifecyclePolicy", s.putLifecyclePolicy, "RepositoryName", "LifecyclePolicyText"),
			on("ECR.GetLifecyclePolicy", s.getLifecyclePolicy, "RepositoryName"),
			on("ECR.DeleteLifecyclePolicy", s.deleteLifecyclePolicy, "RepositoryName"),
			on("ECR.PutImageScanningConfiguration", s.putImageScanningConfiguration, "RepositoryName", "ImageScanningConfiguration"),
			on("ECR.PutImageTagMutability", s.putImageTagMutability, "RepositoryName", "ImageTagMutability"),
			on("ECR.ListTagsForResource", s.listRepositoryTags, "ResourceArn"),
			on("ECR.TagResource", s.tagRepository, "ResourceArn", "Tags"),
			on("ECR.UntagResource", s.untagRepository, "ResourceArn", "TagKeys"),
			on("ECR.GetAuthorizationToken", s.getAuthorizationToken),
			on("ECR.GetAccountSetting", s.getRegistrySetting, "Name"),
		},
		each: func(tell func(thing)) {
			for _, r := range s.world.Repositories {
				tell(thing{kind: "repository", name: r.Name, tags: r.Tags, arn: r.ARN, since: r.Created})
			}
		},
	}
}

var repositoryName = lazyregexp.New(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func (s *Sim) repository(name string) (*Repository, error) {
	r := s.world.Repositories[name]
	if r == nil || !s.visible(r.Created) {
		return nil, fail("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, s.world.Account)
	}
	return r, nil
}

// registryHost is the account's own registry. It needs no lock: account and region are for ever.
func (s *Sim) registryHost() string {
	return s.opts.Account + ".dkr.ecr." + s.opts.Region + ".amazonaws.com"
}

func (s *Sim) createRepository(in *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error) {
	name := aws.ToString(in.RepositoryName)
	if len(name) < 2 || len(name) > 256 || !repositoryName.MatchString(name) {
		return nil, fail("InvalidParameterException", "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression'")
	}
	if s.world.Repositories[name] != nil {
		return nil, fail("RepositoryAlreadyExistsException", "The repository with name '%s' already exists in the registry with id '%s'", name, s.world.Account)
	}
	r := &Repository{
		Name: name, ARN: s.world.arn("ecr", "repository/"+name), URI: s.registryHost() + "/" + name, Mutability: types.ImageTagMutabilityMutable,
		Encryption: types.EncryptionTypeAes256, Tags: fromECRTags(in.Tags), Created: s.now(), Images: map[string]*RepositoryImage{},
	}
	if in.ImageTagMutability != "" {
		r.Mutability = in.ImageTagMutability
	}
	if in.ImageScanningConfiguration != nil {
		r.ScanOnPush = in.ImageScanningConfiguration.ScanOnPush
	}
	if in.EncryptionConfiguration != nil {
		r.Encryption = in.EncryptionConfiguration.EncryptionType
	}
	if err := validTags(r.Tags, "InvalidTagParameterException"); err != nil {
		return nil, err
	}
	s.world.Repositories[name] = r
	return &ecr.CreateRepositoryOutput{Repository: r.describe(s.world.Account)}, nil
}

func (r *Repository) describe(account string) *types.Repository {
	return &types.Repository{
		RepositoryName: &r.Name, RepositoryArn: &r.ARN, RepositoryUri: &r.URI, RegistryId: &account, CreatedAt: &r.Created, ImageTagMutability: r.Mutability,
		ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: r.ScanOnPush},
		EncryptionConfiguration:    &types.EncryptionConfiguration{EncryptionType: r.Encryption},
	}
}

func (s *Sim) describeRepositories(in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	for _, name := range in.RepositoryNames {
		if _, err := s.repository(name); err != nil {
			return nil, err
		}
	}
	var all []types.Repository
	for _, r := range sorted(s.world.Repositories) {
		if s.visible(r.Created) && wanted(in.RepositoryNames, r.Name) {
			all = append(all, *r.describe(s.world.Account))
		}
	}
	out := &ecr.DescribeRepositoriesOutput{}
	out.Repositories = all
	return out, nil
}

func (s *Sim) deleteRepository(in *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	if len(r.Images) > 0 && !in.Force {
		return nil, fail("RepositoryNotEmptyException", "The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", r.Name, s.world.Account)
	}
	delete(s.world.Repositories, r.Name)
	return &ecr.DeleteRepositoryOutput{Repository: r.describe(s.world.Account)}, nil
}

func (s *Sim) putLifecyclePolicy(in *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	if err := validLifecycle(aws.ToString(in.LifecyclePolicyText)); err != nil {
		return nil, err
	}
	r.Lifecycle = aws.ToString(in.LifecyclePolicyText)
	return &ecr.PutLifecyclePolicyOutput{RepositoryName: &r.Name, LifecyclePolicyText: &r.Lifecycle}, nil
}

// validLifecycle checks rules as ECR does:
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
func validLifecycle(text string) error {
	bad := func(why string) error {
		return fail("InvalidParameterException", "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: '%s'", why)
	}
	rules, err := lifecycleRules(text)
	if err != nil || len(rules) == 0 {
		return bad("Lifecycle policy validation failure: not a policy")
	}
	seen, last := map[int]bool{}, 0
	for _, r := range rules {
		last = max(last, r.RulePriority)
	}
	for _, r := range rules {
		sel := r.Selection
		switch {
		case r.RulePriority < 1 || seen[r.RulePriority]:
			return bad("rulePriority must be positive and unique")
		case r.Action.Type != "expire":
			return bad("action must be expire")
		case !slices.Contains([]string{"tagged", "untagged", "any"}, sel.TagStatus) || sel.CountNumber < 1:
			return bad("selection is not valid")
		case sel.TagStatus == "tagged" && len(sel.TagPrefixList)+len(sel.TagPatternList) == 0:
			return bad("tagStatus tagged needs tagPrefixList or tagPatternList")
		case sel.TagStatus == "any" && r.RulePriority != last:
			return bad("a rule for any image must have the highest rulePriority")
		case sel.CountType == "sinceImagePushed" && sel.CountUnit != "days",
			sel.CountType == "imageCountMoreThan" && sel.CountUnit != "",
			sel.CountType != "sinceImagePushed" && sel.CountType != "imageCountMoreThan":
			return bad("countType and countUnit do not fit")
		}
		seen[r.RulePriority] = true
	}
	return nil
}

func (s *Sim) getLifecyclePolicy(in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	if r.Lifecycle == "" {
		return nil, fail("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository with name '%s' in the registry with id '%s'", r.Name, s.world.Account)
	}
	return &ecr.GetLifecyclePolicyOutput{RepositoryName: &r.Name, LifecyclePolicyText: &r.Lifecycle}, nil
}

func (s *Sim) deleteLifecyclePolicy(in *ecr.DeleteLifecyclePolicyInput) (*ecr.DeleteLifecyclePolicyOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	if r.Lifecycle == "" {
		return nil, fail("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository with name '%s'", r.Name)
	}
	r.Lifecycle = ""
	return &ecr.DeleteLifecyclePolicyOutput{RepositoryName: &r.Name}, nil
}

func (s *Sim) putImageScanningConfiguration(in *ecr.PutImageScanningConfigurationInput) (*ecr.PutImageScanningConfigurationOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	r.ScanOnPush = in.ImageScanningConfiguration.ScanOnPush
	return &ecr.PutImageScanningConfigurationOutput{}, nil
}

func (s *Sim) putImageTagMutability(in *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error) {
	r, err := s.repository(aws.ToString(in.RepositoryName))
	if err != nil {
		return nil, err
	}
	r.Mutability = in.ImageTagMutability
	return &ecr.PutImageTagMutabilityOutput{}, nil
}

func (s *Sim) repositoryAt(arn string) (*Repository, error) {
	for _, r := range s.world.Repositories {
		if r.ARN == arn {
			return s.repository(r.Name)
		}
	}
	return s.repository(arn)
}

func (s *Sim) listRepositoryTags(in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	r, err := s.repositoryAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &ecr.ListTagsForResourceOutput{Tags: append([]types.Tag{}, cloud.ToSDK(r.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })...)}, nil
}

func (s *Sim) tagRepository(in *ecr.TagResourceInput) (*ecr.TagResourceOutput, error) {
	r, err := s.repositoryAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &ecr.TagResourceOutput{}, retag(r.Tags, fromECRTags(in.Tags), nil, "InvalidTagParameterException")
}

func (s *Sim) untagRepository(in *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error) {
	r, err := s.repositoryAt(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &ecr.UntagResourceOutput{}, retag(r.Tags, nil, in.TagKeys, "InvalidTagParameterException")
}

// getAuthorizationToken gives a user and password for the registry, good for twelve hours.
func (s *Sim) getAuthorizationToken(*ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{
		AuthorizationToken: aws.String(registryToken()),
		ExpiresAt:          aws.Time(s.now().Add(12 * time.Hour)), ProxyEndpoint: aws.String("https://" + s.registryHost()),
	}}}, nil
}

func fromECRTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}
