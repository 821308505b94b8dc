package recorded

import (
	"reflect"
	"strings"
	"sync"
)

// place is a place of an answer of which the recordings tell something, or which is on the way to one.
type place struct {
	path string
	// always: AWS sends it in each answer. never: in none.
	always, never bool
	forms         *forms            // of a text
	each          *place            // of a list: what is in it
	fields        map[string]*place // of a struct, by name

	// An account answers thousands of times, and reflection is slow: what there is to know of
	// the place's type, which is one and the same in all answers, is found out once.
	typed   sync.Once
	indexes []int // of the struct's fields in fields
	places  []*place
	word    bool // it is a text of a list of words, and not a name
}

// at is the place at a path below p, which is made when it is not there.
func (p *place) at(path string) *place {
	if path == "" {
		return p
	}
	if rest, ok := strings.CutPrefix(path, "[]"); ok {
		if p.each == nil {
			p.each = &place{path: p.path + "[]"}
		}
		return p.each.at(rest)
	}
	path = strings.TrimPrefix(path, ".")
	name := path
	if i := strings.IndexAny(path, ".["); i >= 0 {
		name = path[:i]
	}
	if p.fields[name] == nil {
		if p.fields == nil {
			p.fields = map[string]*place{}
		}
		p.fields[name] = &place{path: join(p.path, name)}
	}
	return p.fields[name].at(path[len(name):])
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// compare compares what is at a place of an answer, and all that is in it.
func (p *place) compare(v reflect.Value, differs func(path, what, got string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			p.compare(v.Elem(), differs)
		}
	case reflect.Slice:
		if p.each == nil {
			return
		}
		for i := range v.Len() {
			p.each.compare(v.Index(i), differs)
		}
	case reflect.String:
		if p.forms == nil {
			return
		}
		p.typed.Do(func() { p.word = v.Type().PkgPath() != "" })
		if what := p.forms.wrong(v.String(), p.word); what != "" {
			differs(p.path, what, v.String())
		}
	case reflect.Struct:
		p.typed.Do(func() { p.know(v.Type()) })
		for i, field := range p.places {
			field.compareField(v.Field(p.indexes[i]), differs)
		}
	}
}

// know looks up the fields of a struct that have a place.
func (p *place) know(t reflect.Type) {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && p.fields[f.Name] != nil {
			p.indexes, p.places = append(p.indexes, i), append(p.places, p.fields[f.Name])
		}
	}
}

func (p *place) compareField(v reflect.Value, differs func(path, what, got string)) {
	if p.always && absent(v) {
		differs(p.path, lacks, "")
	}
	if p.never && !empty(v) {
		differs(p.path, extra, "")
		return
	}
	p.compare(v, differs)
}
