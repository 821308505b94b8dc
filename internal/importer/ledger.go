package importer

import (
	"cmp"
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/document"
	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// Field is a value of a source, or several that belong together, and what became
// of them.
type Field = document.Setting

// Account is what became of all that the sources say.
type Account = document.Account

// noCounterpart is said of what no reader knows.
const noCounterpart = "agents.yaml has no key for it"

// notSet is said of what a source names and gives no value.
const notSet = "not set"

// account reads what became of each value of the trees.
func account(roots []*tree, refused map[string]string) Account {
	var a Account
	add := func(f outcome, x Field) {
		switch {
		case f == carried && refusal(refused, x.Key) != "":
			x.Instead, x.Key = refusal(refused, x.Key), ""
			a.Left = append(a.Left, x)
		case f == carried:
			a.Carried = append(a.Carried, x)
		case f == own:
			a.Own = append(a.Own, x)
		default:
			a.Left = append(a.Left, x)
		}
	}
	var visit func(t *tree, f outcome, key, why string)
	visit = func(t *tree, f outcome, key, why string) {
		if t.outcome != unread {
			f, key, why = t.outcome, t.key, t.why
		}
		below := slices.ContainsFunc(t.items, (*tree).touched)
		if !below || len(t.items) == 0 {
			switch {
			case f == unread && t.empty():
				f, why = own, notSet
			case f == unread:
				why = noCounterpart
			}
			add(f, Field{Place: t.at, Name: t.name, Key: key, Instead: why, Values: t.leaves()})
			return
		}
		for _, c := range t.items {
			visit(c, f, key, why)
		}
	}
	for _, r := range roots {
		visit(r, unread, "", "")
	}
	for _, l := range [][]Field{a.Carried, a.Own, a.Left} {
		slices.SortStableFunc(l, func(x, y Field) int {
			return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
		})
	}
	return a
}

// refusal is why agents.yaml does not take a key, or what the key is part of.
func refusal(refused map[string]string, key string) string {
	for one := range strings.SplitSeq(key, " ") { // of several agents
		for k, why := range refused {
			if one == k || strings.HasPrefix(one, k+".") {
				return why
			}
		}
	}
	return ""
}

// instance is the key of one of many instances in a name: ["api"] or [0].
var instance = lazyregexp.New(`\[("[^"]*"|\d+)\]`)

// Fold puts together what is the same of many instances, for people: the name has
// [*] for the instance then.
func Fold(fields []Field) []Field {
	var out []Field
	seen := map[string]int{}
	for _, x := range fields {
		name := instance.ReplaceAllString(x.Name, "[*]")
		id := x.String() + " " + name + " " + x.Instead
		if i, again := seen[id]; again {
			out[i].Name = name
			out[i].Values += x.Values
			continue
		}
		seen[id] = len(out)
		out = append(out, x)
	}
	return out
}

// Values counts the values of fields.
func Values(fields []Field) int {
	n := 0
	for _, f := range fields {
		n += f.Values
	}
	return n
}
