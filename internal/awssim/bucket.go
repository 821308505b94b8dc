package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Bucket is a simulated bucket. Names are unique over all accounts: one with
// another Owner is a stranger's. What is in it is in object.go.
type Bucket struct {
	Name       string
	Owner      string
	Region     string
	Versioning types.BucketVersioningStatus
	Encryption types.ServerSideEncryption
	// Key is the ARN of the customer's key that Encryption is with; "" is none or AWS's own.
	Key string
	// Access says which of the four kinds of public access are blocked; nil is none.
	Access *types.PublicAccessBlockConfiguration
	// Policy is the bucket's own as JSON; "" is none.
	Policy string `json:",omitempty"`
	// Lifecycle are the rules; nil is none.
	Lifecycle []types.LifecycleRule
	Tags      cloud.Tags
	// Objects are the versions of each key, the latest last.
	Objects map[string][]*Object
	Created time.Time
}

func (s *Sim) bucketNoun() noun {
	return noun{
		ops: []operation{
			on("S3.CreateBucket", s.createBucket, "Bucket", "CreateBucketConfiguration"),
			on("S3.HeadBucket", s.headBucket, "Bucket", "ExpectedBucketOwner"),
			on("S3.PutBucketVersioning", s.putBucketVersioning, "Bucket", "VersioningConfiguration", "ExpectedBucketOwner", "ChecksumAlgorithm"),
			on("S3.GetBucketVersioning", s.getBucketVersioning, "Bucket", "ExpectedBucketOwner"),
			on("S3.PutBucketEncryption", s.putBucketEncryption, "Bucket", "ServerSideEncryptionConfiguration", "ExpectedBucketOwner", "ChecksumAlgorithm"),
			on("S3.GetBucketEncryption", s.getBucketEncryption, "Bucket", "ExpectedBucketOwner"),
			on("S3.PutPublicAccessBlock", s.putPublicAccessBlock, "Bucket", "PublicAccessBlockConfiguration", "ExpectedBucketOwner", "ChecksumAlgorithm"),
			on("S3.GetPublicAccessBlock", s.getPublicAccessBlock, "Bucket", "ExpectedBucketOwner"),
			on("S3.GetBucketPolicy", s.getBucketPolicy, "Bucket", "ExpectedBucketOwner"),
			on("S3.PutBucketLifecycleConfiguration", s.putBucketLifecycle, "Bucket", "LifecycleConfiguration", "ExpectedBucketOwner", "ChecksumAlgorithm"),
			on("S3.GetBucketLifecycleConfiguration", s.getBucketLifecycle, "Bucket", "ExpectedBucketOwner"),
			on("S3.PutBucketTagging", s.putBucketTagging, "Bucket", "Tagging", "ExpectedBucketOwner", "ChecksumAlgorithm"),
			on("S3.GetBucketTagging", s.getBucketTagging, "Bucket", "ExpectedBucketOwner"),
			on("S3.DeleteBucket", s.deleteBucket, "Bucket", "ExpectedBucketOwner"),
		},
		each: func(tell func(thing)) {
			for name := range s.world.Buckets {
				tell(thing{kind: "bucket", name: name})
			}
		},
	}
}

// bucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
var bucketName = lazyregexp.New(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// hasBucket tells whether a bucket exists.
func (s *Sim) hasBucket(name string) bool { return s.world.Buckets[name] != nil }

// bucket is a bucket of the account's own, in its region.
func (s *Sim) bucket(name, owner *string) (*Bucket, error) {
	b := s.world.Buckets[aws.ToString(name)]
	switch {
	case b == nil:
		return nil, fail("NoSuchBucket", "The specified bucket does not exist")
	case b.Owner != s.world.Account || owner != nil && *owner != b.Owner:
		return nil, fail("AccessDenied", "Access Denied")
	case b.Region != s.world.Region:
		return nil, fail("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
	}
	return b, nil
}

func (s *Sim) createBucket(in *s3.CreateBucketInput) (*s3.CreateBucketOutput, error) {
	name := aws.ToString(in.Bucket)
	if !bucketName.MatchString(name) || strings.Contains(name, "..") {
		return nil, fail("InvalidBucketName", "The specified bucket is not valid.")
	}
	region := "us-east-1"
	var tags cloud.Tags
	if c := in.CreateBucketConfiguration; c != nil {
		tags = fromBucketTags(c.Tags)
		switch c.LocationConstraint {
		case "us-east-1":
			return nil, fail("InvalidLocationConstraint", "The specified location-constraint is not valid")
		case "":
		default:
			region = string(c.LocationConstraint)
		}
	}
	if region != s.world.Region {
		return nil, fail("IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	}
	switch have := s.world.Buckets[name]; {
	case have == nil && s.now().Before(s.world.FreedBuckets[name].Add(bucketLeaving)):
		return nil, conflicting()
	case have == nil:
	case have.Owner != s.world.Account:
		return nil, fail("BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system.")
	case region != "us-east-1":
		return nil, fail("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	default: // us-east-1 answers 200, for what S3 once was
		return &s3.CreateBucketOutput{Location: aws.String("/" + name)}, nil
	}
	if tags == nil {
		tags = cloud.Tags{}
	}
	s.world.Buckets[name] = &Bucket{
		Name: name, Owner: s.world.Account, Region: region, Encryption: types.ServerSideEncryptionAes256, Access: blockedAccess(),
		Tags: tags, Objects: map[string][]*Object{}, Created: s.now(),
	}
	return &s3.CreateBucketOutput{Location: aws.String("/" + name)}, nil
}

// How long S3 is still at work on a bucket. Changes of a new one are refused now and
// then, here always, for its first second; a deleted one's name is taken for up to an
// hour, here for a minute: hashicorp/terraform-provider-aws#7628, aws/aws-cli#2593.
const (
	bucketMaking  = time.Second
	bucketLeaving = time.Minute
)

func conflicting() error {
	return fail("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.")
}

// changeable is a bucket of the account's own that S3 has made in full.
func (s *Sim) changeable(name, owner *string) (*Bucket, error) {
	b, err := s.bucket(name, owner)
	if err == nil && s.opts.Visible > 0 && s.now().Before(b.Created.Add(bucketMaking)) {
		return nil, conflicting()
	}
	return b, err
}

// headBucket has no body, so its errors are the bare statuses.
func (s *Sim) headBucket(in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	switch {
	case cloud.Is(err, "NoSuchBucket"):
		return nil, fail("NotFound", "Not Found")
	case cloud.Is(err, "AccessDenied"):
		return nil, fail("Forbidden", "Forbidden")
	case cloud.Is(err, "PermanentRedirect"):
		return nil, fail("MovedPermanently", "Moved Permanently")
	case err != nil:
		return nil, err
	}
	return &s3.HeadBucketOutput{BucketRegion: aws.String(b.Region)}, nil
}

func (s *Sim) putBucketVersioning(in *s3.PutBucketVersioningInput) (*s3.PutBucketVersioningOutput, error) {
	b, err := s.changeable(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.Versioning = in.VersioningConfiguration.Status
	return &s3.PutBucketVersioningOutput{}, nil
}

func (s *Sim) getBucketVersioning(in *s3.GetBucketVersioningInput) (*s3.GetBucketVersioningOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketVersioningOutput{Status: b.Versioning}, nil
}

func (s *Sim) putBucketEncryption(in *s3.PutBucketEncryptionInput) (*s3.PutBucketEncryptionOutput, error) {
	b, err := s.changeable(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	rules := in.ServerSideEncryptionConfiguration.Rules
	if len(rules) != 1 || rules[0].ApplyServerSideEncryptionByDefault == nil {
		return nil, fail("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	b.Encryption = rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm
	return &s3.PutBucketEncryptionOutput{}, nil
}

func (s *Sim) getBucketEncryption(in *s3.GetBucketEncryptionInput) (*s3.GetBucketEncryptionOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: b.Encryption}}},
	}}, nil
}

func (s *Sim) putPublicAccessBlock(in *s3.PutPublicAccessBlockInput) (*s3.PutPublicAccessBlockOutput, error) {
	b, err := s.changeable(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	b.Access = in.PublicAccessBlockConfiguration
	return &s3.PutPublicAccessBlockOutput{}, nil
}

func (s *Sim) getPublicAccessBlock(in *s3.GetPublicAccessBlockInput) (*s3.GetPublicAccessBlockOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Access == nil {
		return nil, fail("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	}
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: b.Access}, nil
}

// getBucketPolicy is the policy as it was put; none is an error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (s *Sim) getBucketPolicy(in *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if b.Policy == "" {
		return nil, fail("NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return &s3.GetBucketPolicyOutput{Policy: &b.Policy}, nil
}

// blockedAccess is what a new bucket has since April 2023.
func blockedAccess() *types.PublicAccessBlockConfiguration {
	yes := aws.Bool(true)
	return &types.PublicAccessBlockConfiguration{BlockPublicAcls: yes, BlockPublicPolicy: yes, IgnorePublicAcls: yes, RestrictPublicBuckets: yes}
}

// putBucketLifecycle replaces all rules.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
func (s *Sim) putBucketLifecycle(in *s3.PutBucketLifecycleConfigurationInput) (*s3.PutBucketLifecycleConfigurationOutput, error) {
	b, err := s.changeable(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	rules := slices.Clone(in.LifecycleConfiguration.Rules)
	ids := map[string]bool{}
	for i, r := range rules {
		if r.Filter == nil || r.Status == "" || r.Expiration == nil && r.NoncurrentVersionExpiration == nil {
			return nil, fail("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		if r.ID == nil {
			rules[i].ID = aws.String(fmt.Sprintf("rule-%d", i+1))
		}
		if ids[*rules[i].ID] {
			return nil, fail("InvalidArgument", "RuleId must be unique. Found same ID for more than one rule")
		}
		ids[*rules[i].ID] = true
	}
	b.Lifecycle = rules
	return &s3.PutBucketLifecycleConfigurationOutput{}, nil
}

func (s *Sim) getBucketLifecycle(in *s3.GetBucketLifecycleConfigurationInput) (*s3.GetBucketLifecycleConfigurationOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Lifecycle) == 0 {
		return nil, fail("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
	}
	return &s3.GetBucketLifecycleConfigurationOutput{Rules: slices.Clone(b.Lifecycle)}, nil
}

func fromBucketTags(tags []types.Tag) cloud.Tags {
	return cloud.FromSDK(tags, func(t types.Tag) (string, string) { return aws.ToString(t.Key), aws.ToString(t.Value) })
}

// putBucketTagging replaces all tags.
func (s *Sim) putBucketTagging(in *s3.PutBucketTaggingInput) (*s3.PutBucketTaggingOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	tags := fromBucketTags(in.Tagging.TagSet)
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	b.Tags = maps.Clone(tags)
	return &s3.PutBucketTaggingOutput{}, nil
}

func (s *Sim) getBucketTagging(in *s3.GetBucketTaggingInput) (*s3.GetBucketTaggingOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, fail("NoSuchTagSet", "The TagSet does not exist")
	}
	return &s3.GetBucketTaggingOutput{TagSet: cloud.ToSDK(b.Tags, func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} })}, nil
}

func (s *Sim) deleteBucket(in *s3.DeleteBucketInput) (*s3.DeleteBucketOutput, error) {
	b, err := s.changeable(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(sorted(b.Objects), func(v []*Object) bool { return len(v) > 0 }) {
		return nil, fail("BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
	}
	delete(s.world.Buckets, b.Name)
	s.world.FreedBuckets[b.Name] = s.now()
	return &s3.DeleteBucketOutput{}, nil
}
