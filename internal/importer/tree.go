package importer

import (
	"iter"
	"strconv"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
)

// Place is where something is written: a file as the user named it, and a line
// that begins at 1; 0 is the file as a whole.
type Place = document.Place

// outcome is what became of a value of a source. Of a value that is used twice, the
// higher one counts.
type outcome int

const (
	// unread values were not looked at. They are reported as left.
	unread outcome = iota
	left
	own
	carried
)

// kind is the shape of a tree.
type kind int

const (
	scalar kind = iota
	list
	dict
)

// scalarType is what HCL and JSON say of a scalar.
type scalarType int

const (
	textual scalarType = iota
	number
	truth
)

// tree is a value of any source, with where it is written and what became of it.
// The nil tree is a value that is not there.
type tree struct {
	name string
	at   Place
	kind kind
	// text is a scalar; null tells that it is there and empty.
	text string
	typ  scalarType
	null bool
	// keys are a dict's, in order; items belong to them, or are a list's.
	keys  []string
	items []*tree
	// sources are the variables and locals that the value comes from.
	sources []*tree
	// outcome, key and why are of this value and of all below it that has no outcome of
	// its own. key is a path in agents.yaml.
	outcome outcome
	key     string
	why     string
}

// get is what is at the path below, or nil.
func (t *tree) get(path ...string) *tree {
	for _, name := range path {
		if t == nil || t.kind != dict {
			return nil
		}
		var next *tree
		for i, k := range t.keys {
			if k == name {
				next = t.items[i]
			}
		}
		t = next
	}
	if t != nil && t.null {
		return nil
	}
	return t
}

// first is the first of the keys that is there, or nil.
func (t *tree) first(names ...string) *tree {
	for _, n := range names {
		if c := t.get(n); c != nil {
			return c
		}
	}
	return nil
}

// each are the entries of a dict, in order.
func (t *tree) each() iter.Seq2[string, *tree] {
	return func(yield func(string, *tree) bool) {
		if t == nil || t.kind != dict {
			return
		}
		for i, k := range t.keys {
			if !yield(k, t.items[i]) {
				return
			}
		}
	}
}

// list are the items of a list; a scalar is a list of one.
func (t *tree) list() []*tree {
	switch {
	case t == nil || t.null:
		return nil
	case t.kind == list:
		return t.items
	case t.kind == scalar:
		return []*tree{t}
	}
	return nil
}

// str is the text of a scalar, "" of anything else.
func (t *tree) str() string {
	if t == nil || t.kind != scalar || t.null {
		return ""
	}
	return t.text
}

// number is a whole number.
func (t *tree) number() (int, bool) {
	s := strings.TrimSpace(t.str())
	if n, err := strconv.Atoi(s); err == nil {
		return n, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == float64(int(f)) {
		return int(f), true
	}
	return 0, false
}

// yes tells whether a scalar is true; said tells whether it is a truth value at all.
func (t *tree) yes() (value, said bool) {
	switch strings.ToLower(t.str()) {
	case "true", "yes", "on", "enabled":
		return true, true
	case "false", "no", "off", "disabled":
		return false, true
	}
	return false, false
}

func (t *tree) set(f outcome, key, why string) {
	if t == nil {
		return
	}
	t.outcome, t.key, t.why = f, key, why
	for _, s := range t.every() {
		if s.outcome < f {
			s.outcome, s.key, s.why = f, key, why
		}
	}
}

// every are the sources of a value and of all that is below it, and theirs.
func (t *tree) every() []*tree {
	var out []*tree
	seen := map[*tree]bool{}
	var visit func(x *tree)
	visit = func(x *tree) {
		for _, s := range x.sources {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
				visit(s)
			}
		}
		for _, c := range x.items {
			visit(c)
		}
	}
	visit(t)
	return out
}

// carry says that the value became a key of agents.yaml.
func (t *tree) carry(key string) { t.set(carried, key, "") }

// own says that karmactl does by itself what the value asks for.
func (t *tree) own(why string) { t.set(own, "", why) }

// leave says that the value is not carried over, and what to do instead.
func (t *tree) leave(instead string) { t.set(left, "", instead) }

// leaveWhole says it of all that is below the value, too, whatever was said of that before.
func (t *tree) leaveWhole(instead string) {
	if t == nil {
		return
	}
	for _, c := range t.items {
		c.leaveWhole("")
		c.outcome = unread
	}
	t.leave(instead)
}

// empty tells whether a value is there and says nothing.
func (t *tree) empty() bool { return t.null || t.kind != scalar && len(t.items) == 0 }

// unset gives an outcome to what has no value in a tree.
func (t *tree) unset() {
	if t.outcome == unread && t.empty() {
		t.own(notSet)
	}
	for _, c := range t.items {
		c.unset()
	}
}

// settle gives an outcome to what has none yet.
func (t *tree) settle(f outcome, why string) {
	if t == nil {
		return
	}
	if t.outcome == unread {
		marked := false
		for _, c := range t.items {
			marked = marked || c.touched()
		}
		if !marked {
			t.set(f, "", why)
			return
		}
	}
	for _, c := range t.items {
		if t.outcome == unread {
			c.settle(f, why)
		}
	}
}

// touched tells whether the value or something below it has an outcome.
func (t *tree) touched() bool {
	if t.outcome != unread {
		return true
	}
	for _, c := range t.items {
		if c.touched() {
			return true
		}
	}
	return false
}

// leaves is the number of scalars in a tree, at least 1.
func (t *tree) leaves() int {
	n := 0
	for _, c := range t.items {
		n += c.leaves()
	}
	return max(n, 1)
}

// put adds or replaces an entry of a dict.
func (t *tree) put(key string, v *tree) {
	for i, k := range t.keys {
		if k == key {
			t.items[i] = v
			return
		}
	}
	t.keys, t.items = append(t.keys, key), append(t.items, v)
}
