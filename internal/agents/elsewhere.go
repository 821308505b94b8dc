package agents

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// keyPlaces are the paths at which a file that is described so has each of its keys.
func keyPlaces(whole func(*definitions) schema) map[string][][]string {
	defined := definitions{}
	root := whole(&defined)
	found := map[string][][]string{}
	var look func(s schema, path []string)
	look = func(s schema, path []string) {
		if ref, is := s["$ref"].(string); is {
			s = defined[strings.TrimPrefix(ref, "#/$defs/")]
		}
		properties, _ := s["properties"].(schema)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			at := append(slices.Clone(path), name)
			found[name] = append(found[name], at)
			if name != "environments" { // has the same keys once more
				look(properties[name].(schema), at)
			}
		}
		if of, is := s["additionalProperties"].(schema); is {
			look(of, append(slices.Clone(path), "NAME"))
		}
		if of, is := s["items"].(schema); is {
			look(of, path)
		}
		ways, _ := s["anyOf"].([]schema)
		for _, of := range ways {
			look(of, path)
		}
	}
	look(root, nil)
	return found
}

// elsewhere says where in the file a key has its place, at most three of them: `observability.xray`, or `defaults.cpu`
// and `agents.NAME.cpu`. None is a key that there is nowhere.
func (r *reader) elsewhere(key string) []string {
	if r.keyPlaces == nil { // once a file, and only for one with such a key
		r.keyPlaces = keyPlaces(r.whole)
	}
	found := slices.Clone(r.keyPlaces[key])
	depth := func(path []string) int {
		return len(slices.DeleteFunc(slices.Clone(path), func(k string) bool { return k == "NAME" }))
	}
	slices.SortStableFunc(found, func(a, b []string) int { return cmp.Compare(depth(a), depth(b)) })
	var out []string
	for _, path := range found {
		if depth(path) == depth(found[0]) {
			out = append(out, strings.Join(path, "."))
		}
	}
	out = slices.Compact(out)
	return out[:min(3, len(out))]
}

// meant are keys by the names that other tools have for them.
var meant = map[string]string{
	"services": "agents", "apps": "agents", "containers": "sidecars", "replicas": "scale", "count": "scale", "desired_count": "scale", "instances": "scale",
	"ports": "port", "environment": "env", "variables": "env", "healthcheck": "health", "health_check": "health", "depends_on": "calls", "cmd": "command",
	"domain": "hosts", "working_dir": "workdir", "dockerfile": "build", "cron": "schedule", "vpc_id": "vpc", "name": "project",
}

// unknownKey says what to write in place of a key that a mapping does not have: one that is spelt nearly so, or the same
// key at its own place.
func (r *reader) unknownKey(key string, keys []string) string {
	places := []string(nil)
	if m := meant[key]; slices.Contains(keys, m) {
		return didYouMean(strconv.Quote(m)) + either(keys)
	}
	if Nearest(key, keys) == "" {
		places = r.elsewhere(key)
	}
	switch {
	case len(places) == 0:
		return suggest(key, keys)
	case places[0] == key:
		return "its place is the top of the file; allowed here: " + either(keys)
	}
	return "its place is " + either(places) + "; allowed here: " + either(keys)
}
