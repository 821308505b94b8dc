package stack

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/karmacadabra/karmactl/internal/engine"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// TestEveryReferenceIsAnEdge walks the fields of each resource: what is a
// resource itself is in Needs or in After.
func TestEveryReferenceIsAnEdge(t *testing.T) {
	s := New(parse(t, swept), &provision.Env{Stack: "karmacadabra-prod", Project: "karmacadabra"}, Lookup{Zones: []string{"us-east-1a", "us-east-1b"}, HostedZone: "Z1"})
	node := reflect.TypeFor[engine.Node]()
	checked := 0
	for _, r := range s.Resources() {
		var edges []engine.Key
		for _, n := range r.Needs() {
			edges = append(edges, n.Key())
		}
		if o, ok := r.(engine.Ordered); ok {
			for _, n := range o.After() {
				edges = append(edges, n.Key())
			}
		}
		v := reflect.ValueOf(r).Elem()
		var visit func(path string, f reflect.Value)
		visit = func(path string, f reflect.Value) {
			switch {
			case f.Type().Implements(node) && (f.Kind() == reflect.Pointer || f.Kind() == reflect.Interface):
				if f.IsNil() {
					return
				}
				checked++
				if k := f.Interface().(engine.Node).Key(); k != r.Key() && !slices.Contains(edges, k) {
					t.Errorf("%s: field %s refers to %s, which is in neither Needs nor After", r.Key(), path, k)
				}
			case f.Kind() == reflect.Slice:
				for i := range f.Len() {
					visit(fmt.Sprintf("%s[%d]", path, i), f.Index(i))
				}
			case f.Kind() == reflect.Struct:
				for i := range f.NumField() {
					if f.Type().Field(i).IsExported() && !f.Type().Field(i).Anonymous {
						visit(path+"."+f.Type().Field(i).Name, f.Field(i))
					}
				}
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !v.Type().Field(i).Anonymous {
				visit(v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d references were found", checked)
	}
}
