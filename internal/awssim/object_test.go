package awssim

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

func newStorage(t *testing.T) (*Sim, *s3.Client) {
	t.Helper()
	s, err := New(Options{Clock: engine.RealClock{}})
	if err != nil {
		t.Fatal(err)
	}
	c := s3.NewFromConfig(s.Config())
	if _, err := c.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("state")}); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestAConditionalWriteComparesAndSwaps(t *testing.T) {
	ctx := context.Background()
	_, c := newStorage(t)
	put := func(body string, match, noneMatch *string) (*s3.PutObjectOutput, error) {
		return c.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String("state"), Key: aws.String("a/b"), Body: strings.NewReader(body), IfMatch: match, IfNoneMatch: noneMatch,
		})
	}
	first, err := put("one", nil, aws.String("*"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("two", nil, aws.String("*"))
	refused(t, "a second one where there is to be none", err, "PreconditionFailed")
	second, err := put("two", first.ETag, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("three", first.ETag, nil)
	refused(t, "an old ETag", err, "PreconditionFailed")
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("state"), Key: aws.String("a/b")})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(out.Body); string(b) != "two" || *out.ETag != *second.ETag {
		t.Errorf("read back %s %s", b, *out.ETag)
	}
	_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("state"), Key: aws.String("a/b"), IfMatch: first.ETag})
	refused(t, "a delete with an old ETag", err, "PreconditionFailed")
}

func TestAVersionedBucketKeepsWhatWasOverwrittenAndDeleted(t *testing.T) {
	ctx := context.Background()
	_, c := newStorage(t)
	bucket, key := aws.String("state"), aws.String("k")
	if _, err := c.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}}); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{"one", "two"} {
		if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader(body)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key}); err != nil {
		t.Fatal(err)
	}
	_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	refused(t, "a deleted key", err, "NoSuchKey")
	list, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket, Prefix: key})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Versions) != 2 || len(list.DeleteMarkers) != 1 || *list.Versions[0].IsLatest {
		t.Fatalf("got %d versions and %d markers", len(list.Versions), len(list.DeleteMarkers))
	}
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: list.Versions[1].VersionId})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(out.Body); string(b) != "one" {
		t.Errorf("the first version is %s", b)
	}
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	refused(t, "a bucket with versions", err, "BucketNotEmpty")
}

func TestAStrangersBucketIsForbidden(t *testing.T) {
	ctx := context.Background()
	s, c := newStorage(t)
	_ = s.Edit(func(w *World) { w.Buckets["state"].Owner = "999999999999" })
	_, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("state")})
	refused(t, "a look at it", err, "Forbidden")
	_, err = c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("state")})
	refused(t, "its name", err, "BucketAlreadyExists")
	_, err = c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("none")})
	refused(t, "none", err, "NotFound")
}
