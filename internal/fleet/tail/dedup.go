package tail

import "hash/maphash"

// slice is how many milliseconds of timestamps share one set, so that the past is forgotten by the set.
const slice = 4096

// seen knows the events of a group that were handed on, by a 64-bit hash of their id under a seed of this run:
// among the million events that a window may hold, the odds that two share one are 1 in 30 million.
type seen struct {
	seed   maphash.Seed
	slices map[int64]map[uint64]struct{}
}

func newSeen() *seen {
	return &seen{seed: maphash.MakeSeed(), slices: map[int64]map[uint64]struct{}{}}
}

func (s *seen) hash(id []byte) uint64 { return maphash.Bytes(s.seed, id) }

func (s *seen) has(ts int64, h uint64) bool {
	_, ok := s.slices[ts/slice][h]
	return ok
}

func (s *seen) add(ts int64, h uint64) {
	m := s.slices[ts/slice]
	if m == nil {
		m = map[uint64]struct{}{}
		s.slices[ts/slice] = m
	}
	m[h] = struct{}{}
}

// forget drops what is older than ts, which will not be asked for again.
func (s *seen) forget(ts int64) {
	for k := range s.slices {
		if (k+1)*slice <= ts {
			delete(s.slices, k)
		}
	}
}

func (s *seen) size() int {
	n := 0
	for _, m := range s.slices {
		n += len(m)
	}
	return n
}
