package cloud

import (
	"context"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Inventory shares listings between the Finds of one walk: one paginated,
// stack-filtered Describe per kind feeds them all, so the cost of a plan grows
// with kinds, not with resources. Each caller says how old a listing may be;
// nothing has to be dropped by hand.
type Inventory struct {
	clock engine.Clock
	mu    sync.Mutex
	kinds map[string]*listing
}

// NewInventory makes an empty inventory.
func NewInventory(clock engine.Clock) *Inventory {
	return &Inventory{clock: clock, kinds: map[string]*listing{}}
}

// listing is the last answer for a kind; its turn is held while it is fetched,
// so that callers that ask at the same time share one call. It is a channel and no
// mutex: waiting for it ends with the context, and a test's clock runs on.
type listing struct {
	turn chan struct{}
	at   time.Time
	has  bool
	data any
}

// List answers from the shared listing of kind, or fetches it when the one at
// hand was read before notOlder; a zero time allows any. Every caller of a kind
// passes a fetch of the same type. Errors are not kept.
func List[T any](ctx context.Context, inv *Inventory, kind string, notOlder time.Time, fetch func(context.Context) ([]T, error)) ([]T, error) {
	inv.mu.Lock()
	l := inv.kinds[kind]
	if l == nil {
		l = &listing{turn: make(chan struct{}, 1)}
		inv.kinds[kind] = l
	}
	inv.mu.Unlock()

	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-l.turn }()
	if l.has && !l.at.Before(notOlder) {
		return l.data.([]T), nil
	}
	at := inv.clock.Now()
	items, err := fetch(ctx)
	if err != nil {
		return nil, err
	}
	l.at, l.has, l.data = at, true, items
	return items, nil
}
