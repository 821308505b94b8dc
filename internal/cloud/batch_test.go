package cloud

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// deletions is an operation that takes a second, and refuses a batch that has an
// id which it does not know.
type deletions struct {
	mu    sync.Mutex
	calls [][]string
}

var errUnknown = errors.New("unknown")

func (d *deletions) call(_ context.Context, ids []string) error {
	d.mu.Lock()
	d.calls = append(d.calls, slices.Clone(ids))
	d.mu.Unlock()
	<-time.After(time.Second)
	if slices.Contains(ids, "stranger") {
		return errUnknown
	}
	return nil
}

// all asks for every id at once and tells their errors.
func (d *deletions) all(ctx context.Context, b *Batches, most int, ids ...string) map[string]error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := map[string]error{}
	for _, id := range ids {
		wg.Go(func() {
			err := b.Do(ctx, "Delete", most, []string{id}, d.call)
			mu.Lock()
			defer mu.Unlock()
			errs[id] = err
		})
	}
	wg.Wait()
	return errs
}

func TestWhatIsAskedForAtOnceIsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := []string{}
		for c := range 25 {
			ids = append(ids, string(rune('a'+c)))
		}
		d := &deletions{}
		for id, err := range d.all(t.Context(), &Batches{}, 10, ids...) {
			if err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		var done []string
		for _, c := range d.calls {
			if len(c) > 10 {
				t.Errorf("a call has %d ids, 10 are allowed", len(c))
			}
			done = append(done, c...)
		}
		slices.Sort(done)
		if !slices.Equal(done, ids) {
			t.Errorf("done for %v, want each of %v once", done, ids)
		}
		if n := len(d.calls); n > 4 {
			t.Errorf("%d calls for 25 ids, want 4 at most", n)
		}
	})
}

func TestAnErrorIsThatOfItsOwnID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deletions{}
		errs := d.all(t.Context(), &Batches{}, 10, "a", "stranger", "b", "c")
		for _, id := range []string{"a", "b", "c"} {
			if errs[id] != nil {
				t.Errorf("%s: %v", id, errs[id])
			}
		}
		if !errors.Is(errs["stranger"], errUnknown) {
			t.Errorf("stranger: %v", errs["stranger"])
		}
	})
}

func TestWhoWaitsForABatchMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, block := &Batches{}, make(chan struct{})
		defer close(block)
		go func() {
			_ = b.Do(context.Background(), "Delete", 10, []string{"slow"}, func(context.Context, []string) error { <-block; return nil })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for id, err := range (&deletions{}).all(ctx, b, 10, "a", "b") {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}
