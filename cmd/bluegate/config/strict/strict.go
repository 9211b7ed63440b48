// Package strict reads YAML into tagged structs and refuses everything that it does not know: an unknown key, a number
// without its unit and an alias are errors with file, line and column. It records where each value comes from, and lets
// the environment override every single value.
//
// Fields are tagged yaml:"name"; choice:"a b" is a closed list of words. A map field tagged yaml:",inline" takes the
// keys that no other field has; the keys of a struct field with this tag are keys of the struct that contains it.
package strict

import (
	"fmt"
	"reflect"
)

// Place is a position in a file.
type Place struct {
	File         string
	Line, Column int
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Origin is where a value comes from: the environment if Variable is set, otherwise a place in the file.
type Origin struct {
	Variable string
	Place    Place
}

func (o Origin) String() string {
	if o.Variable != "" {
		return o.Variable
	}
	return o.Place.String()
}

// Error is an error about a value, with its origin.
type Error struct {
	Origin  Origin
	Message string
}

// Error is an error about a value, with its origin.
func (e *Error) Error() string { return e.Origin.String() + ": " + e.Message }

// Text is a string that was read. Key is its path: compose.files[0].
type Text struct {
	Key, Value string
	Tag        reflect.StructTag // of its field, or of the field of its list or map
	Origin     Origin
}

// Values says where the values of a struct come from.
type Values struct {
	File    string
	Origins map[string]Origin // by path: gate.stable
	Texts   []Text            // in the order of the fields
}

// Has says whether the file or the environment sets the key.
func (v *Values) Has(key string) bool {
	_, ok := v.Origins[key]
	return ok
}

// Wrong returns an error about the key's value, with its place.
func (v *Values) Wrong(key, format string, args ...any) error {
	origin, ok := v.Origins[key]
	if !ok {
		origin = Origin{Place: Place{File: v.File}}
	}
	return &Error{origin, key + ": " + fmt.Sprintf(format, args...)}
}

// Environment names the variables that override the file: with prefix BLUEGATE, BLUEGATE_GATE_STABLE overrides
// gate.stable. An empty variable counts as not set.
type Environment struct {
	Prefix string
	Getenv func(string) string
}

// Read reads a file's text into a pointer to a struct. A nil text means that there is no file: then only the
// environment sets values.
func Read(file string, text []byte, env Environment, into any) (*Values, error) {
	v := &Values{File: file, Origins: map[string]Origin{}}
	var root *node
	if text != nil {
		var err error
		if root, err = parse(file, text); err != nil {
			return v, err
		}
	}
	d := &decoder{values: v, env: env}
	return v, d.structFields(at{}, root, reflect.ValueOf(into).Elem())
}
