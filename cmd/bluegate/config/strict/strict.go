// Package strict reads YAML into tagged structs and lets nothing pass that it does not understand: an unknown key, a
// number without its unit or an alias is an error with file, line and column. It remembers where each value came from,
// and lets the environment overrule every single value.
//
// Fields are tagged yaml:"name"; choice:"a b" is a closed list of words. A struct's map tagged yaml:",inline" takes the
// keys that no field has.
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

// Origin is where a value came from: the environment, if Variable is set, else a place in the file.
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

// Error is what is wrong with a value, and where that stands.
type Error struct {
	Origin  Origin
	Message string
}

func (e *Error) Error() string { return e.Origin.String() + ": " + e.Message }

// Text is a string that was read. Key is its path: compose.files[0].
type Text struct {
	Key, Value string
	Tag        reflect.StructTag // of the field that holds it, or holds the list or map in which it is
	Origin     Origin
}

// Values tell where the values of a struct came from.
type Values struct {
	File    string
	Origins map[string]Origin // by path: gate.stable
	Texts   []Text            // in the order of the fields
}

// Has says whether anybody gave the key a value.
func (v *Values) Has(key string) bool {
	_, ok := v.Origins[key]
	return ok
}

// Wrong is an error about the key's value, with its place.
func (v *Values) Wrong(key, format string, args ...any) error {
	origin, ok := v.Origins[key]
	if !ok {
		origin = Origin{Place: Place{File: v.File}}
	}
	return &Error{origin, key + ": " + fmt.Sprintf(format, args...)}
}

// Environment names the values that overrule the file's: with prefix BLUEGATE, BLUEGATE_GATE_STABLE is that of
// gate.stable. A variable that is empty is not set.
type Environment struct {
	Prefix string
	Getenv func(string) string
}

// Read reads a file's text into a pointer to a struct. No text at all (nil) is a file that is not there: then only the
// environment speaks.
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
	return v, d.structure(at{}, root, reflect.ValueOf(into).Elem())
}
