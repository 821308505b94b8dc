package insights

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// statsStep counts rows by what they share.
type statsStep struct {
	of []aggregate
	by []named
}

// aggregate is one figure: a function over the values that an expression has in a group of rows.
type aggregate struct {
	name string
	over expression
	do   func(values []string) (string, bool)
}

func (s *statsStep) names() []named {
	var all []named
	for _, a := range s.of {
		all = append(all, named{name: a.name})
	}
	return all
}

// stats reads stats COUNT as NAME, ... by EXPRESSION as NAME, ...
func (p *parser) stats() error {
	s := &statsStep{}
	all, err := p.list(func() (expression, error) {
		a, err := p.aggregate()
		s.of = append(s.of, a)
		return a.over, err
	})
	if err != nil {
		return err
	}
	for i, n := range all {
		s.of[i].name = n.name
	}
	if p.word("by") {
		if s.by, err = p.list(p.expression); err != nil {
			return err
		}
	}
	p.steps.add(s)
	return nil
}

// aggregate reads one figure.
func (p *parser) aggregate() (aggregate, error) {
	t := p.next()
	name := strings.ToLower(t.text)
	do, ok := aggregates[name]
	percentile := slices.Contains([]string{"pct", "percentile"}, name)
	if t.kind != "w" || !ok && !percentile {
		return aggregate{}, fmt.Errorf("stats needs a function such as count(*), not %s", t.text)
	}
	if !p.take("(") {
		return aggregate{}, p.unexpected()
	}
	a := aggregate{do: do, over: func(Row) (string, bool) { return isTrue, true }}
	if name != "count" || !p.take("*") && p.peek().kind != ")" {
		var err error
		if a.over, err = p.expression(); err != nil {
			return aggregate{}, err
		}
	}
	if percentile {
		if !p.take(",") {
			return aggregate{}, p.unexpected()
		}
		percent, err := strconv.ParseFloat(p.next().text, 64)
		if err != nil || percent < 0 || percent > 100 {
			return aggregate{}, fmt.Errorf("%s needs a number from 0 to 100", name)
		}
		a.do = func(values []string) (string, bool) { return percentileOf(values, percent) }
	}
	if !p.take(")") {
		return aggregate{}, p.unexpected()
	}
	return a, nil
}

// run groups the rows, which are newest first; groups come in the order of their first row.
func (s *statsStep) run(rows []Row) []Row {
	type bucket struct {
		Row
		rows []Row
	}
	var order []*bucket
	buckets := map[string]*bucket{}
	for _, r := range rows {
		b := &bucket{Row: Row{At: r.At, Fields: map[string]string{}}}
		var key strings.Builder
		for _, n := range s.by {
			v, ok := n.expression(r)
			fmt.Fprintf(&key, "%t%q", ok, v)
			if ok {
				b.Fields[n.name] = v
			}
		}
		if known := buckets[key.String()]; known != nil {
			b = known
		} else {
			buckets[key.String()] = b
			order = append(order, b)
		}
		b.rows = append(b.rows, r)
	}
	if len(order) == 0 && len(s.by) == 0 {
		order = append(order, &bucket{Row: Row{Fields: map[string]string{}}})
	}
	out := make([]Row, 0, len(order))
	for _, b := range order {
		for _, a := range s.of {
			var values []string
			for _, r := range b.rows {
				if v, ok := a.over(r); ok {
					values = append(values, v)
				}
			}
			if v, ok := a.do(values); ok {
				b.Fields[a.name] = v
			}
		}
		out = append(out, b.Row)
	}
	return out
}

// aggregates take the values newest first.
var aggregates = map[string]func(values []string) (string, bool){
	"count": func(v []string) (string, bool) { return strconv.Itoa(len(v)), true },
	"count_distinct": func(v []string) (string, bool) {
		return strconv.Itoa(len(slices.Compact(slices.Sorted(slices.Values(v))))), true
	},
	"latest":   func(v []string) (string, bool) { return at(v, 0) },
	"earliest": func(v []string) (string, bool) { return at(v, len(v)-1) },
	"sum":      figure(func(n []float64) float64 { return total(n) }),
	"avg":      figure(func(n []float64) float64 { return total(n) / float64(len(n)) }),
	"min":      figure(slices.Min[[]float64]),
	"max":      figure(slices.Max[[]float64]),
	"stddev": figure(func(n []float64) float64 {
		mean, sum := total(n)/float64(len(n)), 0.0
		for _, x := range n {
			sum += (x - mean) * (x - mean)
		}
		return math.Sqrt(sum / float64(len(n)))
	}),
	"median": func(v []string) (string, bool) { return percentileOf(v, 50) },
}

func at(values []string, i int) (string, bool) {
	if i < 0 || i >= len(values) {
		return "", false
	}
	return values[i], true
}

func numbers(values []string) []float64 {
	var n []float64
	for _, v := range values {
		if f, ok := asNumber(v); ok {
			n = append(n, f)
		}
	}
	return n
}

// figure is a function of numbers; of none there is no figure.
func figure(f func([]float64) float64) func([]string) (string, bool) {
	return func(values []string) (string, bool) {
		n := numbers(values)
		if len(n) == 0 {
			return "", false
		}
		return number(f(n)), true
	}
}

func total(n []float64) float64 {
	sum := 0.0
	for _, x := range n {
		sum += x
	}
	return sum
}

func percentileOf(values []string, percent float64) (string, bool) {
	n := numbers(values)
	if len(n) == 0 {
		return "", false
	}
	slices.Sort(n)
	return number(n[max(0, int(math.Ceil(percent/100*float64(len(n))))-1)]), true
}
