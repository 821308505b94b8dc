package awssim

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/cloud"
)

// Inventory lists everything that is there, one line each, sorted: "nat-gateway
// nat/us-east-1a". What carries karmactl's tag goes by its key, the rest by its
// name or id. What AWS only continues to list for a while (a deleted NAT gateway,
// an inactive service, a stopped task, a secret that is scheduled for deletion)
// is not there.
func (s *Sim) Inventory() []string {
	var all []string
	_ = s.transact(false, func() error { // memory does not fail, and a file that does says so at the next call
		s.settle()
		s.each(func(t thing) {
			if t.gone {
				return
			}
			name := t.name
			if key := t.tags[cloud.TagKey]; key != "" {
				name = key
			}
			all = append(all, t.kind+" "+name)
		})
		return nil
	})
	slices.Sort(all)
	return all
}
