package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Key is one key of a struct and its value.
type Key struct {
	Path  string
	Value reflect.Value
	Tag   reflect.StructTag
}

// Keys lists the keys of a struct that have a value of their own, in the order of its fields. A list is one value,
// except that each key of a list of mappings is listed; so is each entry of a map.
func Keys(of any) []Key { return keysOf(at{}, reflect.ValueOf(of)) }

func keysOf(a at, v reflect.Value) (out []Key) {
	switch t := v.Type(); {
	case isScalar(t) || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Struct:
		return []Key{{a.path, v, a.tag}}
	case t.Kind() == reflect.Struct:
		for _, f := range fieldsOf(v) {
			name := keyName(f.StructField)
			switch {
			case name != "":
				out = append(out, keysOf(a.key(name, f.Tag), f.value)...)
			case f.Tag.Get("yaml") == ",inline":
				out = append(out, keysOf(at{a.path, f.Tag, a.unnamed}, f.value)...)
			}
		}
	case t.Kind() == reflect.Slice:
		for i := range v.Len() {
			out = append(out, keysOf(at{path: fmt.Sprintf("%s[%d]", a.path, i), tag: a.tag}, v.Index(i))...)
		}
	case t.Kind() == reflect.Map && isWordOrMap(a.tag) && v.Len() == 0:
		return []Key{{a.path, reflect.ValueOf(""), a.tag}}
	case t.Kind() == reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		for _, name := range names {
			key := a
			if name.String() != "" {
				key = a.key(name.String(), a.tag)
			}
			out = append(out, keysOf(key, v.MapIndex(name))...)
		}
	}
	return out
}

// field is a field of a struct, and its value.
type field struct {
	reflect.StructField
	value reflect.Value
}

// fieldsOf returns the fields of a struct. Those of an inlined struct take its place.
func fieldsOf(v reflect.Value) (out []field) {
	for i := range v.NumField() {
		f := field{v.Type().Field(i), v.Field(i)}
		if f.Type.Kind() == reflect.Struct && f.Tag.Get("yaml") == ",inline" {
			out = append(out, fieldsOf(f.value)...)
			continue
		}
		out = append(out, f)
	}
	return out
}
