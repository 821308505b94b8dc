package awssim

import "reflect"

// copier copies requests and replies. It knows the fields by which a struct shares
// memory, because an account answers thousands of times and reflection is slow.
type copier map[reflect.Type][]int

// detach is a copy of a request or a reply that shares no memory with it. Over a
// wire nothing is shared; here a reply that points into the world would change
// after it was given, under a caller that reads it without our lock. A body that
// is read once, and whatever else is behind an interface, stays what it is.
func (c copier) detach(x any) any {
	v := reflect.ValueOf(x)
	if !v.IsValid() {
		return x
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	c.unshare(out)
	return out.Interface()
}

// unshare gives a value that can be set copies of what it shares memory by: its
// pointers, slices and maps, and those of the exported fields of structs.
func (c copier) unshare(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(v.Elem())
		c.unshare(to.Elem())
		v.Set(to)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		to := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(to, v)
		if c.shares(v.Type().Elem()) {
			for i := range to.Len() {
				c.unshare(to.Index(i))
			}
		}
		v.Set(to)
	case reflect.Map:
		c.unshareMap(v)
	case reflect.Struct:
		for _, i := range c.fields(v.Type()) {
			c.unshare(v.Field(i))
		}
	}
}

func (c copier) unshareMap(v reflect.Value) {
	if v.IsNil() {
		return
	}
	to := reflect.MakeMapWithSize(v.Type(), v.Len())
	shares := c.shares(v.Type().Elem())
	k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for all := v.MapRange(); all.Next(); {
		k.SetIterKey(all)
		e.SetIterValue(all)
		if shares {
			c.unshare(e)
		}
		to.SetMapIndex(k, e)
	}
	v.Set(to)
}

// shares tells whether two copies of a value share memory.
func (c copier) shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return true
	case reflect.Struct:
		return len(c.fields(t)) > 0
	}
	return false
}

// fields are the exported fields by which two copies of a struct share memory.
func (c copier) fields(t reflect.Type) []int {
	all, ok := c[t]
	if ok {
		return all
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && c.shares(f.Type) {
			all = append(all, i)
		}
	}
	c[t] = all
	return all
}
