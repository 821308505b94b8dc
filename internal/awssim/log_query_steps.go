package awssim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// logRow is an event, or a line of statistics, on its way through a query.
type logRow struct {
	at     int64
	fields map[string]string
}

// logSteps are the commands of a query, in order.
type logSteps struct {
	all []logStep
	// columns are what the result shows; shown says that display has decided that.
	columns []string
	shown   bool
	// counted says that stats has made new rows, sorted that sort has put them in order.
	counted, sorted bool
}

type logStep interface {
	run(rows []logRow) []logRow
}

func (q *logSteps) add(s logStep) {
	switch s := s.(type) {
	case logColumns:
		q.show(s)
	case *logStats:
		q.columns, q.shown, q.counted, q.sorted = nil, false, true, false
		for _, n := range append(slices.Clone(s.by), s.names()...) {
			q.columns = append(q.columns, n.name)
		}
	case logSort:
		q.sorted = true
	}
	q.all = append(q.all, s)
}

// show adds columns, each once; the first display takes away those of fields.
func (q *logSteps) show(s logColumns) {
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

// run gives the columns, the rows, and how many events got as far as statistics or the end. Without a sort the newest
// comes first.
func (q logSteps) run(rows []logRow, limit int) ([]string, []logRow, float64) {
	newestFirst(rows)
	matched := -1
	for _, s := range q.all {
		_, counts := s.(*logStats)
		_, cuts := s.(logLimit)
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
	return columns, rows[:min(limit, len(rows))], float64(matched)
}

func newestFirst(rows []logRow) {
	slices.SortStableFunc(rows, func(a, b logRow) int {
		switch {
		case a.at > b.at:
			return -1
		case a.at < b.at:
			return 1
		}
		return 0
	})
}

type logFilter struct{ logExpression }

func (f logFilter) run(rows []logRow) []logRow {
	return slices.DeleteFunc(rows, func(r logRow) bool { return !f.holds(r) })
}

// logColumns computes columns; only says that they are the only ones shown.
type logColumns struct {
	list []named
	only bool
}

func (c logColumns) run(rows []logRow) []logRow {
	for _, r := range rows {
		for _, n := range c.list {
			if v, ok := n.logExpression(r); ok {
				r.fields[n.name] = v
			}
		}
	}
	return rows
}

type logParse struct {
	field string
	re    *regexp.Regexp
	names []string
}

func (p logParse) run(rows []logRow) []logRow {
	for _, r := range rows {
		m := p.re.FindStringSubmatchIndex(r.fields[p.field])
		if m == nil {
			continue
		}
		for i, name := range p.names {
			if from := m[2*i+2]; name != "" && from >= 0 {
				r.fields[name] = r.fields[p.field][from:m[2*i+3]]
			}
		}
	}
	return rows
}

type sortKey struct {
	by         logExpression
	descending bool
}

type logSort []sortKey

func (s logSort) run(rows []logRow) []logRow {
	slices.SortStableFunc(rows, func(a, b logRow) int {
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

type logLimit int

func (n logLimit) run(rows []logRow) []logRow { return rows[:min(int(n), len(rows))] }

// discoverFields adds the fields of a message of JSON: those of objects within with a dot, of arrays with a number.
func discoverFields(fields map[string]string, message string) {
	if !strings.HasPrefix(strings.TrimSpace(message), "{") {
		return
	}
	d := json.NewDecoder(strings.NewReader(message))
	d.UseNumber()
	var doc map[string]any
	if d.Decode(&doc) != nil {
		return
	}
	for k, v := range doc {
		discover(fields, k, v)
	}
}

func discover(fields map[string]string, name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			discover(fields, name+"."+k, x)
		}
	case []any:
		for i, x := range v {
			discover(fields, fmt.Sprintf("%s.%d", name, i), x)
		}
	case nil:
	case bool:
		fields[name], _ = truth(v)
	default:
		fields[name] = fmt.Sprint(v)
	}
}
