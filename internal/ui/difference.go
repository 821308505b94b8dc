package ui

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// Difference says for people what changed between two values of a field: of two
// JSON objects the keys that came (+), went (-) or have another value (~), each by
// itself; of all else what was and what is to be.
func Difference(was, now string) []string {
	a, b := object(was), object(now)
	if a == nil || b == nil {
		return []string{wasAndNow(was, now)}
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		x, had := a[k]
		y, has := b[k]
		switch {
		case !had:
			out = append(out, "+ "+k+" "+Short(y))
		case !has:
			out = append(out, "- "+k)
		case x != y:
			out = append(out, "~ "+k+" "+wasAndNow(x, y))
		}
	}
	return out
}

// wasAndNow is what was and what is to be. Of two values one of which a line cannot hold, the words that
// both begin and end with are left out: cut there, they would read alike.
func wasAndNow(was, now string) string {
	a, b := strings.Fields(was), strings.Fields(now)
	if len(a) == 0 || len(b) == 0 || max(len(was), len(now)) <= shortest {
		return Short(was) + " → " + Short(now)
	}
	head, tail := 0, 0
	for least := min(len(a), len(b)); head < least && a[head] == b[head]; head++ {
	}
	for least := min(len(a), len(b)) - head; tail < least && a[len(a)-1-tail] == b[len(b)-1-tail]; tail++ {
	}
	middle := func(words []string) string {
		var out []string
		if head > 0 {
			out = append(out, "…")
		}
		if words = words[head : len(words)-tail]; len(words) > 0 {
			out = append(out, Short(strings.Join(words, " ")))
		}
		if tail > 0 && len(out) != 1 || len(out) == 0 {
			out = append(out, "…")
		}
		return strings.Join(out, " ")
	}
	return middle(a) + " → " + middle(b)
}

// object is a JSON object with its values as text; nil for anything else, and an
// empty one for nothing.
func object(s string) map[string]string {
	raw := map[string]json.RawMessage{}
	if s != "" && json.Unmarshal([]byte(s), &raw) != nil {
		return nil
	}
	out := map[string]string{}
	for k, v := range raw {
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		out[k] = text
	}
	return out
}

// shortest is how much of a long value is shown.
const shortest = 60

// Short is a value as a line can hold it: "(none)" for nothing, an image by the
// first of its digest, an ARN without what all of the account's begin with.
func Short(value string) string {
	if value == "" {
		return "(none)"
	}
	value = strings.Join(strings.Fields(value), " ")
	if image := agents.ShortImage(value); image != value {
		return image
	}
	if parts := strings.SplitN(value, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		value = parts[5]
	}
	return fit(value, shortest)
}
