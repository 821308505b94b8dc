package cloud

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Chunks gathers what call gives for items, of which one call takes so many at most. The
// calls are made side by side; the answers are in the order of the items. What was
// gathered before an error is dropped.
func Chunks[In, Out any](ctx context.Context, items []In, most int, call func(context.Context, []In) ([]Out, error)) ([]Out, error) {
	parts := slices.Collect(slices.Chunk(items, most))
	answers := make([][]Out, len(parts))
	g, ctx := errgroup.WithContext(ctx)
	for i, part := range parts {
		g.Go(func() (err error) {
			answers[i], err = call(ctx, part)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(answers...), nil
}
