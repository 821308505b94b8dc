package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Kept is one of the states that are kept in one place.
type Kept struct {
	// Project and Environment are "" where the place does not tell them apart.
	Project, Environment string
	// URI names the place of this one: what --state takes.
	URI string
	// Changed is when it was last written.
	Changed time.Time
	State   *State
}

// Lister is what the states of a bucket are listed with.
type Lister interface {
	S3Client
	s3.ListObjectsV2APIClient
}

// KeptInBucket reads the states under a prefix of a bucket; a bucket that is not there has none. A state
// that cannot be read is an error beside the others.
func KeptInBucket(ctx context.Context, client Lister, o S3Options) ([]Kept, []error) {
	objects, err := objectsUnder(ctx, client, o)
	if code(err) == "NoSuchBucket" {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("list the states in s3://%s: %w", path.Join(o.Bucket, o.Prefix), err)}
	}
	var all []Kept
	var failed []error
	for _, object := range objects {
		prefix, is := strings.CutSuffix(aws.ToString(object.Key), "/state.json")
		if !is {
			continue
		}
		own := o
		own.Prefix = prefix
		if k, err := keptAt(ctx, NewS3(client, own), prefix, aws.ToTime(object.LastModified)); err != nil {
			failed = append(failed, err)
		} else if k != nil {
			all = append(all, *k)
		}
	}
	return all, failed
}

// objectsUnder are those whose keys begin with the prefix. The state knows no internal/cloud, whose Pages would do it.
func objectsUnder(ctx context.Context, client Lister, o S3Options) ([]types.Object, error) {
	in := &s3.ListObjectsV2Input{Bucket: &o.Bucket, ExpectedBucketOwner: NewS3(client, o).owner()}
	if o.Prefix != "" {
		in.Prefix = aws.String(o.Prefix + "/")
	}
	var all []types.Object
	for {
		out, err := client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.Contents...)
		if !aws.ToBool(out.IsTruncated) {
			return all, nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// KeptInFiles reads the states that are files of a folder, as PROJECT/ENVIRONMENT.json, or the one
// that is the file.
func KeptInFiles(ctx context.Context, at string) ([]Kept, []error) {
	files := []string{at}
	if filepath.Ext(at) != ".json" {
		var err error
		if files, err = filepath.Glob(filepath.Join(at, "*", "*.json")); err != nil {
			return nil, []error{fmt.Errorf("list the states in %s: %w", at, err)}
		}
	}
	var all []Kept
	var failed []error
	for _, file := range files {
		stem := strings.TrimSuffix(file, ".json")
		if filepath.Ext(stem) != "" { // a lock, or an earlier version
			continue
		}
		info, err := os.Stat(file)
		if err != nil { // deleted since
			continue
		}
		if k, err := keptAt(ctx, NewFile(file), filepath.ToSlash(stem), info.ModTime()); err != nil {
			failed = append(failed, err)
		} else if k != nil {
			all = append(all, *k)
		}
	}
	return all, failed
}

// keptAt reads one state; nil is one that is gone since it was listed.
func keptAt(ctx context.Context, b Backend, place string, changed time.Time) (*Kept, error) {
	data, _, err := b.Read(ctx)
	if errors.Is(err, ErrAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.URI(), err)
	}
	k := &Kept{URI: b.URI(), Changed: changed.UTC(), State: s}
	if project, environment := path.Base(path.Dir(place)), path.Base(place); project+"-"+environment == s.Stack {
		k.Project, k.Environment = project, environment
	}
	return k, nil
}
