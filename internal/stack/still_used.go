package stack

import (
	"slices"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// StillUsed are the resources that something foreign is inside of or uses, with
// all that these need: what goes away from under it if they are deleted. The
// value names who uses them.
func (s *Stack) StillUsed(foreign []provision.ForeignResource) map[engine.Key][]string {
	used := map[engine.Key][]string{}
	for _, f := range foreign {
		for key := range s.under(f.In) {
			used[key] = append(used[key], f.What)
		}
	}
	return used
}

// under are some resources, what they need, and for a subnet the way out: its
// route table with the routes of that table.
func (s *Stack) under(keys []engine.Key) map[engine.Key]bool {
	found := map[engine.Key]bool{}
	var add func(engine.Key)
	add = func(key engine.Key) {
		node := s.byKey[key]
		if found[key] || node == nil {
			return
		}
		found[key] = true
		for _, n := range node.Needs() {
			add(n.Key())
		}
		for _, other := range s.resources {
			way := false
			switch r := other.(type) {
			case *provision.RouteTableAssociation:
				way = r.Subnet.Key() == key
			case *provision.Route:
				way = r.Table.Key() == key
			}
			if way {
				add(other.Key())
			}
		}
	}
	for _, key := range keys {
		add(key)
	}
	return found
}

// Users are the users of one of some resources, each once, in order.
func Users(used map[engine.Key][]string, of func(engine.Key) bool) []string {
	var out []string
	for key, users := range used {
		if of(key) {
			out = append(out, users...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
