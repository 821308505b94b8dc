package logs

import "hash/maphash"

// bucketMillis is how many milliseconds of timestamps share one set, so that the past is forgotten by the set.
const bucketMillis = 4096

// dedup knows the events of a group that were handed on, by a 64-bit hash of their id under a seed of this run:
// among the million events that a window may hold, the odds that two share one are 1 in 30 million.
type dedup struct {
	seed    maphash.Seed
	buckets map[int64]map[uint64]struct{}
}

func newDedup() *dedup {
	return &dedup{seed: maphash.MakeSeed(), buckets: map[int64]map[uint64]struct{}{}}
}

func (d *dedup) hash(id []byte) uint64 { return maphash.Bytes(d.seed, id) }

func (d *dedup) has(ts int64, h uint64) bool {
	_, ok := d.buckets[ts/bucketMillis][h]
	return ok
}

func (d *dedup) add(ts int64, h uint64) {
	m := d.buckets[ts/bucketMillis]
	if m == nil {
		m = map[uint64]struct{}{}
		d.buckets[ts/bucketMillis] = m
	}
	m[h] = struct{}{}
}

// forget drops what is older than ts, which will not be asked for again.
func (d *dedup) forget(ts int64) {
	for k := range d.buckets {
		if (k+1)*bucketMillis <= ts {
			delete(d.buckets, k)
		}
	}
}
