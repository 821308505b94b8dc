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
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	unshare(out)
	return out.Interface()
}

// unshare gives a value that can be set copies of what it shares memory by: its
// pointers, slices and maps, and those of the exported fields of structs.
func unshare(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(v.Elem())
		unshare(to.Elem())
		v.Set(to)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(to, v)
		if e := v.Type().Elem().Kind(); e == reflect.Struct || sharing(e) {
			for i := range to.Len() {
				unshare(to.Index(i))
			}
		}
		v.Set(to)
	case reflect.Map:
		unshareMap(v)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() && (f.Kind() == reflect.Struct || sharing(f.Kind())) {
				unshare(f)
			}
		}
	}
}

func unshareMap(v reflect.Value) {
	if v.IsNil() {
		return
	}
	to := reflect.MakeMapWithSize(v.Type(), v.Len())
	for k, e := range v.Seq2() {
		value := reflect.New(e.Type()).Elem()
		value.Set(e)
		unshare(value)
		to.SetMapIndex(k, value)
	}
	v.Set(to)
}

func sharing(k reflect.Kind) bool {
	return k == reflect.Pointer || k == reflect.Slice || k == reflect.Map
}
