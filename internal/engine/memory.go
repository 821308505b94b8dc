package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a Recorder that forgets when the process ends.
type Memory struct {
	Clock Clock

	mu       sync.Mutex
	entries  map[Key]Entry
	inFlight map[Key]time.Time
}

// NewMemory makes an empty Memory.
func NewMemory(clock Clock) *Memory {
	return &Memory{Clock: clock, entries: map[Key]Entry{}, inFlight: map[Key]time.Time{}}
}

// Get returns what is recorded of key.
func (m *Memory) Get(k Key) (Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[k]
	return e, ok
}

// Entries returns all that is recorded, by key.
func (m *Memory) Entries() []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Entry
	for _, k := range slices.Sorted(maps.Keys(m.entries)) {
		out = append(out, m.entries[k])
	}
	return out
}

// InFlight is when an unfinished create of key began.
func (m *Memory) InFlight(k Key) (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.inFlight[k]
	return t, ok
}

// Begun lists the keys whose create is unfinished.
func (m *Memory) Begun() []Key {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.inFlight))
}

// Begin notes that key is about to be created.
func (m *Memory) Begin(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight[k] = m.Clock.Now()
	return nil
}

// Record notes an entry.
func (m *Memory) Record(e Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[e.Key] = e
	delete(m.inFlight, e.Key)
}

// Forget drops key.
func (m *Memory) Forget(k Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, k)
	delete(m.inFlight, k)
}
