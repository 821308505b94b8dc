package awssim

import "reflect"

// detach is a copy of a request or a reply that shares no memory with it. Over a
// wire nothing is shared; here a reply that points into the world would change
// after it was given, under a caller that reads it without our lock. A body that
// is read once, and whatever else is behind an interface, stays what it is.
func detach(x any) any {
	v := reflect.ValueOf(x)
	if !v.IsValid() {
		return x
	}
	return detached(v).Interface()
}

// detached copies what can share memory: pointers, slices, maps, and the exported
// fields of structs.
func detached(v reflect.Value) reflect.Value {
	if k := v.Kind(); k != reflect.Struct && (!sharing(k) || v.IsNil()) {
		return v
	}
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(detached(v.Elem()))
	case reflect.Slice:
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		reflect.Copy(out, v)
		if e := v.Type().Elem().Kind(); e == reflect.Struct || sharing(e) {
			for i := range v.Len() {
				out.Index(i).Set(detached(v.Index(i)))
			}
		}
	case reflect.Map:
		out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for k, e := range v.Seq2() {
			out.SetMapIndex(k, detached(e))
		}
	case reflect.Struct:
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(detached(v.Field(i)))
			}
		}
	}
	return out
}

func sharing(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Slice || k == reflect.Map
}
