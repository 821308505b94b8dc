package insights

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Discover adds the fields of a message of JSON: those of objects within with a dot, of arrays with a number.
func Discover(fields map[string]string, message string) {
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
