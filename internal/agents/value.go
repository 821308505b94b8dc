package agents

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// parsed is what a scalar's text turned out to be: a value, or a hint at
// what was meant ("" for none) put before what is allowed.
type parsed[T any] struct {
	value T
	hint  string
	ok    bool
}

// didYouMean comes before what is allowed.
func didYouMean(what string) string { return "did you mean " + what + "? allowed: " }

func good[T any](v T) parsed[T]          { return parsed[T]{value: v, ok: true} }
func wrong[T any](hint string) parsed[T] { return parsed[T]{hint: hint} }

// scalar is a single value: shape is its schema, allowed its description in a message.
func scalar[T comparable](shape schema, allowed string, parse func(*yaml.Node) parsed[T], show func(T) any) value[T] {
	var zero T
	return value[T]{
		read: func(r *reader, n *yaml.Node, into *T) {
			n = resolve(n)
			if n.Kind != yaml.ScalarNode {
				r.cannotBe(n, allowed)
				return
			}
			p := parse(n)
			if !p.ok {
				r.cannotBe(n, p.hint+allowed)
				return
			}
			*into = p.value
		},
		describe: func(_ *definitions, preset *T) schema {
			s := schema{}
			for k, v := range shape {
				s[k] = v
			}
			if preset != nil && *preset != zero {
				s["default"] = show(*preset)
			}
			return s
		},
	}
}

func itself[T any](v T) any { return v }

var wholeNumber = lazyregexp.New(`^-?[0-9]{1,15}$`)

// integer is a whole number in a range.
func integer(low, high int) value[int] {
	allowed := fmt.Sprintf("a whole number from %d to %d", low, high)
	if high == math.MaxInt32 {
		allowed = fmt.Sprintf("a whole number, %d or more", low)
	}
	return scalar(schema{"type": "integer", "minimum": low, "maximum": high}, allowed, func(n *yaml.Node) parsed[int] {
		v, hint, ok := parseInt(n)
		if !ok || v < low || v > high {
			return wrong[int](hint)
		}
		return good(v)
	}, itself)
}

// oneNumber is one of a few whole numbers.
func oneNumber(options []int) value[int] {
	return scalar(schema{"type": "integer", "enum": options}, either(options), func(n *yaml.Node) parsed[int] {
		v, hint, ok := parseInt(n)
		if !ok || !slices.Contains(options, v) {
			return wrong[int](hint)
		}
		return good(v)
	}, itself)
}

// cpuUnits is one of a few numbers of CPU units. Other tools count whole processors: 0.5 is 512 here.
func cpuUnits(options []int) value[int] {
	return scalar(schema{"type": "integer", "enum": options}, either(options)+" (1024 is a vCPU)", func(n *yaml.Node) parsed[int] {
		v, hint, ok := parseInt(n)
		if ok && slices.Contains(options, v) {
			return good(v)
		}
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil && slices.Contains(options, int(f*1024)) {
			hint = didYouMean(strconv.Itoa(int(f * 1024)))
		}
		return wrong[int](hint)
	}, itself)
}

var withUnit = lazyregexp.New(`(?i)^([0-9]{1,6}) ?([mg])i?b?$`)

// mebibytes is a whole number of MiB in a range. Other tools write 512MB, or 1Gi.
func mebibytes(low, high int) value[int] {
	return scalar(schema{"type": "integer", "minimum": low, "maximum": high}, fmt.Sprintf("a whole number of MiB from %d to %d", low, high), func(n *yaml.Node) parsed[int] {
		v, hint, ok := parseInt(n)
		if ok && v >= low && v <= high {
			return good(v)
		}
		if m := withUnit.FindStringSubmatch(n.Value); m != nil {
			v, _ = strconv.Atoi(m[1])
			if strings.EqualFold(m[2], "g") {
				v *= 1024
			}
			if v >= low && v <= high {
				hint = didYouMean(strconv.Itoa(v))
			}
		}
		return wrong[int](hint)
	}, itself)
}

func parseInt(n *yaml.Node) (v int, hint string, ok bool) {
	if !wholeNumber.MatchString(n.Value) {
		return 0, "", false
	}
	v, err := strconv.Atoi(n.Value)
	if n.Tag == "!!str" {
		return 0, "a number without quotes: ", false
	}
	return v, "", err == nil
}

// amount is a number that is 0 or more.
func amount() value[float64] {
	return scalar(schema{"type": "number", "minimum": 0}, "a number, 0 or more", func(n *yaml.Node) parsed[float64] {
		v, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || n.Tag == "!!str" || v < 0 || v > 1e12 || math.IsNaN(v) {
			return wrong[float64]("")
		}
		return good(v)
	}, itself)
}

// boolean is true or false.
func boolean() value[bool] {
	return scalar(schema{"type": "boolean"}, "true or false", func(n *yaml.Node) parsed[bool] {
		v, hint, ok := parseBool(n)
		if !ok {
			return wrong[bool](hint)
		}
		return good(v)
	}, itself)
}

func parseBool(n *yaml.Node) (v bool, hint string, ok bool) {
	switch word := strings.ToLower(n.Value); {
	case n.Tag == "!!bool":
		return word == "true", "", true
	case word == "yes", word == "on":
		return false, didYouMean("true"), false
	case word == "no", word == "off":
		return false, didYouMean("false"), false
	}
	return false, "", false
}

// choice is one of a few words.
func choice[T ~string](options ...T) value[T] {
	words := make([]string, len(options))
	for i, o := range options {
		words[i] = string(o)
	}
	return scalar(schema{"type": "string", "enum": words}, either(words), func(n *yaml.Node) parsed[T] {
		if slices.Contains(words, n.Value) {
			return good(T(n.Value))
		}
		if near := Nearest(n.Value, words); near != "" {
			return wrong[T](didYouMean(strconv.Quote(near)))
		}
		return wrong[T]("")
	}, itself)
}

// duration is whole seconds, written 30s, 2m or 1m30s.
func duration(low, high time.Duration) value[time.Duration] {
	allowed := fmt.Sprintf("a duration from %s to %s", seconds(low), seconds(high))
	if high == math.MaxInt32*time.Second {
		allowed = fmt.Sprintf("a duration such as 90s or 2m, %s or more", seconds(low))
	}
	// A pattern cannot say how long: the comment is for people and for docs/agents-yaml.md.
	shape := schema{"type": "string", "pattern": `^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`, "minLength": 2, "$comment": allowed}
	return scalar(shape, allowed, func(n *yaml.Node) parsed[time.Duration] {
		if v, err := time.ParseDuration(n.Value + "s"); err == nil && wholeNumber.MatchString(n.Value) && v >= low && v <= high {
			return wrong[time.Duration](didYouMean(n.Value + "s"))
		}
		v, err := time.ParseDuration(n.Value)
		if err != nil || v%time.Second != 0 || !durationText.MatchString(n.Value) || v < low || v > high {
			return wrong[time.Duration]("")
		}
		return good(v)
	}, func(v time.Duration) any { return seconds(v) })
}

var durationText = lazyregexp.New(`^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`)

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + "s" }

// dollars is a positive amount of money, kept as the decimal text it is
// written as: money is never a float.
func dollars() value[string] {
	pattern := lazyregexp.New(`^[0-9]{1,9}(\.[0-9]{1,2})?$`)
	shape := schema{"type": []string{"number", "string"}, "exclusiveMinimum": 0, "pattern": pattern.String()}
	return scalar(shape, "a positive amount in US dollars such as 100 or 99.50", func(n *yaml.Node) parsed[string] {
		if !pattern.MatchString(n.Value) || strings.Trim(n.Value, "0.") == "" {
			return wrong[string]("")
		}
		return good(n.Value)
	}, itself)
}

// words is a list of texts in which the order counts and a text may come twice.
func words(what string) value[[]string] {
	return value[[]string]{
		read: func(r *reader, n *yaml.Node, into *[]string) {
			n = resolve(n)
			if n.Kind != yaml.SequenceNode {
				r.cannotBe(n, what)
				return
			}
			out := make([]string, 0, len(n.Content))
			for _, item := range n.Content {
				item = resolve(item)
				if item.Kind != yaml.ScalarNode || isNull(item) {
					r.cannotBe(item, what)
					return
				}
				out = append(out, item.Value)
			}
			*into = out
		},
		describe: func(*definitions, *[]string) schema {
			return schema{"type": []string{"array", "null"}, "items": schema{"type": []string{"string", "number", "boolean"}}}
		},
	}
}
