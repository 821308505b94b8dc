package insights

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// function is a function of Logs Insights and how many arguments it takes.
type function struct {
	least, most int
	do          func(r Row, args []expression) (string, bool)
}

// functions are the simulated ones:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
var functions = map[string]function{
	"ispresent": {1, 1, func(r Row, args []expression) (string, bool) {
		_, ok := args[0](r)
		return truth(ok)
	}},
	"isempty": {1, 1, func(r Row, args []expression) (string, bool) {
		v, ok := args[0](r)
		return truth(!ok || v == "")
	}},
	"isblank": {1, 1, func(r Row, args []expression) (string, bool) {
		v, ok := args[0](r)
		return truth(!ok || strings.TrimSpace(v) == "")
	}},
	"coalesce": {1, 10, func(r Row, args []expression) (string, bool) {
		for _, a := range args {
			if v, ok := a(r); ok {
				return v, true
			}
		}
		return "", false
	}},
	"concat": {1, 10, func(r Row, args []expression) (string, bool) {
		var b strings.Builder
		for _, a := range args {
			v, _ := a(r)
			b.WriteString(v)
		}
		return b.String(), true
	}},
	"strcontains": {2, 2, func(r Row, args []expression) (string, bool) {
		v, _ := args[0](r)
		part, _ := args[1](r)
		return truth(strings.Contains(v, part))
	}},
	"replace": {3, 3, func(r Row, args []expression) (string, bool) {
		v, ok := args[0](r)
		was, _ := args[1](r)
		now, _ := args[2](r)
		return strings.ReplaceAll(v, was, now), ok
	}},
	"substr": {2, 3, func(r Row, args []expression) (string, bool) {
		v, ok := args[0](r)
		from, okFrom := numberOf(args[1], r)
		n := float64(len(v))
		if len(args) == 3 {
			n, _ = numberOf(args[2], r)
		}
		all := []rune(v)
		begin := min(len(all), max(0, int(from)))
		return string(all[begin:min(len(all), begin+max(0, int(n)))]), ok && okFrom
	}},
	"strlen":  ofText(func(s string) string { return strconv.Itoa(utf8.RuneCountInString(s)) }),
	"trim":    ofText(strings.TrimSpace),
	"tolower": ofText(strings.ToLower),
	"toupper": ofText(strings.ToUpper),
	"abs":     ofNumber(math.Abs),
	"ceil":    ofNumber(math.Ceil),
	"floor":   ofNumber(math.Floor),
	"sqrt":    ofNumber(math.Sqrt),
}

func ofText(f func(string) string) function {
	return function{1, 1, func(r Row, args []expression) (string, bool) {
		v, ok := args[0](r)
		return f(v), ok
	}}
}

func ofNumber(f func(float64) float64) function {
	return function{1, 1, func(r Row, args []expression) (string, bool) {
		x, ok := numberOf(args[0], r)
		return number(f(x)), ok
	}}
}
