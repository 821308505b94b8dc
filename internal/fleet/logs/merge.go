package logs

import (
	"slices"
	"sort"
)

// merger holds followed events until their time has come and hands them on in the order of their timestamps.
type merger struct {
	to      func(Event) error
	waiting []record
	sorted  bool
	// newest is the newest timestamp handed on.
	newest int64
}

// add takes records to hold.
func (m *merger) add(rs ...record) {
	m.waiting = append(m.waiting, rs...)
	m.sorted = false
}

// release hands on what is not newer than ts, oldest first.
func (m *merger) release(ts int64) error {
	if len(m.waiting) == 0 {
		return nil
	}
	if !m.sorted {
		slices.SortStableFunc(m.waiting, inOrder)
		m.sorted = true
	}
	n := sort.Search(len(m.waiting), func(i int) bool { return m.waiting[i].ts > ts })
	for _, r := range m.waiting[:n] {
		if err := m.emit(r); err != nil {
			return err
		}
	}
	rest := copy(m.waiting, m.waiting[n:])
	clear(m.waiting[rest:])
	m.waiting = m.waiting[:rest]
	if rest == 0 && cap(m.waiting) > 4096 {
		m.waiting = nil
	}
	return nil
}

// emit hands one record on and marks it when a newer one went before.
func (m *merger) emit(r record) error {
	late := r.ts < m.newest
	m.newest = max(m.newest, r.ts)
	return m.to(r.event(late))
}
