package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// hurried is a clock that does not wait, and counts how often it should have.
type hurried struct {
	engine.RealClock
	waits []time.Duration
}

func (c *hurried) Wait(ctx context.Context, d time.Duration) error {
	c.waits = append(c.waits, d)
	return ctx.Err()
}

func TestS3RacesAreTriedAgainWithGrowingWaits(t *testing.T) {
	fake, clock := newStrictS3(), &hurried{}
	b := s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "prod", Clock: clock})
	fake.races = 3
	etag, err := b.CreateLock(t.Context(), []byte("ana"))
	if err != nil {
		t.Fatal(err)
	}
	fake.races = 1
	if err := b.DeleteLock(t.Context(), etag); err != nil {
		t.Fatal(err)
	}
	ms := time.Millisecond
	if want := []time.Duration{50 * ms, 100 * ms, 200 * ms, 50 * ms}; !slices.Equal(clock.waits, want) {
		t.Errorf("the waits were %v, not %v", clock.waits, want)
	}
	fake.races = 1000
	if _, err := b.Write(t.Context(), []byte("one"), ""); code(err) != "ConditionalRequestConflict" || errors.Is(err, ErrConflict) {
		t.Errorf("a race without end: %v", err)
	}
}

func TestS3KeepsStateAndLockUnderThePrefix(t *testing.T) {
	fake := newStrictS3()
	b := s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "karmacadabra-prod"})
	if _, err := b.Write(t.Context(), []byte("one"), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateLock(t.Context(), []byte("ana")); err != nil {
		t.Fatal(err)
	}
	want := []string{"PUT /states/karmacadabra-prod/state.json", "PUT /states/karmacadabra-prod/lock.json"}
	if !slices.Equal(fake.calls, want) {
		t.Errorf("the calls were %v", fake.calls)
	}
	if b.URI() != "s3://states/karmacadabra-prod" {
		t.Errorf("the URI is %s", b.URI())
	}
}

func TestS3SaysThatTheBucketIsMissing(t *testing.T) {
	b := s3Backend(t, newStrictS3(), S3Options{Bucket: "gone", Prefix: "prod"})
	_, _, readErr := b.Read(t.Context())
	_, writeErr := b.Write(t.Context(), []byte("one"), "")
	_, swapErr := b.Write(t.Context(), []byte("one"), `"etag"`)
	_, lockErr := b.CreateLock(t.Context(), []byte("ana"))
	_, listErr := b.History(t.Context())
	for _, err := range []error{readErr, writeErr, swapErr, lockErr, listErr} {
		if !errors.Is(err, ErrNoBucket) || !strings.Contains(err.Error(), "s3://gone/prod") {
			t.Errorf("%v", err)
		}
	}
}

func TestS3DoesNotTalkToABucketOfAnotherAccount(t *testing.T) {
	b := s3Backend(t, newStrictS3(), S3Options{Bucket: "states", Prefix: "prod", Owner: "999999999999"})
	_, _, err := b.Read(t.Context())
	if code(err) != "AccessDenied" {
		t.Errorf("Read: %v", err)
	}
	if _, err := b.Write(t.Context(), []byte("one"), ""); code(err) != "AccessDenied" {
		t.Errorf("Write: %v", err)
	}
}

func TestALostConnectionUnderAnS3WriteIsRecognized(t *testing.T) {
	fake := newStrictS3()
	s := open(t, options(s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "prod"})))
	fake.mu.Lock()
	fake.lose = true
	fake.mu.Unlock()
	if err := s.Begin(t.Context(), "vpc/main"); err == nil || errors.Is(err, ErrConflict) {
		t.Errorf("Begin without a reply: %v", err)
	}
	s.Record(entry("vpc/main", "vpc-1"))
	closed(t, s)
	if got := there(t, s.Backend); got.Serial != 2 || got.Resources["vpc/main"].ID != "vpc-1" {
		t.Errorf("the state is %+v", got)
	}
}

// A bucket whose versioning is minutes old may answer 404 for what is there.
func TestA404OfAFreshBucketIsAskedAgainBeforeItIsBelieved(t *testing.T) {
	ms := time.Millisecond
	cases := []struct {
		name  string
		do    func(ctx context.Context, b *S3, etag string) error
		blind int
		waits []time.Duration
		want  string
	}{
		{"a read", func(ctx context.Context, b *S3, _ string) error {
			data, _, err := b.Read(ctx)
			if err == nil && string(data) != "one" {
				return fmt.Errorf("read %q", data)
			}
			return err
		}, 2, []time.Duration{250 * ms, 500 * ms}, ""},
		{"a write", func(ctx context.Context, b *S3, etag string) error {
			_, err := b.Write(ctx, []byte("two"), etag)
			return err
		}, 1, []time.Duration{250 * ms}, ""},
		{"a write and the look after it", func(ctx context.Context, b *S3, etag string) error {
			_, err := b.Write(ctx, []byte("two"), etag)
			return err
		}, 2, []time.Duration{250 * ms, 250 * ms}, ""},
		{"a read without end", func(ctx context.Context, b *S3, _ string) error {
			_, _, err := b.Read(ctx)
			if errors.Is(err, ErrAbsent) {
				return fmt.Errorf("taken for absent: %w", err)
			}
			return err
		}, 1000, []time.Duration{250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms}, "s3://states/prod/state.json is listed and S3 does not give it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fake, clock := newStrictS3(), &hurried{}
			b := s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "prod", Clock: clock})
			etag, err := b.Write(t.Context(), []byte("one"), "")
			if err != nil {
				t.Fatal(err)
			}
			fake.mu.Lock()
			fake.blind = c.blind
			fake.mu.Unlock()
			err = c.do(t.Context(), b, etag)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
			if !slices.Equal(clock.waits, c.waits) {
				t.Errorf("the waits were %v, not %v", clock.waits, c.waits)
			}
		})
	}
}

func TestAnAbsentObjectIsAskedForOnce(t *testing.T) {
	fake, clock := newStrictS3(), &hurried{}
	b := s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "prod", Clock: clock})
	if _, _, err := b.Read(t.Context()); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
	if _, err := b.Write(t.Context(), []byte("two"), `"0123456789abcdef0123456789abcdef"`); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	if len(clock.waits) != 0 {
		t.Errorf("waited %v for what is not there", clock.waits)
	}
}

// Two machines whose clocks differ: the lease is judged by S3's own.
func TestTheLeaseIsJudgedByTheClockOfS3(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 0, 10 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			var now atomic.Int64 // S3's, in seconds
			now.Store(time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC).Unix())
			fake := newStrictS3()
			fake.clock = func() time.Time { return time.Unix(now.Load(), 0) }
			b := s3Backend(t, fake, S3Options{Bucket: "states", Prefix: "prod"})
			ahead := &leaping{}
			ahead.leap.Store(int64(skew))
			_, l := acquire(t, b, ana())
			abandon(l)

			now.Add(int64((leaseFor - 2*time.Second).Seconds()))
			locked := new(LockedError)
			if _, _, err := Acquire(t.Context(), b, ahead, bo()); !errors.As(err, &locked) {
				t.Fatalf("two seconds before the end of the lease: %v", err)
			}
			if left := locked.ExpiresAt.Sub(ahead.Now()); left < 0 || left > 5*time.Second {
				t.Errorf("the lease is said to run out in %s", left)
			}
			now.Add(3)
			_, l, err := Acquire(t.Context(), b, ahead, bo())
			if err != nil {
				t.Fatalf("after the end of the lease: %v", err)
			}
			release(t, l)
		})
	}
}

func TestPlacesOfTheStateAreRead(t *testing.T) {
	for uri, want := range map[string]Location{
		"s3://states/karmacadabra-prod":  {Bucket: "states", Prefix: "karmacadabra-prod"},
		"s3://states/a/b/":               {Bucket: "states", Prefix: "a/b"},
		"s3://states":                    {Bucket: "states"},
		"world.json":                     {Path: "world.json"},
		"./dir/":                         {Path: "./dir/"},
		"file:///var/lib/karmactl/state": {Path: "/var/lib/karmactl/state"},
	} {
		if got, err := ParseLocation(uri); err != nil || got != want {
			t.Errorf("%s is %+v: %v", uri, got, err)
		}
	}
	for _, uri := range []string{"", "s3://", "s3:///x", "s3://States/x", "s3://b/x", "s3://states-/x", "gs://bucket", "file://"} {
		if got, err := ParseLocation(uri); err == nil {
			t.Errorf("%q is %+v", uri, got)
		}
	}
}
