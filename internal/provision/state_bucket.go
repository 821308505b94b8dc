package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// StateBucketSpec is what we own of the bucket.
type StateBucketSpec struct {
	Versioned  bool
	Encryption string
	// Blocked: no public access of any of the four kinds.
	Blocked bool
	// ExpireDays is after how many days old versions of the state go.
	ExpireDays int
	Tags       cloud.Tags
}

// stateExpireDays keeps three months of the state's history.
const stateExpireDays = 90

// StateBucketName is the bucket of an account and region; the account's id makes
// it unique in the world.
func StateBucketName(a cloud.Account) string { return "karmactl-" + a.ID + "-" + a.Region }

// statePurpose is the tag of a bucket that karmactl made.
const statePurpose = "karmactl:purpose"

// historyRule is the ID of our rule among those of the bucket's lifecycle.
const historyRule = "karmactl-history"

// StateBucket holds the states of the stacks of an account and region. It is
// made by the first up and never deleted by down. It costs cents.
//
// A bucket that the user named and karmactl did not make is the user's: it is
// read, and never changed.
type StateBucket struct {
	engine.Ref
	*Env
	Bucket string
	Region string

	// made: by this run, so that it is ours before it has its tags.
	made bool
	// theirs: it was found, and is the user's own.
	theirs bool
}

func (b *StateBucket) Key() engine.Key      { return "state-bucket" }
func (b *StateBucket) Needs() []engine.Node { return nil }

// Want is a private bucket that keeps what was overwritten.
func (b *StateBucket) Want() StateBucketSpec {
	return StateBucketSpec{
		Versioned: true, Encryption: string(types.ServerSideEncryptionAes256), Blocked: true, ExpireDays: stateExpireDays, Tags: b.tags(),
	}
}

// tags are without the stack's own two: one bucket serves all stacks of an
// account and region, and each would take it for its own.
func (b *StateBucket) tags() cloud.Tags {
	return cloud.Tags{"Name": b.Bucket, statePurpose: "state"}
}

// Find looks for the name, which is unique over all accounts, and asks for the
// account's own: a stranger's bucket of that name is never written to.
func (b *StateBucket) Find(ctx context.Context, look engine.Look) (engine.Found[StateBucketSpec], error) {
	id := cmp.Or(look.ID, b.Bucket)
	if id == "" {
		return engine.Found[StateBucketSpec]{}, nil
	}
	owner := aws.String(b.Account.ID)
	_, err := b.Clients.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &id, ExpectedBucketOwner: owner})
	switch {
	case cloud.Is(err, "NotFound", "NoSuchBucket"):
		return engine.Found[StateBucketSpec]{}, nil
	case err != nil:
		if f := b.unreachable(id, err); f != nil {
			err = fmt.Errorf("%s: %w: %s", f.Cause, err, f.Fix)
		}
		return engine.Found[StateBucketSpec]{}, err
	}
	found := engine.Found[StateBucketSpec]{Phase: engine.Ready, ID: id}
	// Each setting is a call of its own, and none needs another's answer. What is not ours
	// may only be asked the basics, which its tags have to tell first.
	g, gctx := errgroup.WithContext(ctx)
	certain := b.managed(nil)
	g.Go(func() error { return b.readVersioning(gctx, &found.Spec, &id, owner) })
	g.Go(func() error { return b.readTags(gctx, &found.Spec, &id, owner) })
	if certain {
		b.readRest(gctx, g, &found.Spec, &id, owner)
	}
	if err := g.Wait(); err != nil {
		return found, err
	}
	if !b.managed(found.Spec.Tags) {
		if !found.Spec.Versioned {
			return engine.Found[StateBucketSpec]{}, fmt.Errorf("bucket %s is not versioned, so a damaged state could not be brought back: enable versioning on it (%s), or name another one with state in agents.yaml or --state", id, versionIt(id))
		}
		b.theirs = true
		found.Spec = b.Want() // the user's own: what it is otherwise is not asked
		return found, nil
	}
	if !certain {
		g, gctx := errgroup.WithContext(ctx)
		b.readRest(gctx, g, &found.Spec, &id, owner)
		return found, g.Wait()
	}
	return found, nil
}

// managed tells whether the bucket is karmactl's to change: the account's default
// one, and one that karmactl made under another name.
func (b *StateBucket) managed(tags cloud.Tags) bool {
	return b.made || b.Bucket == "" || b.Bucket == StateBucketName(b.Account) || tags[statePurpose] == "state"
}

func (b *StateBucket) readVersioning(ctx context.Context, s *StateBucketSpec, id, owner *string) error {
	v, err := b.Clients.S3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: id, ExpectedBucketOwner: owner})
	if err == nil {
		s.Versioned = v.Status == types.BucketVersioningStatusEnabled
	}
	return err
}

func (b *StateBucket) readTags(ctx context.Context, s *StateBucketSpec, id, owner *string) error {
	t, err := b.Clients.S3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: id, ExpectedBucketOwner: owner})
	if cloud.Is(err, "NoSuchTagSet") {
		return nil
	}
	if err != nil {
		return err
	}
	s.Tags = cloud.FromSDK(t.TagSet, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
	return nil
}

// readRest has g read what only a bucket of ours is asked.
func (b *StateBucket) readRest(ctx context.Context, g *errgroup.Group, s *StateBucketSpec, id, owner *string) {
	g.Go(func() error { return b.readEncryption(ctx, s, id, owner) })
	g.Go(func() error { return b.readBlock(ctx, s, id, owner) })
	g.Go(func() error { return b.readExpiry(ctx, s, id, owner) })
}

func (b *StateBucket) readEncryption(ctx context.Context, s *StateBucketSpec, id, owner *string) error {
	e, err := b.Clients.S3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: id, ExpectedBucketOwner: owner})
	if err != nil && !cloud.Is(err, "ServerSideEncryptionConfigurationNotFoundError") {
		return err
	}
	if err == nil && e.ServerSideEncryptionConfiguration != nil {
		for _, r := range e.ServerSideEncryptionConfiguration.Rules {
			if d := r.ApplyServerSideEncryptionByDefault; d != nil {
				s.Encryption = string(d.SSEAlgorithm)
			}
		}
	}
	return nil
}

func (b *StateBucket) readBlock(ctx context.Context, s *StateBucketSpec, id, owner *string) error {
	p, err := b.Clients.S3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: id, ExpectedBucketOwner: owner})
	if err != nil && !cloud.Is(err, "NoSuchPublicAccessBlockConfiguration") {
		return err
	}
	if err == nil && p.PublicAccessBlockConfiguration != nil {
		c := p.PublicAccessBlockConfiguration
		s.Blocked = aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.IgnorePublicAcls) && aws.ToBool(c.RestrictPublicBuckets)
	}
	return nil
}

func (b *StateBucket) readExpiry(ctx context.Context, s *StateBucketSpec, id, owner *string) error {
	rules, err := b.lifecycle(ctx, id, owner)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if aws.ToString(r.ID) == historyRule && r.Status == types.ExpirationStatusEnabled && r.NoncurrentVersionExpiration != nil {
			s.ExpireDays = int(aws.ToInt32(r.NoncurrentVersionExpiration.NoncurrentDays))
		}
	}
	return nil
}

// lifecycle are the bucket's rules, the user's among them.
func (b *StateBucket) lifecycle(ctx context.Context, id, owner *string) ([]types.LifecycleRule, error) {
	l, err := b.Clients.S3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: id, ExpectedBucketOwner: owner})
	if cloud.Is(err, "NoSuchLifecycleConfiguration") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.Rules, nil
}

// Diff compares. Another encryption, such as a key of the user's own, is left
// alone: it is no weaker.
func (b *StateBucket) Diff(have, want StateBucketSpec) []engine.Change {
	encryption := essential(field("encryption", have.Encryption, want.Encryption))
	if have.Encryption != "" {
		encryption = nil
	}
	set, _ := have.Tags.Changed(want.Tags)
	return changes(
		essential(field("versioned", have.Versioned, want.Versioned)),
		encryption,
		essential(field("public_access_blocked", have.Blocked, want.Blocked)),
		field("expire_days", have.ExpireDays, want.ExpireDays),
		cloud.DiffTags(nil, set), // tags of the user's own stay
	)
}

// Create makes the bucket; its settings are left to Update.
func (b *StateBucket) Create(ctx context.Context, _ StateBucketSpec, _ string) (string, error) {
	in := &s3.CreateBucketInput{Bucket: &b.Bucket}
	if b.Region != "us-east-1" { // which has no name here
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(b.Region)}
	}
	_, err := b.Clients.S3.CreateBucket(ctx, in)
	switch {
	case cloud.Is(err, "BucketAlreadyExists"):
		return "", fmt.Errorf("the name %s belongs to another account: %w: name another bucket with state in agents.yaml or --state", b.Bucket, err)
	case err != nil && !cloud.Is(err, "BucketAlreadyOwnedByYou"):
		return "", err
	}
	b.made = true
	return b.Bucket, nil
}

// Update sets what differs, the tags first: they say that the bucket is ours.
func (b *StateBucket) Update(ctx context.Context, id string, have, want StateBucketSpec) error {
	if err := b.tag(ctx, id, have.Tags, want.Tags); err != nil {
		return err
	}
	owner := aws.String(b.Account.ID)
	if have.Blocked != want.Blocked {
		yes := aws.Bool(true)
		_, err := b.Clients.S3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &id, ExpectedBucketOwner: owner, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes,
		}})
		if err != nil {
			return err
		}
	}
	if have.Encryption == "" {
		_, err := b.Clients.S3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &id, ExpectedBucketOwner: owner, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
			Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryption(want.Encryption)}}},
		}})
		if err != nil {
			return err
		}
	}
	if have.Versioned != want.Versioned {
		_, err := b.Clients.S3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket: &id, ExpectedBucketOwner: owner, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			return err
		}
	}
	if have.ExpireDays != want.ExpireDays {
		if err := b.expire(ctx, &id, owner, want.ExpireDays); err != nil {
			return err
		}
	}
	return nil
}

// expire sets our rule of the lifecycle. The call replaces all rules, so the
// others go with it.
func (b *StateBucket) expire(ctx context.Context, id, owner *string, days int) error {
	rules, err := b.lifecycle(ctx, id, owner)
	if err != nil {
		return err
	}
	rules = slices.DeleteFunc(slices.Clone(rules), func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == historyRule })
	rules = append(rules, types.LifecycleRule{
		ID: aws.String(historyRule), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
		NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(int32(days))}, //nolint:gosec // 90
	})
	return failure(b.Clients.S3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: id, ExpectedBucketOwner: owner, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules},
	}))
}

// tag adds what is missing. The call replaces all tags, so the others go with it.
func (b *StateBucket) tag(ctx context.Context, id string, have, want cloud.Tags) error {
	set, _ := have.Changed(want)
	if len(set) == 0 {
		return nil
	}
	for k, v := range have {
		if _, ok := set[k]; !ok {
			set[k] = v
		}
	}
	return failure(b.Clients.S3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{
		Bucket: &id, ExpectedBucketOwner: aws.String(b.Account.ID),
		Tagging: &types.Tagging{TagSet: cloud.ToSDK(set, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })},
	}))
}

// Delete deletes the bucket when nothing is in it; down never asks for it.
func (b *StateBucket) Delete(ctx context.Context, id string) error {
	return failure(b.Clients.S3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &id, ExpectedBucketOwner: aws.String(b.Account.ID)}))
}
