package cloud

import (
	"context"
	"sync"
	"time"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// Inventory shares listings between the Finds of one walk: one paginated,
// stack-filtered Describe per kind feeds them all, so the cost of a plan grows
// with kinds, not with resources. How old a listing may be is the caller's to
// say, through engine.NotOlder; nothing has to be dropped by hand.
type Inventory struct {
	clock engine.Clock
	mu    sync.Mutex
	kinds map[string]*listing
}

// NewInventory makes an empty inventory.
func NewInventory(clock engine.Clock) *Inventory {
	return &Inventory{clock: clock, kinds: map[string]*listing{}}
}

// listing is the last answer for a kind; its lock is held while it is fetched,
// so that those who ask at the same time share one call.
type listing struct {
	mu   sync.Mutex
	at   time.Time
	has  bool
	data any
}

// List answers from the shared listing of kind, or fetches it when the one at
// hand is older than the context allows. Every caller of a kind passes a fetch
// of the same type. Errors are not kept.
func List[T any](ctx context.Context, inv *Inventory, kind string, fetch func(context.Context) ([]T, error)) ([]T, error) {
	inv.mu.Lock()
	l := inv.kinds[kind]
	if l == nil {
		l = &listing{}
		inv.kinds[kind] = l
	}
	inv.mu.Unlock()

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.has && !l.at.Before(engine.NotOlder(ctx)) {
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
