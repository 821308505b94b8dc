package engine

import (
	"container/heap"
	"context"
	"sync"
)

// slots bound the calls to AWS that are under way. A slot that is given back goes
// to the waiter that most depends on: with more ready nodes than slots, the VPC
// must not queue behind fifty log groups that nothing waits for.
type slots struct {
	mu     sync.Mutex
	free   int
	serial int
	queue  waiters
}

// waiter is one call that waits for its slot.
type waiter struct {
	rank   int // how long a chain of nodes waits for this one
	serial int
	turn   chan struct{}
	at     int // its place in the queue
}

func newSlots(width int) *slots { return &slots{free: width} }

// take waits for a slot, or for the end of ctx. rank is how long a chain of nodes
// waits for the caller.
func (s *slots) take(ctx context.Context, rank int) error {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return nil
	}
	s.serial++
	w := &waiter{rank: rank, serial: s.serial, turn: make(chan struct{})}
	heap.Push(&s.queue, w)
	s.mu.Unlock()
	select {
	case <-w.turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.at < 0 { // it was given a slot at the same moment
		s.pass()
	} else {
		heap.Remove(&s.queue, w.at)
	}
	return context.Cause(ctx)
}

// give hands a slot on.
func (s *slots) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pass()
}

func (s *slots) pass() {
	if len(s.queue) == 0 {
		s.free++
		return
	}
	close(heap.Pop(&s.queue).(*waiter).turn)
}

// waiters is a heap: the highest rank first, and among equals the first to come.
type waiters []*waiter

func (q waiters) Len() int { return len(q) }

func (q waiters) Less(i, j int) bool {
	if q[i].rank != q[j].rank {
		return q[i].rank > q[j].rank
	}
	return q[i].serial < q[j].serial
}

func (q waiters) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].at, q[j].at = i, j
}

// Push is heap.Interface's.
func (q *waiters) Push(x any) {
	w := x.(*waiter)
	w.at = len(*q)
	*q = append(*q, w)
}

// Pop is heap.Interface's.
func (q *waiters) Pop() any {
	last := len(*q) - 1
	w := (*q)[last]
	w.at = -1
	*q = (*q)[:last]
	return w
}
