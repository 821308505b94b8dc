package awssim

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// mathValue is one data point of a time series; a missing one has no value.
type mathValue struct {
	v       float64
	missing bool
}

// metricMath is one reading of an expression of CloudWatch's metric math over the data
// points of one moment. It knows the arithmetic, the comparisons, IF and FILL:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
type metricMath struct {
	rest   string
	series func(id string) (mathValue, bool)
	err    error
}

// evaluate is what an expression comes to. The series gives the data point of an id, or
// false when the policy has no metric of that id.
func evaluate(expression string, series func(id string) (mathValue, bool)) (mathValue, error) {
	m := &metricMath{rest: expression, series: series}
	v := m.comparison()
	if m.skip(); m.err == nil && m.rest != "" {
		m.fail()
	}
	return v, m.err
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

func (m *metricMath) comparison() mathValue {
	left := m.sum()
	op := m.take(">=", "<=", "==", "!=", ">", "<")
	if op == "" {
		return left
	}
	right := m.sum()
	holds := map[string]bool{
		">=": left.v >= right.v, "<=": left.v <= right.v, "==": left.v == right.v, "!=": left.v != right.v, ">": left.v > right.v, "<": left.v < right.v,
	}[op]
	if holds {
		return mathValue{v: 1, missing: left.missing || right.missing}
	}
	return mathValue{missing: left.missing || right.missing}
}

func (m *metricMath) sum() mathValue {
	v := m.product()
	for {
		switch m.take("+", "-") {
		case "+":
			v = both(v, m.product(), func(a, b float64) float64 { return a + b })
		case "-":
			v = both(v, m.product(), func(a, b float64) float64 { return a - b })
		default:
			return v
		}
	}
}

func (m *metricMath) product() mathValue {
	v := m.term()
	for {
		switch m.take("*", "/") {
		case "*":
			v = both(v, m.term(), func(a, b float64) float64 { return a * b })
		case "/":
			v = both(v, m.term(), func(a, b float64) float64 { return a / b })
		default:
			return v
		}
	}
}

// both has no value where either has none, nor where something is divided by zero.
func both(a, b mathValue, f func(a, b float64) float64) mathValue {
	v := f(a.v, b.v)
	if a.missing || b.missing || math.IsNaN(v) || math.IsInf(v, 0) {
		return mathValue{missing: true}
	}
	return mathValue{v: v}
}

func (m *metricMath) term() mathValue {
	if m.take("(") != "" {
		v := m.comparison()
		m.expect(")")
		return v
	}
	word := m.word()
	if number, err := strconv.ParseFloat(word, 64); err == nil && unicode.IsDigit(rune(word[0])) {
		return mathValue{v: number}
	}
	if word == "" || m.err != nil {
		m.fail()
		return mathValue{missing: true}
	}
	if m.take("(") != "" {
		return m.function(word)
	}
	v, known := m.series(word)
	if !known {
		m.rest = word + m.rest
		m.fail()
	}
	return v
}

func (m *metricMath) function(name string) mathValue {
	args := []mathValue{m.comparison()}
	for m.err == nil && m.take(",") != "" {
		args = append(args, m.comparison())
	}
	m.expect(")")
	switch {
	case m.err != nil:
	case name == "FILL" && len(args) == 2:
		if args[0].missing {
			return args[1]
		}
		return args[0]
	case name == "IF" && len(args) == 3:
		switch {
		case args[0].missing:
			return args[0]
		case args[0].v != 0:
			return args[1]
		}
		return args[2]
	default:
		m.rest = name + "()" + m.rest
		m.fail()
	}
	return mathValue{missing: true}
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
