package stack

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// unseen are the fields of specs whose change Diff need not show, and why.
var unseen = map[string]string{
	"ServiceSpec.Release":           "it runs before a deployment and begins none",
	"ServiceSpec.Tasks":             "the number of tasks belongs to autoscaling and to karmactl scale",
	"ServiceSpec.Asked":             "it is the capacity while Spot has some",
	"ServiceSpec.FallBack":          "it says after how long the capacity changes",
	"ServiceSpec.Dry":               "it changes the capacity once it lasts as long as FallBack",
	"ServiceSpec.Awaits":            "it says how a service is made, and nothing of one that is there",
	"TaskDefinitionSpec.Tag":        "it says what people call the image, and another word for the same one starts no tasks",
	"SubnetSpec.IPv6":               "where it is wanted the subnet's block sees to it", // where it is not, it is shown
	"SubnetCIDRBlockSpec.Block":     "one part of the VPC's block is as good as another",
	"SecurityGroupSpec.EgressIPv6":  "a rule too many is of use to the last task with such an address", // one too few is shown
	"MountTargetSpec.Subnet":        "the tasks of its zone reach it in whichever subnet it is",
	"ScalableTargetSpec.Elsewhere":  "it says who rules the bounds, and nothing is done about that",
	"ParameterSpec.EncryptedWith":   "whose key it is, is the user's",
	"SecretSpec.Keys":               "a key too many was put there by secrets set, which is the user's", // one too few is copied
	"ValidationRecordsSpec.Records": "a record too many does no harm: it may be another certificate's",  // one too few is shown
	"AutoScalingGroupSpec.Instance": "which one runs is the group's to choose",
	"AutoScalingGroupSpec.Type":     "it is the template's, and says the price",
	"StateBucketSpec.Encryption":    "another encryption is no weaker, and may be with the user's key", // none is shown
	"StateBucketSpec.Tags":          "a tag too many is the user's, whose bucket it may be",            // one too few is shown
}

// TestDiffSeesEveryField changes one field after the other of what each resource
// of a stack wants: none may go by unnoticed.
func TestDiffSeesEveryField(t *testing.T) {
	if seen := fieldsOfDiffs(t); len(seen) < 100 {
		t.Errorf("only %d fields were changed", len(seen))
	}
}

// fieldsOfDiffs are the names under which a plan may show a change, each as
// "kind field".
func fieldsOfDiffs(t *testing.T) map[string]bool {
	t.Helper()
	shown := map[string]bool{}
	for _, yaml := range []string{swept, sweptSSM, sweptInstance, sweptIPv6} {
		synctest.Test(t, func(t *testing.T) {
			b := newStackBench(t, parse(t, yaml))
			if err := b.run(stage{yaml: yaml}); err != nil {
				t.Fatal(err)
			}
			s := b.fresh(true)
			w := b.walk(false, s.Steps()...)
			b.done(w.Up(context.Background()))
			for _, r := range append(s.Resources(), stateBucketOf(s.Env)) {
				diffEveryField(t, r, shown)
			}
		})
	}
	return shown
}

func diffEveryField(t *testing.T, r engine.Node, shown map[string]bool) {
	t.Helper()
	v := reflect.ValueOf(r)
	want := v.MethodByName("Want").Call(nil)[0] //nolint:forbidigo // a test is not linked into the product
	diff := func(have reflect.Value) []engine.Change {
		return v.MethodByName("Diff").Call([]reflect.Value{have, want})[0].Interface().([]engine.Change) //nolint:forbidigo // a test is not linked into the product
	}
	if n := len(diff(want)); n > 0 {
		t.Errorf("%s: what is as wanted differs in %d fields", r.Key(), n)
	}
	for i := range want.NumField() {
		for _, leaf := range leaves(want.Type().Field(i).Type) {
			name := strings.TrimSuffix(want.Type().Name()+"."+want.Type().Field(i).Name+"."+leaf.name, ".")
			have := reflect.New(want.Type()).Elem()
			have.Set(want)
			field := have.Field(i)
			if leaf.index != nil {
				field = field.FieldByIndex(leaf.index)
			}
			if !alter(field) {
				t.Fatalf("%s is of a type that the test cannot change: %s", name, field.Type())
			}
			changed := diff(have)
			if len(changed) == 0 && unseen[name] == "" && !off(want.Field(i)) {
				t.Errorf("%s: Diff does not see a change of %s", r.Key(), name)
			}
			field.SetZero() // a field that is empty may be seen where another value is not
			for _, c := range append(changed, diff(have)...) {
				shown[shownAs(r.Key(), c)] = true
			}
		}
	}
}

// leaf is a field of a spec that has no fields itself.
type leaf struct {
	name  string
	index []int
}

// leaves are the fields of a struct; anything else is one by itself.
func leaves(of reflect.Type) []leaf {
	if of.Kind() != reflect.Struct {
		return []leaf{{}}
	}
	var out []leaf
	for _, f := range reflect.VisibleFields(of) {
		out = append(out, leaf{f.Name, f.Index})
	}
	return out
}

// off tells whether a part of a spec is not there at all, as a health check without a
// command: its other fields mean nothing then.
func off(part reflect.Value) bool { return part.Kind() == reflect.Struct && part.IsZero() }

// shownAs is a change of a kind, whichever resource and whichever tag it is.
func shownAs(k engine.Key, c engine.Change) string {
	field, _, _ := strings.Cut(c.Field, "[")
	return k.Kind() + " " + field
}

// another is a value of a map that has a text, or a struct whose first text is one.
func another(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	if of.Kind() == reflect.Struct {
		for i := range of.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				f.SetString("value")
			}
		}
		return v
	}
	v.SetString("value")
	return v
}

// alter gives a field another value.
func alter(f reflect.Value) bool {
	switch f.Kind() {
	case reflect.String:
		f.SetString(f.String() + "-other")
	case reflect.Bool:
		f.SetBool(!f.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		f.SetInt(f.Int() + 1_000_000_007)
	case reflect.Float64:
		f.SetFloat(f.Float() + 1.5)
	case reflect.Map:
		m := reflect.MakeMap(f.Type())
		for it := f.MapRange(); it.Next(); {
			m.SetMapIndex(it.Key(), it.Value())
		}
		m.SetMapIndex(reflect.ValueOf("other").Convert(f.Type().Key()), another(f.Type().Elem()))
		f.Set(m)
	case reflect.Slice:
		f.Set(reflect.Append(f.Slice3(0, f.Len(), f.Len()), reflect.New(f.Type().Elem()).Elem()))
		last := f.Index(f.Len() - 1)
		if last.Kind() == reflect.String {
			last.SetString("other")
		}
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	default:
		return false
	}
	return true
}
