package logs

import (
	"slices"
	"strings"
)

// messageKeys name the field of a JSON line that is its message, and dullKeys the fields that the line's beginning or
// colour says already.
var (
	messageKeys = []string{"message", "msg", "event", "text", "log"}
	dullKeys    = []string{"time", "timestamp", "ts", "@timestamp", "asctime", "level", "levelname", "severity", "lvl", "log.level"}
)

// field is one of a JSON line.
type field struct{ key, value string }

// structured takes a JSON object apart into its message and its other fields, in their order. Not ok is a line that is
// no object, or one without a message.
func structured(line string) (message string, fields []field, ok bool) {
	if !strings.HasPrefix(line, "{") {
		return "", nil, false
	}
	s := scanner{b: []byte(line)}
	best := len(messageKeys)
	whole := s.object(func(k []byte) bool {
		key, isText := string(k), s.next() == '"'
		from := s.i
		var value string
		if isText {
			v, ok := s.str(nil)
			if !ok {
				return false
			}
			value = string(v)
		} else {
			if !s.skip(0) {
				return false
			}
			value = string(s.b[from:s.i])
		}
		lower := strings.ToLower(key)
		if at := slices.Index(messageKeys, lower); at >= 0 && at < best && isText {
			best, message = at, value
			return true
		}
		fields = append(fields, field{key, value})
		return true
	})
	return message, fields, whole && s.next() == 0 && best < len(messageKeys)
}

// choose gives the fields to show: all but the dull ones, or the ones that were asked for, in that order.
func choose(fields []field, asked []string) []field {
	if len(asked) == 0 {
		return slices.DeleteFunc(fields, func(f field) bool { return slices.Contains(dullKeys, strings.ToLower(f.key)) })
	}
	var chosen []field
	for _, key := range asked {
		for _, f := range fields {
			if f.key == key {
				chosen = append(chosen, f)
			}
		}
	}
	return chosen
}

// text is "key=value", quoted where a reader would not see where it ends.
func (f field) text() string {
	if f.value == "" || strings.ContainsAny(f.value, " \t\n\"=") && !strings.HasPrefix(f.value, "{") && !strings.HasPrefix(f.value, "[") {
		return f.key + "=" + string(appendJSON(nil, f.value))
	}
	return f.key + "=" + f.value
}
