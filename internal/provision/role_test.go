package provision

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/engine"
)

// TestARoleIsBoundBeforeItMayDoMore: between the two calls it would have the new rights without the boundary.
func TestARoleIsBoundBeforeItMayDoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const boundary = "arn:aws:iam::123456789012:policy/boundary"
		b := newBench(t, awssim.Options{})
		b.edit(func(w *awssim.World) {
			w.ManagedPolicies = map[string]string{boundary: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}`}
		})
		b.up(engine.Manage(&Role{Env: b.home, Kind: TaskRole, Agent: "validator", Policy: TaskPolicy(true, false)}))
		made := b.mutations(func() {
			b.up(engine.Manage(&Role{Env: b.home, Kind: TaskRole, Agent: "validator", Boundary: boundary, Policy: TaskPolicy(true, true)}))
		})
		if i, j := slices.Index(made, "PutRolePermissionsBoundary"), slices.Index(made, "PutRolePolicy"); i < 0 || j < i {
			t.Errorf("the order of the calls is %v", made)
		}
	})
}
