package strict

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// at is where the decoder is: a key's path, and the tag of the field that it stands for.
type at struct {
	path string
	tag  reflect.StructTag
	// nameless: an item of a list or of a free map, which the environment cannot name.
	nameless bool
}

func (a at) key(name string, tag reflect.StructTag) at {
	if a.path != "" {
		name = a.path + "." + name
	}
	return at{name, tag, a.nameless}
}

type decoder struct {
	values *Values
	env    Environment
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// single says whether values of this type are written as one word.
func single(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	}
	return reflect.PointerTo(t).Implements(textType)
}

func (d *decoder) value(a at, n *node, into reflect.Value) error {
	switch t := into.Type(); {
	case single(t):
		return d.single(a, n, into)
	case n == nil || n.kind == null:
		if n != nil {
			d.values.Origins[a.path] = Origin{Place: n.place}
		}
		if t.Kind() == reflect.Struct {
			return d.structure(a, nil, into)
		}
		if t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct {
			return d.mapped(a, &node{kind: mapping}, into)
		}
		return nil
	case t.Kind() == reflect.Struct:
		return d.structure(a, n, into)
	case t.Kind() == reflect.Slice:
		return d.list(a, n, into)
	case t.Kind() == reflect.Map:
		return d.mapped(a, n, into)
	default:
		return fmt.Errorf("%s: cannot read a value of type %s", a.path, t)
	}
}

// structure reads a mapping into a struct. Fields without a key are visited too: the environment may give them a value.
func (d *decoder) structure(a at, n *node, into reflect.Value) error {
	if n != nil && n.kind != mapping && n.kind != null {
		return d.not(n.place, a, n, "a mapping of "+strings.Join(names(into.Type()), ", "))
	}
	if n == nil {
		n = &node{kind: mapping}
	} else if a.path != "" {
		d.values.Origins[a.path] = Origin{Place: n.place}
	}
	var rest reflect.Value
	var restTag reflect.StructTag
	known := map[string]reflect.StructField{}
	for i := range into.NumField() {
		field := into.Type().Field(i)
		if name := keyOf(field); name != "" {
			known[name] = field
		} else if field.Tag.Get("yaml") == ",inline" {
			rest, restTag = into.Field(i), field.Tag
		}
	}
	free := &node{kind: mapping, place: n.place}
	for i, key := range n.keys {
		if _, ok := known[key.text]; ok {
			continue
		}
		if !rest.IsValid() {
			return d.unknown(key, a, names(into.Type()))
		}
		free.keys, free.values = append(free.keys, key), append(free.values, n.values[i])
	}
	for i := range into.NumField() {
		name := keyOf(into.Type().Field(i))
		if name == "" {
			continue
		}
		if err := d.value(a.key(name, into.Type().Field(i).Tag), n.of(name), into.Field(i)); err != nil {
			return err
		}
	}
	if rest.IsValid() {
		return d.free(at{a.path, restTag, a.nameless}, free, rest)
	}
	return nil
}

func (n *node) of(key string) *node {
	for i, k := range n.keys {
		if k.text == key {
			return n.values[i]
		}
	}
	return nil
}

// mapped reads a map. With choice:"a b" its keys are those, and the environment can name them.
func (d *decoder) mapped(a at, n *node, into reflect.Value) error {
	if n.kind != mapping {
		return d.not(n.place, a, n, "a mapping")
	}
	if n.place.Line > 0 {
		d.values.Origins[a.path] = Origin{Place: n.place}
	}
	choice, closed := a.tag.Lookup("choice")
	if !closed {
		return d.free(at{a.path, a.tag, true}, n, into)
	}
	words := strings.Fields(choice)
	for _, key := range n.keys {
		if !slices.Contains(words, key.text) {
			return d.unknown(key, a, words)
		}
	}
	made := reflect.MakeMap(into.Type())
	for _, word := range words {
		value := reflect.New(into.Type().Elem()).Elem()
		if err := d.value(a.key(word, a.tag), n.of(word), value); err != nil {
			return err
		}
		if !value.IsZero() || n.of(word) != nil {
			made.SetMapIndex(reflect.ValueOf(word).Convert(into.Type().Key()), value)
		}
	}
	if made.Len() > 0 {
		into.Set(made)
	}
	return nil
}

// free reads keys that the user names. Those that the tag environment:"…" lists are known to the environment even when
// the file has none of them.
func (d *decoder) free(a at, n *node, into reflect.Value) error {
	made := reflect.MakeMap(into.Type())
	words := strings.Fields(a.tag.Get("environment"))
	for _, key := range n.keys {
		if !slices.Contains(words, key.text) {
			words = append(words, key.text)
		}
	}
	for _, word := range words {
		value := reflect.New(into.Type().Elem()).Elem()
		key := a.key(word, a.tag)
		if err := d.value(key, n.of(word), value); err != nil {
			return err
		}
		if n.of(word) != nil || !value.IsZero() {
			made.SetMapIndex(reflect.ValueOf(word).Convert(into.Type().Key()), value)
		}
	}
	if made.Len() > 0 {
		into.Set(made)
	}
	return nil
}

func (d *decoder) list(a at, n *node, into reflect.Value) error {
	if n.kind != list {
		return d.not(n.place, a, n, "a list, such as [a, b]")
	}
	d.values.Origins[a.path] = Origin{Place: n.place}
	made := reflect.MakeSlice(into.Type(), len(n.values), len(n.values))
	for i, item := range n.values {
		where := at{fmt.Sprintf("%s[%d]", a.path, i), a.tag, true}
		if item.kind == null {
			return d.not(item.place, where, item, "a value")
		}
		if err := d.value(where, item, made.Index(i)); err != nil {
			return err
		}
	}
	into.Set(made)
	return nil
}

func (d *decoder) single(a at, n *node, into reflect.Value) error {
	var text string
	var origin Origin
	name := d.env.variable(a.path)
	switch given := d.env.get(a, name); {
	case given != "":
		text, origin = given, Origin{Variable: name}
	case n == nil:
		return nil
	case n.kind != scalar:
		return d.not(n.place, a, n, "a single value")
	default:
		text, origin = n.text, Origin{Place: n.place}
	}
	if err := set(into, text, a.tag); err != nil {
		return &Error{origin, a.path + ": " + err.Error()}
	}
	d.values.Origins[a.path] = origin
	if into.Kind() == reflect.String {
		d.values.Texts = append(d.values.Texts, Text{a.path, text, a.tag, origin})
	}
	return nil
}

func (e Environment) variable(path string) string {
	return e.Prefix + "_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))
}

func (e Environment) get(a at, name string) string {
	if a.nameless || e.Getenv == nil {
		return ""
	}
	return e.Getenv(name)
}

func set(into reflect.Value, text string, tag reflect.StructTag) error {
	if t, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return t.UnmarshalText([]byte(text))
	}
	switch {
	case into.Type() == durationType:
		span, err := Duration(text)
		into.SetInt(int64(span))
		return err
	case into.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("invalid value %q: must be true or false", text)
		}
		into.SetBool(text == "true")
	case into.Kind() == reflect.String:
		return word(into, text, tag)
	default:
		number, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("invalid number %q: must be a whole number", text)
		}
		into.SetInt(int64(number))
	}
	return nil
}

func word(into reflect.Value, text string, tag reflect.StructTag) error {
	if text == "" {
		return errors.New("must not be empty; remove the key, or give it a value")
	}
	choice, closed := tag.Lookup("choice")
	if words := strings.Fields(choice); closed && !slices.Contains(words, text) {
		return fmt.Errorf("invalid value %q: must be one of %s%s", text, strings.Join(words, ", "), Suggest(text, words))
	}
	into.SetString(text)
	return nil
}

// Duration reads a span as in Go and in Compose: 5s, 1m30s. A bare number, of which nobody knows the unit, and a negative
// span are refused.
func Duration(text string) (time.Duration, error) {
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 {
		return 0, fmt.Errorf("invalid duration %q: must have a unit and not be negative, such as 5s or 1m30s", text)
	}
	return span, nil
}

func (d *decoder) unknown(key *node, a at, known []string) error {
	inside := ""
	if a.path != "" {
		inside = " in " + a.path
	}
	return wrong(key.place, "unknown key %q%s%s; known keys: %s", key.text, inside, Suggest(key.text, known), strings.Join(known, ", "))
}

func (d *decoder) not(p Place, a at, n *node, want string) error {
	return wrong(p, "%s must be %s, not %s", a.path, want, n.kind)
}

// names are a struct's keys.
func names(t reflect.Type) (out []string) {
	for i := range t.NumField() {
		if name := keyOf(t.Field(i)); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// keyOf is a field's key; "" is that of the map that takes the others, and of what is not read.
func keyOf(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return name
}
