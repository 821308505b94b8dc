package awssim

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's own ETag
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Object is one version of what a bucket has under a key.
type Object struct {
	Version string
	Body    []byte
	ETag    string
	// Deleted is a delete marker: the key is gone, older versions are not.
	Deleted  bool
	Metadata map[string]string
	Type     string
	Modified time.Time
}

func (s *Sim) objectNoun() noun {
	return noun{
		ops: []operation{
			on("S3.PutObject", s.putObject, "Bucket", "Key", "Body", "IfMatch", "IfNoneMatch", "ContentType", "ContentLength", "Metadata", "ExpectedBucketOwner", "ServerSideEncryption", "ChecksumAlgorithm"),
			on("S3.GetObject", s.getObject, "Bucket", "Key", "VersionId", "IfMatch", "IfNoneMatch", "ExpectedBucketOwner", "ChecksumMode"),
			on("S3.HeadObject", s.headObject, "Bucket", "Key", "VersionId", "IfMatch", "IfNoneMatch", "ExpectedBucketOwner", "ChecksumMode"),
			on("S3.DeleteObject", s.deleteObject, "Bucket", "Key", "VersionId", "IfMatch", "ExpectedBucketOwner"),
			on("S3.ListObjectsV2", s.listObjects, "Bucket", "Prefix", "ContinuationToken", "StartAfter", "MaxKeys", "ExpectedBucketOwner"),
			on("S3.ListObjectVersions", s.listObjectVersions, "Bucket", "Prefix", "KeyMarker", "VersionIdMarker", "MaxKeys", "ExpectedBucketOwner"),
		},
	}
}

// ConditionalRequestConflict is what S3 answers to one of two conditional writes
// that race; injected, since here calls come one after the other.
func ConditionalRequestConflict() error {
	return fail("ConditionalRequestConflict", "A conflicting conditional operation is currently in progress against this resource. Please try again.")
}

// latest is the current version of a key, nil when there is none.
func (b *Bucket) latest(key string) *Object {
	vs := b.Objects[key]
	if len(vs) == 0 || vs[len(vs)-1].Deleted {
		return nil
	}
	return vs[len(vs)-1]
}

// conditions holds If-Match and If-None-Match of a write:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func conditions(have *Object, match, noneMatch *string) error {
	failed := fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	switch {
	case noneMatch != nil && *noneMatch != "*":
		return fail("NotImplemented", "A header you provided implies functionality that is not implemented")
	case noneMatch != nil && have != nil:
		return failed
	case match != nil && have == nil:
		return fail("NoSuchKey", "The specified key does not exist.")
	case match != nil && *match != "*" && strings.Trim(*match, `"`) != strings.Trim(have.ETag, `"`):
		return failed
	}
	return nil
}

func (s *Sim) putObject(in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	key := aws.ToString(in.Key)
	if key == "" || len(key) > 1024 {
		return nil, fail("KeyTooLongError", "Your key is too long")
	}
	if err := conditions(b.latest(key), in.IfMatch, in.IfNoneMatch); err != nil {
		return nil, err
	}
	body, err := readBody(in.Body)
	if err != nil {
		return nil, err
	}
	sum := md5.Sum(body) //nolint:gosec // S3's own ETag
	o := &Object{
		Body: body, ETag: `"` + hex.EncodeToString(sum[:]) + `"`, Metadata: maps.Clone(in.Metadata),
		Type: aws.ToString(in.ContentType), Modified: s.now(),
	}
	s.addVersion(b, key, o)
	return &s3.PutObjectOutput{ETag: aws.String(o.ETag), VersionId: versionOf(o), ServerSideEncryption: b.Encryption}, nil
}

// readBody reads from the start, also when the SDK sends the same body again.
func readBody(r io.Reader) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	if s, ok := r.(io.Seeker); ok {
		if _, err := s.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(r)
}

// addVersion keeps older versions only in a bucket that is versioned.
func (s *Sim) addVersion(b *Bucket, key string, o *Object) {
	if b.Versioning != types.BucketVersioningStatusEnabled {
		o.Version = "null"
		b.Objects[key] = slices.DeleteFunc(b.Objects[key], func(v *Object) bool { return v.Version == "null" })
	} else {
		o.Version = s.world.hash()
	}
	b.Objects[key] = append(b.Objects[key], o)
}

func versionOf(o *Object) *string {
	if o.Version == "null" {
		return nil
	}
	return aws.String(o.Version)
}

// object is the version asked for.
func (s *Sim) object(bucket, owner, key, version, match, noneMatch *string) (*Object, error) {
	b, err := s.bucket(bucket, owner)
	if err != nil {
		return nil, err
	}
	o := b.latest(aws.ToString(key))
	if version != nil {
		i := slices.IndexFunc(b.Objects[aws.ToString(key)], func(v *Object) bool { return v.Version == *version })
		if i < 0 {
			return nil, fail("NoSuchVersion", "The specified version does not exist.")
		}
		o = b.Objects[aws.ToString(key)][i]
		if o.Deleted {
			return nil, fail("MethodNotAllowed", "The specified method is not allowed against this resource.")
		}
	}
	switch {
	case o == nil:
		return nil, fail("NoSuchKey", "The specified key does not exist.")
	case match != nil && *match != o.ETag:
		return nil, fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case noneMatch != nil && *noneMatch == o.ETag:
		return nil, fail("NotModified", "Not Modified")
	}
	return o, nil
}

func (s *Sim) getObject(in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	o, err := s.object(in.Bucket, in.ExpectedBucketOwner, in.Key, in.VersionId, in.IfMatch, in.IfNoneMatch)
	if err != nil {
		return nil, err
	}
	return &s3.GetObjectOutput{
		Body: io.NopCloser(bytes.NewReader(o.Body)), ContentLength: aws.Int64(int64(len(o.Body))), ETag: aws.String(o.ETag),
		VersionId: versionOf(o), LastModified: aws.Time(o.Modified), Metadata: given(o.Metadata), ContentType: aws.String(o.Type),
		AcceptRanges: aws.String("bytes"), ServerSideEncryption: types.ServerSideEncryptionAes256,
	}, nil
}

// given is what an object was given with it, which a client reads as nothing and not
// as unknown.
func given(metadata map[string]string) map[string]string {
	if metadata == nil {
		return map[string]string{}
	}
	return maps.Clone(metadata)
}

// headObject has no body, so its errors are the bare statuses.
func (s *Sim) headObject(in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	o, err := s.object(in.Bucket, in.ExpectedBucketOwner, in.Key, in.VersionId, in.IfMatch, in.IfNoneMatch)
	if err != nil {
		if cloud.Is(err, "NoSuchKey", "NoSuchVersion", "NoSuchBucket") {
			return nil, fail("NotFound", "Not Found")
		}
		return nil, err
	}
	return &s3.HeadObjectOutput{
		ContentLength: aws.Int64(int64(len(o.Body))), ETag: aws.String(o.ETag), VersionId: versionOf(o),
		LastModified: aws.Time(o.Modified), Metadata: maps.Clone(o.Metadata), ContentType: aws.String(o.Type),
	}, nil
}

func (s *Sim) deleteObject(in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	key := aws.ToString(in.Key)
	if in.VersionId != nil {
		b.Objects[key] = slices.DeleteFunc(b.Objects[key], func(v *Object) bool { return v.Version == *in.VersionId })
		return &s3.DeleteObjectOutput{VersionId: in.VersionId}, nil
	}
	have := b.latest(key)
	if err := conditions(have, in.IfMatch, nil); err != nil {
		return nil, err
	}
	if b.Versioning != types.BucketVersioningStatusEnabled {
		delete(b.Objects, key)
		return &s3.DeleteObjectOutput{}, nil
	}
	marker := &Object{Deleted: true, Modified: s.now()}
	s.addVersion(b, key, marker)
	return &s3.DeleteObjectOutput{DeleteMarker: aws.Bool(true), VersionId: aws.String(marker.Version)}, nil
}

func (s *Sim) listObjects(in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	n := s.keysPerPage(in.MaxKeys)
	after := max(aws.ToString(in.StartAfter), aws.ToString(in.ContinuationToken))
	out := &s3.ListObjectsV2Output{Name: in.Bucket, Prefix: aws.String(aws.ToString(in.Prefix)), IsTruncated: aws.Bool(false), MaxKeys: aws.Int32(n), KeyCount: aws.Int32(0)}
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		o := b.latest(key)
		if o == nil || key <= after || !strings.HasPrefix(key, aws.ToString(in.Prefix)) {
			continue
		}
		if *out.KeyCount == n {
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), out.Contents[n-1].Key
			break
		}
		*out.KeyCount++
		out.Contents = append(out.Contents, types.Object{
			Key: aws.String(key), ETag: aws.String(o.ETag), Size: aws.Int64(int64(len(o.Body))), LastModified: aws.Time(o.Modified),
			StorageClass: types.ObjectStorageClassStandard, ChecksumAlgorithm: []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32}, ChecksumType: types.ChecksumTypeFullObject,
		})
	}
	return out, nil
}

// canonicalUser is how S3 names the account as an owner.
const canonicalUser = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"

// listObjectVersions lists the latest version of each key first.
func (s *Sim) listObjectVersions(in *s3.ListObjectVersionsInput) (*s3.ListObjectVersionsOutput, error) {
	b, err := s.bucket(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	n := s.keysPerPage(in.MaxKeys)
	out := &s3.ListObjectVersionsOutput{Name: in.Bucket, Prefix: in.Prefix, IsTruncated: aws.Bool(false), MaxKeys: aws.Int32(n), KeyMarker: aws.String(aws.ToString(in.KeyMarker)), VersionIdMarker: aws.String(aws.ToString(in.VersionIdMarker))}
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		if !strings.HasPrefix(key, aws.ToString(in.Prefix)) || key < aws.ToString(in.KeyMarker) {
			continue
		}
		vs := b.Objects[key]
		from := len(vs) // the versions before this one are still to be listed
		if key == aws.ToString(in.KeyMarker) {
			if i := slices.IndexFunc(vs, func(o *Object) bool { return o.Version == aws.ToString(in.VersionIdMarker) }); i >= 0 || in.VersionIdMarker == nil {
				from = max(i, 0)
			}
		}
		for i, o := range slices.Backward(vs[:from]) {
			if int32(len(out.Versions)+len(out.DeleteMarkers)) == n { //nolint:gosec // at most 1,000
				out.IsTruncated = aws.Bool(true)
				return out, nil
			}
			out.NextKeyMarker, out.NextVersionIdMarker = aws.String(key), aws.String(o.Version)
			latest := aws.Bool(i == len(vs)-1)
			if o.Deleted {
				out.DeleteMarkers = append(out.DeleteMarkers, types.DeleteMarkerEntry{
					Key: aws.String(key), VersionId: aws.String(o.Version), IsLatest: latest, LastModified: aws.Time(o.Modified),
					Owner: &types.Owner{ID: aws.String(canonicalUser)},
				})
				continue
			}
			out.Versions = append(out.Versions, types.ObjectVersion{
				Key: aws.String(key), VersionId: aws.String(o.Version), IsLatest: latest, LastModified: aws.Time(o.Modified),
				ETag: aws.String(o.ETag), Size: aws.Int64(int64(len(o.Body))),
				Owner: &types.Owner{ID: aws.String(canonicalUser)}, StorageClass: types.ObjectVersionStorageClassStandard,
			})
		}
	}
	out.NextKeyMarker, out.NextVersionIdMarker = nil, nil
	return out, nil
}

// keysPerPage is how many keys a page of a bucket has: 1,000 at most.
func (s *Sim) keysPerPage(asked *int32) int32 {
	n := int32(1000)
	if asked != nil {
		n = min(n, *asked)
	}
	return int32(s.pageSize(int(n))) //nolint:gosec // at most 1,000
}
