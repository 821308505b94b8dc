package state

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Backend keeps one state, its earlier versions and one lock. Every write is a
// compare-and-swap on an etag, an opaque word for the bytes that were read, so
// that a writer that missed a change cannot overwrite it.
//
// The errors to tell apart are ErrAbsent, ErrNoBucket and ErrConflict. After any
// other error of a write it is not known whether it took effect.
type Backend interface {
	// Read returns the state. ErrAbsent, ErrNoBucket.
	Read(ctx context.Context) (data []byte, etag string, err error)
	// Write replaces the state that has that etag; "" is for one that must not
	// exist. ErrConflict, ErrNoBucket.
	Write(ctx context.Context, data []byte, etag string) (newEtag string, err error)

	// CreateLock makes the lock. ErrConflict when there is one.
	CreateLock(ctx context.Context, data []byte) (etag string, err error)
	// ReadLock returns the lock. ErrAbsent.
	ReadLock(ctx context.Context) (StoredLock, error)
	// ReplaceLock replaces the lock that has that etag. ErrConflict, also when
	// there is none any more.
	ReplaceLock(ctx context.Context, data []byte, etag string) (newEtag string, err error)
	// DeleteLock deletes the lock that has that etag. ErrConflict when it is
	// another one; a lock that is gone is no error.
	DeleteLock(ctx context.Context, etag string) error

	// History lists the versions of the state, newest first.
	History(ctx context.Context) ([]Version, error)
	// ReadVersion returns one of them. ErrAbsent.
	ReadVersion(ctx context.Context, id string) ([]byte, error)

	// URI names the place for people: what --state takes.
	URI() string
}

// StoredLock is the lock as the backend has it.
type StoredLock struct {
	Data []byte
	ETag string
	// Age is how long ago it was written, by the backend's own clock: the clocks
	// of two machines may differ by minutes. UnknownAge when the backend does not say.
	Age time.Duration
}

// UnknownAge is the age of a lock whose backend has no clock of its own.
const UnknownAge time.Duration = -1

// Version is one version of the state that is or was.
type Version struct {
	ID   string
	Time time.Time
	// Size is in bytes.
	Size int64
	// Serial is the state's own count; 0 when the backend does not know it.
	Serial int64
	// Current is the version that Read returns.
	Current bool
}

// Location is a parsed --state: a bucket and prefix, or a local path.
type Location struct {
	Bucket string
	Prefix string
	// Path is set for a local state; Bucket is then "".
	Path string
}

// ParseLocation reads s3://bucket/prefix, file://path or a local path.
func ParseLocation(uri string) (Location, error) {
	scheme, rest, ok := strings.Cut(uri, "://")
	switch {
	case uri == "":
		return Location{}, fmt.Errorf("the place of the state is empty: give s3://bucket/prefix or a local path")
	case !ok:
		return Location{Path: uri}, nil
	case scheme == "file" && rest != "":
		return Location{Path: rest}, nil
	case scheme == "s3":
		bucket, prefix, _ := strings.Cut(rest, "/")
		if bucket == "" {
			return Location{}, fmt.Errorf("%s names no bucket: give s3://bucket/prefix", uri)
		}
		if !agents.IsBucketName(bucket) {
			return Location{}, fmt.Errorf("%q is no name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit first and last, as in s3://bucket/prefix", bucket)
		}
		return Location{Bucket: bucket, Prefix: strings.Trim(prefix, "/")}, nil
	default:
		return Location{}, fmt.Errorf("%s is not a place for the state: give s3://bucket/prefix or a local path", uri)
	}
}
