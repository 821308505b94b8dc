package awssim

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// mathValue is one data point of a time series; a missing one has no value.
type mathValue struct {
	v       float64
	missing bool
}

// mathSeries is what a part of an expression comes to: a data point for each moment, oldest
// first, or one number for all of them.
type mathSeries struct {
	at     []mathValue
	scalar bool
}

// metricMath is one reading of an expression of CloudWatch's metric math over the data
// points of some moments. It knows the arithmetic, the comparisons, IF and FILL:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
type metricMath struct {
	rest   string
	n      int
	series func(id string) ([]mathValue, bool)
	empty  emptySeries
	err    error
}

// emptySeries is what becomes of a series without any data point, which AWS's text leaves open (Q26).
type emptySeries string

const (
	// emptyFilled: FILL gives it values, and in a sum it counts as 0.
	emptyFilled emptySeries = ""
	// EmptyUnfilled has FILL leave it without.
	EmptyUnfilled emptySeries = "unfilled"
	// EmptyDropped has FILL give it values, and what it is added to has none.
	EmptyDropped emptySeries = "dropped"
)

// evaluate is what an expression comes to at n moments. The series gives the data points of
// an id, or false when there is no metric of that id.
func evaluate(expression string, n int, empty emptySeries, series func(id string) ([]mathValue, bool)) ([]mathValue, error) {
	m := &metricMath{rest: expression, n: n, series: series, empty: empty}
	v := m.comparison()
	if m.skip(); m.err == nil && m.rest != "" {
		m.fail()
	}
	if m.err == nil && v.scalar {
		m.err = fail("ValidationException", "Error in expression: %s must return a single time series", expression)
	}
	return v.at, m.err
}

func (m *metricMath) fail() {
	if m.err == nil {
		m.err = fail("ValidationException", "Error in expression: unexpected input at %q", m.rest)
	}
}

func (m *metricMath) skip() { m.rest = strings.TrimLeftFunc(m.rest, unicode.IsSpace) }

// take eats one of the operators and says which, or "".
func (m *metricMath) take(operators ...string) string {
	m.skip()
	for _, op := range operators {
		if rest, ok := strings.CutPrefix(m.rest, op); ok {
			m.rest = rest
			return op
		}
	}
	return ""
}

func (m *metricMath) comparison() mathSeries {
	left := m.sum()
	op := m.take(">=", "<=", "==", "!=", ">", "<")
	if op == "" {
		return left
	}
	return m.both(left, m.sum(), func(a, b float64) float64 {
		if map[string]bool{">=": a >= b, "<=": a <= b, "==": a == b, "!=": a != b, ">": a > b, "<": a < b}[op] {
			return 1
		}
		return 0
	})
}

func (m *metricMath) sum() mathSeries {
	v := m.product()
	for {
		switch m.take("+", "-") {
		case "+":
			v = m.both(v, m.product(), func(a, b float64) float64 { return a + b })
		case "-":
			v = m.both(v, m.product(), func(a, b float64) float64 { return a - b })
		default:
			return v
		}
	}
}

func (m *metricMath) product() mathSeries {
	v := m.term()
	for {
		switch m.take("*", "/") {
		case "*":
			v = m.both(v, m.term(), func(a, b float64) float64 { return a * b })
		case "/":
			v = m.both(v, m.term(), func(a, b float64) float64 { return a / b })
		default:
			return v
		}
	}
}

// both of them, moment by moment. Where one of two series has no value it counts as 0, and where
// neither has one, or something is divided by zero, there is none.
func (m *metricMath) both(a, b mathSeries, f func(a, b float64) float64) mathSeries {
	out := mathSeries{at: make([]mathValue, m.n), scalar: a.scalar && b.scalar}
	if m.empty == EmptyDropped && (a.none() || b.none()) {
		return m.none()
	}
	for i := range out.at {
		x, y := a.at[i], b.at[i]
		v := f(x.v, y.v)
		none := (x.missing || a.scalar) && (y.missing || b.scalar) && !out.scalar
		if none || math.IsNaN(v) || math.IsInf(v, 0) {
			out.at[i].missing = true
			continue
		}
		out.at[i].v = v
	}
	return out
}

// none tells whether a series has no data point at all.
func (s mathSeries) none() bool {
	return !slices.ContainsFunc(s.at, func(v mathValue) bool { return !v.missing })
}

// number is the same at each moment.
func (m *metricMath) number(v float64) mathSeries {
	return mathSeries{at: slices.Repeat([]mathValue{{v: v}}, m.n), scalar: true}
}

// none is what stands for a part of an expression that is none.
func (m *metricMath) none() mathSeries {
	return mathSeries{at: slices.Repeat([]mathValue{{missing: true}}, m.n)}
}

func (m *metricMath) term() mathSeries {
	if m.take("(") != "" {
		v := m.comparison()
		m.expect(")")
		return v
	}
	word := m.word()
	if number, err := strconv.ParseFloat(word, 64); err == nil && unicode.IsDigit(rune(word[0])) {
		return m.number(number)
	}
	if word == "" || m.err != nil {
		m.fail()
		return m.none()
	}
	if m.take("(") != "" {
		return m.function(word)
	}
	v, known := m.series(word)
	if !known {
		m.rest = word + m.rest
		m.fail()
		return m.none()
	}
	return mathSeries{at: v}
}

func (m *metricMath) function(name string) mathSeries {
	args := []mathSeries{m.comparison()}
	repeat := false
	for m.err == nil && m.take(",") != "" {
		if repeat = name == "FILL" && len(args) == 1 && m.take("REPEAT") != ""; repeat {
			break
		}
		args = append(args, m.comparison())
	}
	m.expect(")")
	switch {
	case m.err != nil:
	case name == "FILL" && m.empty == EmptyUnfilled && args[0].none():
		return args[0]
	case name == "FILL" && repeat && !args[0].scalar:
		return filled(args[0], nil)
	case name == "FILL" && len(args) == 2 && !args[0].scalar:
		return filled(args[0], args[1].at)
	case name == "IF" && len(args) == 3:
		return chosen(args[0], args[1], args[2])
	default:
		m.rest = name + "()" + m.rest
		m.fail()
	}
	return m.none()
}

// filled has a value of with wherever the series has none; without it the last value before, where there is one.
func filled(series mathSeries, with []mathValue) mathSeries {
	out := mathSeries{at: slices.Clone(series.at)}
	for i := range out.at {
		switch {
		case !out.at[i].missing:
		case with != nil:
			out.at[i] = with[i]
		case i > 0:
			out.at[i] = out.at[i-1]
		}
	}
	return out
}

// chosen is IF: nothing where the condition has no value, and 0 where it holds and what it chooses has none.
func chosen(condition, yes, no mathSeries) mathSeries {
	out := mathSeries{at: make([]mathValue, len(condition.at)), scalar: condition.scalar && yes.scalar && no.scalar}
	for i, c := range condition.at {
		switch {
		case c.missing:
			out.at[i] = c
		case c.v != 0:
			out.at[i] = mathValue{v: yes.at[i].v}
		default:
			out.at[i] = no.at[i]
		}
	}
	return out
}

func (m *metricMath) expect(op string) {
	if m.take(op) == "" {
		m.fail()
	}
}

// word eats an id, the name of a function or a number.
func (m *metricMath) word() string {
	m.skip()
	end := strings.IndexFunc(m.rest, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(m.rest)
	}
	word := m.rest[:end]
	m.rest = m.rest[end:]
	return word
}
