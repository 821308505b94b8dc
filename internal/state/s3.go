package state

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// S3Client is the part of *s3.Client that the backend calls.
type S3Client interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	DeleteObject(context.Context, *s3.DeleteObjectInput, ...func(*s3.Options)) (*s3.DeleteObjectOutput, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

// S3Options say where in S3 the state is.
type S3Options struct {
	Bucket string
	// Prefix is the stack's own: its objects are <prefix>/state.json and <prefix>/lock.json.
	Prefix string
	// Owner is the account that the bucket must belong to, so that an account that
	// guessed the name first does not get our state; "" does not check.
	Owner string
	Clock engine.Clock
}

// S3 keeps the state in a bucket, which it expects to be versioned.
type S3 struct {
	client S3Client
	S3Options
}

// NewS3 makes the backend; it calls nothing yet.
func NewS3(client S3Client, o S3Options) *S3 { return &S3{client: client, S3Options: o} }

// maxObject is far more than any state; it bounds what a wrong object costs.
const maxObject = 64 << 20

// URI is s3://bucket/prefix.
func (b *S3) URI() string { return "s3://" + path.Join(b.Bucket, b.Prefix) }

func (b *S3) stateKey() string { return path.Join(b.Prefix, "state.json") }
func (b *S3) lockKey() string  { return path.Join(b.Prefix, "lock.json") }

// Read implements Backend.
func (b *S3) Read(ctx context.Context) ([]byte, string, error) {
	o, err := b.read(ctx, b.stateKey())
	return o.data, o.etag, err
}

// Write implements Backend.
func (b *S3) Write(ctx context.Context, data []byte, etag string) (string, error) {
	return b.put(ctx, b.stateKey(), data, etag)
}

// CreateLock implements Backend.
func (b *S3) CreateLock(ctx context.Context, data []byte) (string, error) {
	return b.put(ctx, b.lockKey(), data, "")
}

// ReadLock implements Backend.
func (b *S3) ReadLock(ctx context.Context) (StoredLock, error) {
	o, err := b.read(ctx, b.lockKey())
	return StoredLock{Data: o.data, ETag: o.etag, Age: o.age}, err
}

// ReplaceLock implements Backend.
func (b *S3) ReplaceLock(ctx context.Context, data []byte, etag string) (string, error) {
	return b.put(ctx, b.lockKey(), data, etag)
}

// DeleteLock implements Backend.
func (b *S3) DeleteLock(ctx context.Context, etag string) error {
	err := b.retry(ctx, func() error {
		_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{
			Bucket: &b.Bucket, Key: aws.String(b.lockKey()), IfMatch: &etag, ExpectedBucketOwner: b.owner(),
		})
		return err
	})
	err = b.explain("deleting", b.lockKey(), err)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	if errors.Is(err, ErrConflict) {
		// A failed precondition may also mean that there is no object any more.
		if _, rerr := b.ReadLock(ctx); errors.Is(rerr, ErrAbsent) {
			return nil
		}
	}
	return err
}

// ReadVersion implements Backend.
func (b *S3) ReadVersion(ctx context.Context, id string) ([]byte, error) {
	o, err := b.get(ctx, b.stateKey(), id)
	return o.data, err
}

// History implements Backend. S3 does not list the serial.
func (b *S3) History(ctx context.Context) ([]Version, error) {
	key := b.stateKey()
	in := &s3.ListObjectVersionsInput{Bucket: &b.Bucket, Prefix: &key, ExpectedBucketOwner: b.owner()}
	var all []Version
	for {
		out, err := b.client.ListObjectVersions(ctx, in)
		if err != nil {
			return nil, b.explain("listing the versions of", key, err)
		}
		for _, v := range out.Versions { // newest first within a key, says AWS
			if aws.ToString(v.Key) == key {
				all = append(all, Version{
					ID: aws.ToString(v.VersionId), Time: aws.ToTime(v.LastModified).UTC(),
					Size: aws.ToInt64(v.Size), Current: aws.ToBool(v.IsLatest),
				})
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return all, nil
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

func (b *S3) owner() *string {
	if b.Owner == "" {
		return nil
	}
	return &b.Owner
}

// explain says in the Backend's words what S3 answered.
func (b *S3) explain(doing, key string, err error) error {
	if err == nil {
		return nil
	}
	where := "s3://" + path.Join(b.Bucket, key)
	switch code(err) {
	case "NoSuchKey", "NotFound", "NoSuchVersion":
		return fmt.Errorf("%s %w", where, ErrAbsent)
	case "NoSuchBucket":
		return fmt.Errorf("%s: %w", where, ErrNoBucket)
	case "PreconditionFailed":
		return fmt.Errorf("%s was %w", where, ErrConflict)
	default:
		return fmt.Errorf("%s %s: %w", doing, where, err)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
