package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// pagesAhead is how many groups may have read a page that the merge does not need yet. More would only take memory: with
// one there is always a call that waits for the quota.
const pagesAhead = 1

// history hands on what was written before now (or Until), merged by time. A group reads when the merge waits for it,
// and one of them a page ahead, so memory does not grow with the length of the history.
func (t *tailer) history(ctx context.Context) error {
	end := int64(0)
	if !t.Until.IsZero() {
		end = t.Until.UnixMilli()
	}
	if t.Tail > 0 {
		return t.lastOnes(ctx, end)
	}
	work, ctx := errgroup.WithContext(ctx)
	sources := []*source{pastSource(t.Past)}
	ahead := make(chan struct{}, pagesAhead)
	for _, g := range t.groups {
		s := &source{pages: make(chan []record), wanted: make(chan struct{}), ahead: ahead}
		sources = append(sources, s)
		work.Go(func() error {
			defer s.end()
			return g.past(ctx, end, s)
		})
	}
	work.Go(func() error { return t.mergeSources(ctx, sources) })
	return work.Wait()
}

// past reads a group's history page by page.
func (g *group) past(ctx context.Context, end int64, to *source) error {
	began := g.t.Clock.Now().UnixMilli()
	g.page.known = nil
	inTrace := traces{}
	err := g.t.pages(ctx, g, g.floor, end, false, func() error {
		keepFrom := began + g.t.skew.Load() - g.t.LookBack.Milliseconds()
		for _, r := range g.page.records {
			if g.t.Follow && r.ts >= keepFrom {
				g.rememberPast(r)
			}
		}
		records := slices.DeleteFunc(g.page.handOver(), func(r record) bool { return !g.t.keep.wants(inTrace, r) })
		if len(records) == 0 {
			return nil // and the next page instead
		}
		if !slices.IsSortedFunc(records, inOrder) {
			slices.SortStableFunc(records, inOrder)
		}
		return to.give(ctx, records, g.page.token != "")
	})
	if err = g.noteMissing(err); err != nil || g.missing {
		return err
	}
	g.start(began)
	return nil
}

// start notes that all before began, by the local clock, was read. How far that clock is off is known only now.
func (g *group) start(began int64) {
	began += g.t.skew.Load()
	g.read, g.fullRead = began, began
	if g.t.fromNow {
		g.floor = min(g.floor, began)
	}
}

// noteMissing notes a group that does not exist in place of the error; sayMissing tells of it.
func (g *group) noteMissing(err error) error {
	if !errors.Is(err, errMissing) {
		return err
	}
	g.missing = true
	g.read, g.fullRead = g.floor, g.floor
	return nil
}

// sayMissing tells of the groups that do not exist, all at once.
func (t *tailer) sayMissing() {
	var names []string
	for _, g := range t.groups {
		if g.missing {
			names = append(names, g.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	if t.Follow {
		t.say(missing(names, len(t.groups), " yet: waiting for "+itOrThem(names)))
		return
	}
	t.say(missing(names, len(t.groups), ": passed over"))
}

// missing says that log groups do not exist, of so many, and what follows from it.
func missing(names []string, of int, then string) string {
	switch {
	case len(names) == 1:
		return "log group " + names[0] + " does not exist" + then
	case len(names) == of:
		return fmt.Sprintf("none of the %d log groups exists%s", of, then)
	}
	return fmt.Sprintf("%d of %d log groups do not exist%s: %s", len(names), of, then, strings.Join(names, ", "))
}

func itOrThem(names []string) string {
	if len(names) == 1 {
		return "it"
	}
	return "them"
}

// source is a sorted run of records that comes in pages.
type source struct {
	pages chan []record
	// wanted is the merge asking for a page; ahead bounds what is read without being asked, over all sources.
	wanted, ahead chan struct{}
	isAhead       bool
	head          []record
	done          bool
}

// give hands a page to the merge, and returns when the next one may be read.
func (s *source) give(ctx context.Context, records []record, more bool) error {
	select {
	case s.pages <- records:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.caughtUp()
	if !more {
		return nil
	}
	select {
	case <-s.wanted:
	case s.ahead <- struct{}{}:
		s.isAhead = true
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

func pastSource(events []Event) *source {
	s := &source{pages: make(chan []record)}
	close(s.pages)
	for _, e := range events {
		s.head = append(s.head, recordOf(e))
	}
	slices.SortStableFunc(s.head, inOrder)
	return s
}

func (s *source) caughtUp() {
	if s.isAhead {
		<-s.ahead
		s.isAhead = false
	}
}

func (s *source) end() {
	s.caughtUp()
	close(s.pages)
}

// fill sees to it that there is a head, or that the source is done.
func (s *source) fill(ctx context.Context) error {
	if len(s.head) > 0 || s.done {
		return nil
	}
	for {
		select {
		case s.wanted <- struct{}{}:
		case head, ok := <-s.pages:
			s.head, s.done = head, !ok
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// mergeSources hands on the records of sorted sources in order.
func (t *tailer) mergeSources(ctx context.Context, sources []*source) error {
	for {
		var first *source
		limit := int64(1<<63 - 1)
		for _, s := range sources {
			if err := s.fill(ctx); err != nil {
				return err
			}
			if s.done {
				continue
			}
			switch {
			case first == nil || s.head[0].ts < first.head[0].ts:
				if first != nil {
					limit = first.head[0].ts
				}
				first = s
			case s.head[0].ts < limit:
				limit = s.head[0].ts
			}
		}
		if first == nil {
			return nil
		}
		n := 0
		for n < len(first.head) && (n == 0 || first.head[n].ts <= limit) {
			if err := t.out.emit(first.head[n]); err != nil {
				return err
			}
			n++
		}
		clear(first.head[:n]) // lets go of their text
		first.head = first.head[n:]
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
}
