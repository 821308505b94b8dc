package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// object is what S3 answered to a GetObject.
type object struct {
	data []byte
	etag string
	// age is the time since it was written, by S3's clock; UnknownAge when the
	// answer does not say.
	age time.Duration
}

func (b *S3) get(ctx context.Context, key, version string) (object, error) {
	in := &s3.GetObjectInput{Bucket: &b.Bucket, Key: &key, ExpectedBucketOwner: b.owner()}
	if version != "" {
		in.VersionId = &version
	}
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return object{}, b.explain("reading", key, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(io.LimitReader(out.Body, maxObject))
	if err != nil {
		return object{}, b.explain("reading", key, err)
	}
	o := object{data: data, etag: aws.ToString(out.ETag), age: UnknownAge}
	if now, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && out.LastModified != nil {
		o.age = max(now.Sub(*out.LastModified), 0)
	}
	return o, nil
}

// Up to 15 minutes after versioning was enabled, S3 may answer 404 for an object
// that is there, to reads and to conditional writes:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
// Such an answer is checked, and the call repeated up to the last of these waits.
const (
	firstDoubt = 250 * time.Millisecond
	lastDoubt  = 4 * time.Second
)

// read is the current object. A 404 counts when the listing of versions, which is
// consistent, has no current one either.
func (b *S3) read(ctx context.Context, key string) (object, error) {
	for wait := firstDoubt; ; wait *= 2 {
		o, err := b.get(ctx, key, "")
		if !errors.Is(err, ErrAbsent) {
			return o, err
		}
		there, lerr := b.listed(ctx, key)
		switch {
		case lerr != nil:
			return object{}, lerr
		case !there:
			return object{}, err
		case wait > lastDoubt:
			return object{}, fmt.Errorf("s3://%s is listed and S3 does not give it: its bucket may be new: run this again in some minutes", path.Join(b.Bucket, key))
		}
		if err := b.Clock.Wait(ctx, wait); err != nil {
			return object{}, err
		}
	}
}

// listed tells whether the listing of versions has a current object of that key.
func (b *S3) listed(ctx context.Context, key string) (bool, error) {
	out, err := b.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket: &b.Bucket, Prefix: &key, ExpectedBucketOwner: b.owner(), MaxKeys: aws.Int32(1),
	})
	if err != nil {
		return false, b.explain("listing the versions of", key, err)
	}
	for _, v := range out.Versions {
		if aws.ToString(v.Key) == key && aws.ToBool(v.IsLatest) {
			return true, nil
		}
	}
	return false, nil
}

// put writes the object over the one with that etag, or where there is none. A
// refusal although that very object is there decided nothing, and is tried again.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func (b *S3) put(ctx context.Context, key string, data []byte, etag string) (string, error) {
	for wait := firstDoubt; ; wait *= 2 {
		next, err := b.putOnce(ctx, key, data, etag)
		if !errors.Is(err, ErrConflict) || etag == "" || wait > lastDoubt {
			return next, err
		}
		there, rerr := b.read(ctx, key)
		if rerr != nil || there.etag != etag {
			return "", err
		}
		if werr := b.Clock.Wait(ctx, wait); werr != nil {
			return "", errors.Join(werr, err)
		}
	}
}

func (b *S3) putOnce(ctx context.Context, key string, data []byte, etag string) (string, error) {
	in := &s3.PutObjectInput{
		Bucket: &b.Bucket, Key: &key, ExpectedBucketOwner: b.owner(), ContentType: aws.String("application/json"),
	}
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &etag
	}
	var out *s3.PutObjectOutput
	err := b.retry(ctx, func() (err error) {
		in.Body = bytes.NewReader(data)
		out, err = b.client.PutObject(ctx, in)
		return err
	})
	err = b.explain("writing", key, err)
	if errors.Is(err, ErrAbsent) { // the object that If-Match names is gone
		return "", fmt.Errorf("%w: it was deleted", errors.Join(ErrConflict, err))
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

// retry repeats a conditional call that raced with another: S3 answers 409
// ConditionalRequestConflict without having decided, and the SDK does not retry it.
func (b *S3) retry(ctx context.Context, call func() error) error {
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := call()
		if code(err) != "ConditionalRequestConflict" || wait > 5*time.Second {
			return err
		}
		if werr := b.Clock.Wait(ctx, wait); werr != nil {
			return errors.Join(werr, err)
		}
	}
}
