package logs

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
)

// reconciler makes one stream of what Live Tail pushes and what is read. Live Tail's events have no id, so both are
// known by group, stream, timestamp, ingestion time and message; equal ones are counted, since a burst may well
// hold the same line twice in one millisecond.
type reconciler struct {
	seed maphash.Seed
	// ahead counts by bucket of time and content: above 0, Live Tail is so many ahead; below, reading is.
	ahead map[int64]map[uint64]int32
	n     int
}

func newReconciler() *reconciler {
	return &reconciler{seed: maphash.MakeSeed(), ahead: map[int64]map[uint64]int32{}}
}

// live counts a pushed event in and reports whether it is new; a new one gets an id.
func (r *reconciler) live(e *record) bool {
	key := r.key(*e)
	if r.count(e.ts, key, +1) <= 0 {
		return false
	}
	r.n++
	e.id = fmt.Sprintf("live-%016x-%d", key, r.n)
	return true
}

// polled counts a read event in and reports whether it is new.
func (r *reconciler) polled(e record) bool { return r.count(e.ts, r.key(e), -1) < 0 }

func (r *reconciler) count(ts int64, key uint64, by int32) int32 {
	m := r.ahead[ts/bucketMillis]
	if m == nil {
		m = map[uint64]int32{}
		r.ahead[ts/bucketMillis] = m
	}
	m[key] += by
	n := m[key]
	if n == 0 {
		delete(m, key)
	}
	return n
}

func (r *reconciler) key(e record) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(e.ts))
	binary.LittleEndian.PutUint64(b[8:], uint64(e.ingested))
	_, _ = h.Write(b[:])
	for _, s := range []string{e.from.group, "\x00", e.from.name, "\x00", e.message} {
		_, _ = h.WriteString(s)
	}
	return h.Sum64()
}

// forget drops what is older than ts.
func (r *reconciler) forget(ts int64) {
	for k := range r.ahead {
		if (k+1)*bucketMillis <= ts {
			delete(r.ahead, k)
		}
	}
}
