//go:build wire

package wire

import (
	"errors"
	"testing"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
	"github.com/karmacadabra/karmactl/internal/state"
)

// The bucket that the first up makes holds a state. internal/state has the rest:
// who wins, and what a lost lock may not do.
func TestTheStateBucketOverTheWire(t *testing.T) {
	for _, e := range emulators() {
		t.Run(e.name, func(t *testing.T) {
			a := e.open(t, nil)
			cfg := small(t)
			bucket := &provision.StateBucket{Env: a.home(cfg), Bucket: provision.StateBucketName(a.Account), Region: cfg.Region}
			rec := engine.NewMemory(a.clock)
			walk := func(apply bool) *engine.Result {
				w := engine.Walk{Steps: []engine.Step{engine.Manage(bucket)}, Record: rec, Clock: a.clock, Classify: cloud.Classify, Apply: apply}
				res, err := w.Up(t.Context())
				if err = errors.Join(err, res.Err()); err != nil {
					t.Fatal(err)
				}
				return res
			}
			walk(true)
			if res := walk(false); res.Changes() {
				t.Errorf("the plan after up is not empty on %s:%s", a.name, orders(res))
			}
			mark := a.wire.mark()
			walk(true)
			if wrote := a.wire.mutations(mark); len(wrote) > 0 {
				t.Errorf("a second up writes on %s: %v", a.name, count(wrote))
			}

			b := state.NewS3(cloud.NewClients(a.cfg).S3, state.S3Options{Bucket: bucket.Bucket, Prefix: "karmacadabra/prod", Owner: a.ID, Clock: a.clock})
			if _, err := b.Write(t.Context(), []byte("one"), ""); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Write(t.Context(), []byte("two"), ""); !errors.Is(err, state.ErrConflict) {
				t.Errorf("a first write over something: %v", err)
			}
		})
	}
}
