//go:build wire

package state

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// s3Emulators are the servers of S3 that others wrote; gofakes3 runs in this
// process, the others are started by make test-wire. docs/wire.md has this table
// in words.
func s3Emulators() []tested {
	return []tested{
		{name: "moto", make: emulatedS3("WIRE_MOTO")},
		{name: "ministack", make: emulatedS3("WIRE_MINISTACK")},
		goFakeS3(),
	}
}

var buckets atomic.Int32

// emulatedS3 makes a versioned bucket of its own on the emulator.
func emulatedS3(variable string) func(*testing.T) Backend {
	return func(t *testing.T) Backend {
		t.Helper()
		url := os.Getenv(variable)
		if url == "" {
			t.Fatalf("%s is not set: run make test-wire, which starts the emulators", variable)
		}
		transport := &http.Transport{MaxIdleConnsPerHost: 16}
		t.Cleanup(transport.CloseIdleConnections)
		client := s3.New(s3.Options{
			Region: "us-east-1", BaseEndpoint: &url, UsePathStyle: true,
			Credentials: credentials.NewStaticCredentialsProvider("AKIAWIRETEST00000000", "of-no-account", ""),
			HTTPClient:  keepBody{&http.Client{Transport: transport}},
			Retryer:     aws.NopRetryer{},
		})
		bucket := fmt.Sprintf("states-%d-%d", os.Getpid(), buckets.Add(1))
		if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		return NewS3(client, S3Options{Bucket: bucket, Prefix: "karmacadabra-prod", Clock: engine.RealClock{}})
	}
}

func TestTheStateBehavesTheSameOverTheWire(t *testing.T) { behave(t, s3Emulators()) }

func TestALostLockCannotOverwriteOverTheWire(t *testing.T) {
	for _, e := range s3Emulators() {
		t.Run(e.name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // for the emergency copy
			b := e.make(t)
			_, mine := acquire(t, b, ana())
			store := open(t, options(b))
			if err := store.Begin(t.Context(), "vpc/main"); err != nil {
				t.Fatal(err)
			}
			// Bo takes the lock away by force and works.
			if err := Unlock(t.Context(), b, ana().ID); err != nil {
				t.Fatal(err)
			}
			_, theirs := acquire(t, b, bo())
			other := open(t, options(b))
			other.Record(entry("vpc/main", "vpc-of-bo"))
			closed(t, other)

			store.Record(entry("vpc/main", "vpc-of-ana"))
			unsaved := new(UnsavedError)
			if err := store.Close(t.Context()); !errors.As(err, &unsaved) || !errors.Is(err, ErrConflict) {
				t.Errorf("the write after the lock was lost: %v", err)
			}
			if got := there(t, b); got.Resources["vpc/main"].ID != "vpc-of-bo" {
				t.Errorf("the state is %+v", got)
			}
			err := mine.Release(context.WithoutCancel(t.Context()))
			if gap := e.gaps[oldEtag]; gap != "" {
				if err != nil {
					t.Errorf("the gap is closed, take it off the list: %s: %v", gap, err)
				}
				abandon(theirs)
				return
			}
			if !errors.Is(err, ErrLockLost) {
				t.Errorf("the release of the lost lock: %v", err)
			}
			if h, err := Held(t.Context(), b); err != nil || h.Who != bo().Who {
				t.Errorf("after that the lock is %v's: %v", h, err)
			}
			release(t, theirs)
		})
	}
}
