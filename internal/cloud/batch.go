package cloud

import (
	"context"
	"sync"
)

// Batches put the deletions that goroutines ask for at the same time into one call
// of AWS, where it takes many at once: with fifty agents AWS would refuse most of
// the calls of each alone, and who is refused waits longer each time. The zero
// value is ready.
type Batches struct {
	mu    sync.Mutex
	kinds map[string]*batches
}

// batches are those of one operation: one is under way, and one or more gather.
type batches struct {
	turn chan struct{}
	next *batch
}

type batch struct {
	ids  []string
	done chan struct{}
	err  error
}

// Do has call do its work for ids, among those of others, at most the given number
// at a time, which is no less than the ids. When AWS refuses a batch everybody's own
// are tried alone, so that an error is theirs. Every caller of an operation passes
// the same number and call.
func (b *Batches) Do(ctx context.Context, operation string, most int, ids []string, call func(ctx context.Context, ids []string) error) error {
	k, mine, first := b.join(operation, most, ids)
	if first {
		select {
		case k.turn <- struct{}{}: // until here others may join
			mine.err = call(ctx, b.close(k, mine))
			<-k.turn
		case <-ctx.Done():
			b.close(k, mine)
			mine.err = context.Cause(ctx)
		}
		close(mine.done)
	}
	select {
	case <-mine.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if mine.err != nil && len(mine.ids) > len(ids) && ctx.Err() == nil {
		return call(ctx, ids)
	}
	return mine.err
}

// join adds ids to the batch that gathers. The first in it has to make the call.
func (b *Batches) join(operation string, most int, ids []string) (k *batches, mine *batch, first bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kinds == nil {
		b.kinds = map[string]*batches{}
	}
	k = b.kinds[operation]
	if k == nil {
		k = &batches{turn: make(chan struct{}, 1)}
		b.kinds[operation] = k
	}
	if k.next == nil || len(k.next.ids)+len(ids) > most {
		k.next, first = &batch{done: make(chan struct{})}, true
	}
	k.next.ids = append(k.next.ids, ids...)
	return k, k.next, first
}

// close lets no caller join any more.
func (b *Batches) close(k *batches, mine *batch) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k.next == mine {
		k.next = nil
	}
	return mine.ids
}
