package logs

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"strconv"
	"sync"
)

// way is how an event came.
type way int

const (
	byFilter way = iota // FilterLogEvents
	byLive              // Live Tail
	byStream            // GetLogEvents
	ways
)

// reconciler makes one stream of events that come in several ways, by each at most once. Only FilterLogEvents gives
// them ids, so they are known by group, stream, timestamp, ingestion time and message; equal ones are counted, since a
// burst may well hold the same line twice in one millisecond. Safe for concurrent use.
type reconciler struct {
	mu   sync.Mutex
	seed maphash.Seed
	// counts are by bucket of time and content.
	counts map[int64]map[uint64]cameBy
	// forgotten is the timestamp before which nothing is known.
	forgotten int64
}

// cameBy counts an event's equals by the way they came.
type cameBy [ways]int32

func newReconciler() *reconciler {
	return &reconciler{seed: maphash.MakeSeed(), counts: map[int64]map[uint64]cameBy{}}
}

// isNew counts an event in and reports whether it came in no other way before. A new one without an id gets one. What
// GetLogEvents brings of a time that is forgotten is not new: FilterLogEvents brought it.
func (r *reconciler) isNew(by way, e *record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if by == byStream && e.ts < r.forgotten {
		return false
	}
	m := r.counts[e.ts/bucketMillis]
	if m == nil {
		m = map[uint64]cameBy{}
		r.counts[e.ts/bucketMillis] = m
	}
	key := r.key(e)
	n := m[key]
	known := max(n[byFilter], n[byLive], n[byStream])
	n[by]++
	m[key] = n
	if n[by] <= known {
		return false
	}
	if e.id == "" {
		e.id = contentID(e, n[by])
	}
	return true
}

func (r *reconciler) key(e *record) uint64 {
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

// contentID is the id of the n-th event of this content: the same in every run.
func contentID(e *record, n int32) string {
	b := make([]byte, 0, 512)
	b = strconv.AppendInt(b, e.ts, 10)
	b = append(b, 0)
	b = strconv.AppendInt(b, e.ingested, 10)
	for _, s := range []string{e.from.group, e.from.name, e.message} {
		b = append(append(b, 0), s...)
	}
	sum := sha256.Sum256(b)
	return fmt.Sprintf("content-%x-%d", sum[:8], n)
}

// forget drops what is older than ts, which FilterLogEvents will not bring again.
func (r *reconciler) forget(ts int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.counts {
		if (k+1)*bucketMillis <= ts {
			delete(r.counts, k)
			r.forgotten = max(r.forgotten, (k+1)*bucketMillis)
		}
	}
}
