package insights

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// expression gives a value of a row; false when there is none.
type expression func(Row) (string, bool)

const isTrue, isFalse = "1", "0"

func truth(b bool) (string, bool) {
	if b {
		return isTrue, true
	}
	return isFalse, true
}

// holds tells whether an expression is true of a row.
func (e expression) holds(r Row) bool {
	v, ok := e(r)
	return ok && v != isFalse && v != ""
}

func (p *parser) expression() (expression, error) {
	left, err := p.conjunction()
	for err == nil && p.word("or") {
		var right expression
		a := left
		right, err = p.conjunction()
		left = func(r Row) (string, bool) { return truth(a.holds(r) || right.holds(r)) }
	}
	return left, err
}

func (p *parser) conjunction() (expression, error) {
	left, err := p.negation()
	for err == nil && p.word("and") {
		var right expression
		a := left
		right, err = p.negation()
		left = func(r Row) (string, bool) { return truth(a.holds(r) && right.holds(r)) }
	}
	return left, err
}

func (p *parser) negation() (expression, error) {
	if p.word("not") {
		e, err := p.negation()
		return func(r Row) (string, bool) { return truth(!e.holds(r)) }, err
	}
	return p.comparison()
}

func (p *parser) comparison() (expression, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	not := false
	if p.peek().kind == "w" && strings.EqualFold(p.peek().text, "not") {
		p.next()
		not = true
	}
	switch sign := p.peek().kind; {
	case p.word("like") || p.take("=~"):
		return p.like(left, not)
	case p.word("in"):
		return p.oneOf(left, not)
	case not:
		return nil, p.unexpected()
	case slices.Contains([]string{"=", "!=", "<", "<=", ">", ">="}, sign):
		p.next()
		right, err := p.sum()
		return func(r Row) (string, bool) {
			a, okA := left(r)
			b, okB := right(r)
			if !okA || !okB {
				return truth(sign == "!=" && okA != okB)
			}
			c := compareValues(a, b)
			return truth(sign == "=" && c == 0 || sign == "!=" && c != 0 || sign[0] == '<' && c < 0 || sign[0] == '>' && c > 0 || len(sign) == 2 && sign != "!=" && c == 0)
		}, err
	}
	return left, nil
}

// like reads a regular expression, or a string that has to be in the value.
func (p *parser) like(left expression, not bool) (expression, error) {
	re, err := p.pattern()
	return func(r Row) (string, bool) {
		v, ok := left(r)
		return truth(ok && re.MatchString(v) != not)
	}, err
}

func (p *parser) pattern() (*regexp.Regexp, error) {
	switch t := p.peek(); t.kind {
	case "r":
		p.next()
		return compile(t.text)
	case "s":
		p.next()
		return regexp.Compile(regexp.QuoteMeta(t.text))
	}
	return nil, p.unexpected()
}

func (p *parser) oneOf(left expression, not bool) (expression, error) {
	if !p.take("[") {
		return nil, p.unexpected()
	}
	var values []string
	for len(values) == 0 || p.take(",") {
		if k := p.peek().kind; k != "s" && k != "n" {
			return nil, p.unexpected()
		}
		values = append(values, p.next().text)
	}
	if !p.take("]") {
		return nil, p.unexpected()
	}
	return func(r Row) (string, bool) {
		v, ok := left(r)
		in := slices.ContainsFunc(values, func(x string) bool { return compareValues(v, x) == 0 })
		return truth(ok && in != not)
	}, nil
}

// compareValues compares as numbers what are numbers.
func compareValues(a, b string) int {
	x, okX := asNumber(a)
	y, okY := asNumber(b)
	if okX && okY {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(a, b)
}

// sum reads + and -, product * and %. A slash is the beginning of a regular expression here: division is not known.
func (p *parser) sum() (expression, error) {
	return p.chain(p.product, map[string]func(x, y float64) float64{
		"+": func(x, y float64) float64 { return x + y }, "-": func(x, y float64) float64 { return x - y },
	})
}

func (p *parser) product() (expression, error) {
	return p.chain(p.value, map[string]func(x, y float64) float64{
		"*": func(x, y float64) float64 { return x * y }, "%": math.Mod,
	})
}

func (p *parser) chain(part func() (expression, error), signs map[string]func(x, y float64) float64) (expression, error) {
	left, err := part()
	for err == nil && signs[p.peek().kind] != nil {
		do, a := signs[p.next().kind], left
		var b expression
		b, err = part()
		left = func(r Row) (string, bool) {
			x, okX := numberOf(a, r)
			y, okY := numberOf(b, r)
			return number(do(x, y)), okX && okY
		}
	}
	return left, err
}

func numberOf(e expression, r Row) (float64, bool) {
	v, ok := e(r)
	if !ok {
		return 0, false
	}
	return asNumber(v)
}

// number writes a number as Logs Insights does: at most four decimals.
func number(f float64) string {
	return strconv.FormatFloat(math.Round(f*1e4)/1e4, 'f', -1, 64)
}

// value reads a literal, a field, a call, or what is in parentheses.
func (p *parser) value() (expression, error) {
	t := p.peek()
	switch t.kind {
	case "(":
		p.next()
		e, err := p.expression()
		if err == nil && !p.take(")") {
			err = p.unexpected()
		}
		return e, err
	case "s", "n":
		p.next()
		if _, err := strconv.ParseFloat(t.text, 64); t.kind == "n" && err != nil {
			return nil, fmt.Errorf("unexpected symbol found %s", t.text)
		}
		return func(Row) (string, bool) { return t.text, true }, nil
	case "w":
		p.next()
		if p.take("(") {
			return p.call(strings.ToLower(t.text))
		}
		return func(r Row) (string, bool) {
			v, ok := r.Fields[t.text]
			return v, ok
		}, nil
	}
	return nil, p.unexpected()
}

// call reads the arguments of a function and what follows.
func (p *parser) call(name string) (expression, error) {
	if name == "bin" {
		every, ok := lengthOfTime(p.peek().text)
		if p.next(); !ok || !p.take(")") {
			return nil, fmt.Errorf("bin needs a length of time, as bin(5m)")
		}
		return func(r Row) (string, bool) {
			return Time(time.UnixMilli(r.At).UTC().Truncate(every).UnixMilli()), true
		}, nil
	}
	do, ok := functions[name]
	if !ok {
		return nil, fmt.Errorf("invalid arguments or function: %s is not known", name)
	}
	var args []expression
	for len(args) == 0 || p.take(",") {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if !p.take(")") {
		return nil, p.unexpected()
	}
	if len(args) < do.least || len(args) > do.most {
		return nil, fmt.Errorf("invalid number of arguments of %s", name)
	}
	return func(r Row) (string, bool) { return do.do(r, args) }, nil
}
