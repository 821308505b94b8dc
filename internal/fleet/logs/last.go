package logs

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"golang.org/x/sync/errgroup"
)

// errEnough ends a read early.
var errEnough = errors.New("enough")

// maxPage is the most events that AWS puts on a page.
const maxPage = 10_000

// lastOnes hands on the last Tail events of the past, over all groups. AWS reads backwards for it.
func (t *tailer) lastOnes(ctx context.Context, end int64) error {
	work, within := errgroup.WithContext(ctx)
	found := make([][]record, len(t.groups))
	for i, g := range t.groups {
		work.Go(func() (err error) {
			found[i], err = g.last(within, end)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	var all []record
	for _, e := range t.Past {
		all = append(all, recordOf(e))
	}
	for _, f := range found {
		all = append(all, f...)
	}
	slices.SortStableFunc(all, inOrder)
	if cut := len(all) - t.Tail; cut > 0 {
		all = all[cut:]
		// What is older was left out on purpose and must not come with a read of the look-back.
		for _, g := range t.groups {
			g.floor = all[0].ts
		}
	}
	for _, r := range all {
		if err := t.out.emit(r); err != nil {
			return err
		}
	}
	return nil
}

// last reads a group backwards until it has Tail wanted events, and gives them oldest first. An endpoint that
// does not know startFromHead sends them forwards: then all pages are read and the last are kept.
func (g *group) last(ctx context.Context, end int64) ([]record, error) {
	began := g.t.Clock.Now().UnixMilli()
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(g.Name), StartTime: aws.Int64(g.floor), StartFromHead: aws.Bool(false),
		Limit: aws.Int32(int32(min(maxPage, g.t.Tail))),
	}
	if end != 0 {
		in.EndTime = aws.Int64(end)
	}
	if !g.t.keep.all() {
		in.Limit = aws.Int32(maxPage)
	}
	var kept []record
	forwards := false
	g.page.known = nil
	inTrace := traces{}
	err := g.t.read(ctx, g, in, false, func() error {
		wanted := g.wantedOf(inTrace)
		for i, r := range g.page.records {
			forwards = forwards || i > 0 && r.ts > g.page.records[i-1].ts
			if g.t.Follow {
				g.rememberPast(r)
			}
			if wanted[i] {
				kept = append(kept, r)
			}
		}
		if forwards && len(kept) > 2*g.t.Tail {
			kept = append(kept[:0:0], kept[len(kept)-g.t.Tail:]...)
		}
		if !forwards && len(kept) >= g.t.Tail {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
		g.floor = kept[len(kept)-1].ts
	}
	if err = g.noteMissing(err); err != nil || g.missing {
		return nil, err
	}
	g.start(began)
	g.dedup.forget(g.fullRead - g.t.LookBack.Milliseconds())
	if !forwards {
		slices.Reverse(kept)
	}
	return kept[max(0, len(kept)-g.t.Tail):], nil
}

// wantedOf decides on a page's events, whichever way round the page is. Of a page that goes backwards, a traceback that
// began on an older page is not known.
func (g *group) wantedOf(inTrace traces) []bool {
	rs := g.page.records
	wanted := make([]bool, len(rs))
	if len(rs) > 0 && rs[0].ts > rs[len(rs)-1].ts {
		inTrace = traces{}
		for i := len(rs) - 1; i >= 0; i-- {
			wanted[i] = g.t.keep.wants(inTrace, rs[i])
		}
		return wanted
	}
	for i, r := range rs {
		wanted[i] = g.t.keep.wants(inTrace, r)
	}
	return wanted
}
