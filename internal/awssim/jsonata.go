package awssim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// jsonata is an expression of JSONata, as far as conditions use it: paths from $states, variables, the filter of a list by one
// field, numbers, texts, = != < > >= <= + -, and, or, ? :, $parse, $count, $not and $toMillis.
// https://docs.jsonata.org/overview.html
type jsonata func(states map[string]any) (any, error)

// jsonataToken is one word of an expression.
var jsonataToken = lazyregexp.New(`^\s*('[^']*'|\d+|\$?[A-Za-z][A-Za-z0-9]*|!=|>=|<=|[=<>+\-?:.,()\[\]])`)

// parseJSONata reads what is between {% and %}.
func parseJSONata(text string) (jsonata, error) {
	inner, opened := strings.CutPrefix(text, "{%")
	inner, closed := strings.CutSuffix(inner, "%}")
	if !opened || !closed {
		return nil, fmt.Errorf("a condition in JSONata is between {%% and %%}: %s", text)
	}
	p := &jsonataParser{}
	for inner = strings.TrimSpace(inner); inner != ""; {
		m := jsonataToken.FindStringSubmatch(inner)
		if m == nil {
			return nil, fmt.Errorf("awssim does not know this JSONata: %s", inner)
		}
		p.words = append(p.words, m[1])
		inner = strings.TrimSpace(inner[len(m[0]):])
	}
	e, err := p.conditional()
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("awssim does not know this JSONata: %s", strings.Join(p.words, " "))
	}
	return e, err
}

type jsonataParser struct{ words []string }

// take takes the next word if it is one of those.
func (p *jsonataParser) take(words ...string) (string, bool) {
	if len(p.words) == 0 || !slices.Contains(words, p.words[0]) {
		return "", false
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w, true
}

func (p *jsonataParser) must(word string) error {
	if _, ok := p.take(word); !ok {
		return fmt.Errorf("JSONata: %s is missing before %q", word, strings.Join(p.words, " "))
	}
	return nil
}

// conditional is a ? b : c, which evaluates one of the two.
func (p *jsonataParser) conditional() (jsonata, error) {
	test, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if _, ok := p.take("?"); !ok {
		return test, nil
	}
	yes, err := p.conditional()
	if err != nil {
		return nil, err
	}
	if err := p.must(":"); err != nil {
		return nil, err
	}
	no, err := p.conditional()
	if err != nil {
		return nil, err
	}
	return func(states map[string]any) (any, error) {
		is, err := test(states)
		if err != nil {
			return nil, err
		}
		if is == true {
			return yes(states)
		}
		return no(states)
	}, nil
}

// jsonataLevels are the operators; the ones that bind least come first.
var jsonataLevels = [][]string{{"or"}, {"and"}, {"=", "!=", "<", ">", "<=", ">="}, {"+", "-"}}

func (p *jsonataParser) binary(level int) (jsonata, error) {
	if level == len(jsonataLevels) {
		return p.path()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		op, ok := p.take(jsonataLevels[level]...)
		if !ok {
			return left, nil
		}
		var right jsonata
		a := left
		if right, err = p.binary(level + 1); err == nil {
			left = func(states map[string]any) (any, error) {
				x, err := a(states)
				if err != nil {
					return nil, err
				}
				y, err := right(states) // version 2.0.6 evaluates both sides of `and` and `or`
				if err != nil {
					return nil, err
				}
				return operate(op, x, y)
			}
		}
	}
	return nil, err
}

// operate: what is not there equals nothing, differs from nothing, and compares to nothing.
// https://github.com/jsonata-js/jsonata/blob/master/src/jsonata.js (evaluateEqualityExpression)
func operate(op string, x, y any) (any, error) {
	switch op {
	case "and":
		return x == true && y == true, nil
	case "or":
		return x == true || y == true, nil
	case "=":
		return x != nil && x == y, nil
	case "!=":
		return x != nil && y != nil && x != y, nil
	}
	if x == nil || y == nil {
		return nil, nil
	}
	a, aIs := x.(float64)
	b, bIs := y.(float64)
	if !aIs || !bIs {
		return nil, fmt.Errorf("the operands of %s must be numbers", op)
	}
	switch op {
	case "<":
		return a < b, nil
	case ">":
		return a > b, nil
	case "<=":
		return a <= b, nil
	case ">=":
		return a >= b, nil
	case "+":
		return a + b, nil
	}
	return a - b, nil
}

// path is a value, and what is asked of it: .Name and [Name='x'].
func (p *jsonataParser) path() (jsonata, error) {
	at, err := p.value()
	for err == nil {
		from := at
		if _, ok := p.take("."); ok && len(p.words) > 0 {
			name := p.words[0]
			p.words = p.words[1:]
			at = func(states map[string]any) (any, error) {
				x, err := from(states)
				return fieldOf(x, name), err
			}
			continue
		}
		if _, ok := p.take("["); !ok {
			return at, nil
		}
		if len(p.words) < 4 || p.words[1] != "=" || p.words[3] != "]" {
			return nil, fmt.Errorf("awssim simulates filters by one field")
		}
		name, want := p.words[0], strings.Trim(p.words[2], "'")
		p.words = p.words[4:]
		at = func(states map[string]any) (any, error) {
			x, err := from(states)
			list, _ := x.([]any)
			return single(slices.DeleteFunc(slices.Clone(list), func(e any) bool { return fieldOf(e, name) != want })), err
		}
	}
	return nil, err
}

// fieldOf is a field of an object, or those of a list's objects.
func fieldOf(x any, name string) any {
	switch x := x.(type) {
	case map[string]any:
		return x[name]
	case []any:
		var all []any
		for _, e := range x {
			if v := fieldOf(e, name); v != nil {
				all = append(all, v)
			}
		}
		return single(all)
	}
	return nil
}

// single: a sequence of one value is that value, and an empty one is nothing.
func single(list []any) any {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return list
}

func (p *jsonataParser) value() (jsonata, error) {
	if len(p.words) == 0 {
		return nil, fmt.Errorf("JSONata: a value is missing")
	}
	word := p.words[0]
	p.words = p.words[1:]
	constant := func(v any) (jsonata, error) { return func(map[string]any) (any, error) { return v, nil }, nil }
	switch {
	case word == "(":
		e, err := p.conditional()
		if err == nil {
			err = p.must(")")
		}
		return e, err
	case strings.HasPrefix(word, "'"):
		return constant(strings.Trim(word, "'"))
	case word == "true" || word == "false":
		return constant(word == "true")
	case word == "$states":
		return func(states map[string]any) (any, error) { return states, nil }, nil
	case jsonataFunctions[word] != nil:
		if err := p.must("("); err != nil {
			return nil, err
		}
		argument, err := p.conditional()
		if err == nil {
			err = p.must(")")
		}
		return func(states map[string]any) (any, error) {
			x, err := argument(states)
			if err != nil {
				return nil, err
			}
			return jsonataFunctions[word](x)
		}, err
	case strings.HasPrefix(word, "$"):
		return func(states map[string]any) (any, error) {
			v, is := states[word]
			if !is {
				return nil, fmt.Errorf("the variable %s is not assigned", word)
			}
			return v, nil
		}, nil
	}
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		return constant(n)
	}
	return nil, fmt.Errorf("awssim does not know %s of JSONata", word)
}

// jsonataFunctions are JSONata's, and $parse is Step Functions' own.
// https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
var jsonataFunctions = map[string]func(any) (any, error){
	"$parse": func(x any) (any, error) {
		text, is := x.(string)
		if !is {
			return nil, fmt.Errorf("$parse takes a text")
		}
		var v any
		err := json.Unmarshal([]byte(text), &v)
		return v, err
	},
	"$count": func(x any) (any, error) {
		switch x := x.(type) {
		case nil:
			return 0.0, nil
		case []any:
			return float64(len(x)), nil
		}
		return 1.0, nil
	},
	"$not": func(x any) (any, error) {
		if x == nil {
			return nil, nil
		}
		return x != true, nil
	},
	"$toMillis": func(x any) (any, error) {
		text, _ := x.(string)
		at, err := time.Parse(time.RFC3339, text)
		return float64(at.UnixMilli()), err
	},
}
