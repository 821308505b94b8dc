package insights

import (
	"regexp"
	"slices"
)

// Query is a query that was read: its commands, in order.
type Query struct {
	all []step
	// columns are what the result shows; shown says that display has decided that.
	columns []string
	shown   bool
	// counted says that stats has made new rows, sorted that sort has put them in order.
	counted, sorted bool
}

type step interface {
	run(rows []Row) []Row
}

func (q *Query) add(s step) {
	switch s := s.(type) {
	case columnsStep:
		q.show(s)
	case *statsStep:
		q.columns, q.shown, q.counted, q.sorted = nil, false, true, false
		for _, n := range append(slices.Clone(s.by), s.names()...) {
			q.columns = append(q.columns, n.name)
		}
	case sortStep:
		q.sorted = true
	}
	q.all = append(q.all, s)
}

// show adds columns, each once; the first display takes away those of fields.
func (q *Query) show(s columnsStep) {
	if s.only && !q.shown {
		q.columns, q.shown = nil, true
	}
	if q.shown && !s.only {
		return
	}
	for _, n := range s.list {
		if !slices.Contains(q.columns, n.name) {
			q.columns = append(q.columns, n.name)
		}
	}
}

// Run makes rows of rows, limit at most; it changes those it is given. Without a
// sort the newest comes first.
func (q Query) Run(rows []Row, limit int) Result {
	newestFirst(rows)
	matched := -1
	for _, s := range q.all {
		_, counts := s.(*statsStep)
		_, cuts := s.(limitStep)
		if (counts || cuts) && matched < 0 {
			matched = len(rows)
		}
		rows = s.run(rows)
	}
	if matched < 0 {
		matched = len(rows)
	}
	columns := q.columns
	if len(columns) == 0 {
		columns = []string{"@timestamp", "@message"}
	}
	if !q.counted {
		columns = append(columns, "@ptr")
	}
	return Result{Columns: columns, Rows: rows[:min(limit, len(rows))], Matched: matched}
}

func newestFirst(rows []Row) {
	slices.SortStableFunc(rows, func(a, b Row) int {
		switch {
		case a.At > b.At:
			return -1
		case a.At < b.At:
			return 1
		}
		return 0
	})
}

type filterStep struct{ expression }

func (f filterStep) run(rows []Row) []Row {
	return slices.DeleteFunc(rows, func(r Row) bool { return !f.holds(r) })
}

// columnsStep computes columns; only says that they are the only ones shown.
type columnsStep struct {
	list []named
	only bool
}

func (c columnsStep) run(rows []Row) []Row {
	for _, r := range rows {
		for _, n := range c.list {
			if v, ok := n.expression(r); ok {
				r.Fields[n.name] = v
			}
		}
	}
	return rows
}

type parseStep struct {
	field string
	re    *regexp.Regexp
	names []string
}

func (p parseStep) run(rows []Row) []Row {
	for _, r := range rows {
		m := p.re.FindStringSubmatchIndex(r.Fields[p.field])
		if m == nil {
			continue
		}
		for i, name := range p.names {
			if from := m[2*i+2]; name != "" && from >= 0 {
				r.Fields[name] = r.Fields[p.field][from:m[2*i+3]]
			}
		}
	}
	return rows
}

type sortKey struct {
	by         expression
	descending bool
}

type sortStep []sortKey

func (s sortStep) run(rows []Row) []Row {
	slices.SortStableFunc(rows, func(a, b Row) int {
		for _, k := range s {
			x, okX := k.by(a)
			y, okY := k.by(b)
			c := 0
			switch {
			case okX && okY:
				c = compareValues(x, y)
			case okX:
				c = 1
			case okY:
				c = -1
			}
			if k.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	return rows
}

type limitStep int

func (n limitStep) run(rows []Row) []Row { return rows[:min(int(n), len(rows))] }
