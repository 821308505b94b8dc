package provision

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
)

func TestAStateBucketIsPrivateVersionedAndOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		bucket := &StateBucket{Env: b.home, Bucket: "karmactl-123456789012-us-east-1", Region: "us-east-1"}
		b.lifecycle(engine.Manage(bucket))
		b.up(engine.Manage(bucket))
		_ = b.sim.Edit(func(w *awssim.World) {
			have := w.Buckets[bucket.Bucket]
			if have.Access == nil || have.Versioning != "Enabled" || len(have.Lifecycle) != 1 || *have.Lifecycle[0].NoncurrentVersionExpiration.NoncurrentDays != 90 {
				t.Errorf("the bucket is %+v", have)
			}
			have.Tags["Mine"], have.Versioning = "yes", "Suspended"
		})
		if res := b.up(engine.Manage(bucket)); len(res.Outcomes[0].Changes) != 1 {
			t.Errorf("got %s", verbs(res))
		}
		_ = b.sim.Edit(func(w *awssim.World) {
			if w.Buckets[bucket.Bucket].Tags["Mine"] != "yes" {
				t.Error("the user's own tag is gone")
			}
			w.Buckets[bucket.Bucket].Owner = "999999999999"
		})
		b.rec = engine.NewMemory(b.home.Clock)
		res, err := b.walk(true, engine.Manage(bucket)).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err == nil || !strings.Contains(err.Error(), "--state") {
			t.Errorf("a stranger's bucket: %v", err)
		}
	})
}

// rule is a rule of a bucket's lifecycle: old versions under a prefix go after so many days.
func rule(id, prefix string, days int32) types.LifecycleRule {
	return types.LifecycleRule{
		ID: &id, Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: &prefix},
		NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: &days},
	}
}

func TestABucketOfTheUsersOwnIsReadAndNeverChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		bucket := &StateBucket{Env: b.home, Bucket: "company-shared", Region: "us-east-1"}
		theirs := func(versioning types.BucketVersioningStatus) *awssim.Bucket {
			return &awssim.Bucket{
				Name: "company-shared", Owner: "123456789012", Region: "us-east-1", Versioning: versioning,
				Access:    &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(false), RestrictPublicBuckets: aws.Bool(false)},
				Lifecycle: []types.LifecycleRule{rule("audit", "audit/", 2555), rule("logs", "logs/", 30)},
				Tags:      cloud.Tags{"Team": "platform"}, Objects: map[string][]*awssim.Object{},
			}
		}
		put := func(have *awssim.Bucket) {
			_ = b.sim.Edit(func(w *awssim.World) { w.Buckets["company-shared"] = have })
		}

		put(theirs(types.BucketVersioningStatusEnabled))
		if res := b.up(engine.Manage(bucket)); res.Changes() {
			t.Errorf("got %s", verbs(res))
		}
		if writes := b.sim.Mutations(); len(writes) != 0 {
			t.Errorf("%d writes, the first is %s", len(writes), writes[0].Name())
		}
		const public = "the state is in company-shared, a bucket of your own, which does not block all public access: aws s3api put-public-access-block --bucket company-shared "
		if weak, err := bucket.Weak(t.Context()); err != nil || !strings.HasPrefix(weak, public) {
			t.Errorf("it lacks %q, %v", weak, err)
		}
		_ = b.sim.Edit(func(w *awssim.World) {
			if have := w.Buckets["company-shared"]; !reflect.DeepEqual(have, theirs(types.BucketVersioningStatusEnabled)) {
				t.Errorf("the bucket is %+v", have)
			}
		})

		put(theirs(types.BucketVersioningStatusSuspended))
		b.rec = engine.NewMemory(b.home.Clock)
		res, err := b.walk(true, engine.Manage(bucket)).Up(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Err(); err == nil || !strings.Contains(err.Error(), "bucket company-shared is not versioned") || len(b.sim.Mutations()) != 0 {
			t.Errorf("without versioning: %v, and %d writes", err, len(b.sim.Mutations()))
		}
	})
}

func TestTheStateBucketKeepsTheUsersRulesOfItsLifecycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		bucket := &StateBucket{Env: b.home, Bucket: StateBucketName(b.home.Account), Region: "us-east-1"}
		b.up(engine.Manage(bucket))
		_ = b.sim.Edit(func(w *awssim.World) {
			w.Buckets[bucket.Bucket].Lifecycle = []types.LifecycleRule{rule("theirs", "reports/", 7), rule(historyRule, "", 1)}
		})
		b.up(engine.Manage(bucket))
		_ = b.sim.Edit(func(w *awssim.World) {
			got := map[string]int32{}
			for _, r := range w.Buckets[bucket.Bucket].Lifecycle {
				got[*r.ID] = *r.NoncurrentVersionExpiration.NoncurrentDays
			}
			if want := map[string]int32{"theirs": 7, historyRule: 90}; !reflect.DeepEqual(got, want) {
				t.Errorf("the rules are %v, want %v", got, want)
			}
		})
	})
}

func TestABucketThatKarmactlMadeUnderTheUsersNameIsManaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, awssim.Options{Visible: 2 * time.Second, Latency: 50 * time.Millisecond})
		bucket := func() engine.Step {
			return engine.Manage(&StateBucket{Env: b.home, Bucket: "states-of-ours", Region: "us-east-1"})
		}
		b.up(bucket())
		_ = b.sim.Edit(func(w *awssim.World) { w.Buckets["states-of-ours"].Versioning = types.BucketVersioningStatusSuspended })
		if res := b.up(bucket()); len(res.Outcomes[0].Changes) != 1 {
			t.Errorf("got %s", verbs(res))
		}
	})
}

// S3 is at work on a bucket for a while after it was made, and on its name after it
// was deleted: what it refuses then is asked again.
func TestABucketThatS3IsStillAtWorkOnIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, slow)
		bucket := &StateBucket{Env: b.home, Bucket: "karmactl-123456789012-us-east-1", Region: "us-east-1"}
		aborted := func() int {
			n := 0
			for _, c := range b.sim.Calls() {
				if cloud.Is(c.Err, "OperationAborted") {
					n++
				}
			}
			b.sim.ResetCalls()
			return n
		}
		b.up(engine.Manage(bucket))
		if aborted() == 0 {
			t.Error("the new bucket took every change at once: nothing was tried")
		}
		if err := bucket.Delete(t.Context(), bucket.Bucket); err != nil {
			t.Fatal(err)
		}
		b.rec = engine.NewMemory(b.home.Clock)
		b.up(engine.Manage(bucket))
		if aborted() == 0 {
			t.Error("the name was free at once: nothing was tried")
		}
	})
}
