package cloud

import "context"

// Pager is what the SDK's paginators have in common.
type Pager[Out, Options any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (*Out, error)
}

// Pages gathers the items of every page. What was gathered before an error is
// dropped: half a listing would read as "not there".
func Pages[Out, Options, T any](ctx context.Context, p Pager[Out, Options], items func(*Out) []T) ([]T, error) {
	var all []T
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, items(out)...)
	}
	return all, nil
}
