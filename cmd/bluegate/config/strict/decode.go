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

// at is the position of the decoder: the path of a key, and the tag of its field.
type at struct {
	path string
	tag  reflect.StructTag
	// unnamed: an item of a list or of a free map, which the environment cannot name.
	unnamed bool
}

func (a at) key(name string, tag reflect.StructTag) at {
	if a.path != "" {
		name = a.path + "." + name
	}
	return at{name, tag, a.unnamed}
}

type decoder struct {
	values *Values
	env    Environment
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isScalar says whether a value of this type is written as one word.
func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	}
	return reflect.PointerTo(t).Implements(textType)
}

func (d *decoder) value(a at, n *node, into reflect.Value) error {
	switch t := into.Type(); {
	case isScalar(t):
		return d.scalar(a, n, into)
	case t.Kind() == reflect.Map && isWordOrMap(a.tag) && n == nil:
		return d.wordOrMap(a, &node{kind: mapping}, into)
	case n == nil || n.kind == null:
		if n != nil {
			d.values.Origins[a.path] = Origin{Place: n.place}
		}
		if t.Kind() == reflect.Struct {
			return d.structFields(a, nil, into)
		}
		if t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct {
			return d.mapping(a, &node{kind: mapping}, into)
		}
		return nil
	case t.Kind() == reflect.Struct:
		return d.structFields(a, n, into)
	case t.Kind() == reflect.Slice:
		return d.list(a, n, into)
	case t.Kind() == reflect.Map && isWordOrMap(a.tag):
		return d.wordOrMap(a, n, into)
	case t.Kind() == reflect.Map:
		return d.mapping(a, n, into)
	default:
		return fmt.Errorf("%s: cannot read a value of type %s", a.path, t)
	}
}

// structFields reads a mapping into a struct. It also visits fields without a key: the environment may set them.
func (d *decoder) structFields(a at, n *node, into reflect.Value) error {
	if n != nil && n.kind != mapping && n.kind != null {
		return d.mustBe(n.place, a, n, "a mapping of "+strings.Join(names(into.Type()), ", "))
	}
	if n == nil {
		n = &node{kind: mapping}
	} else if a.path != "" {
		d.values.Origins[a.path] = Origin{Place: n.place}
	}
	var rest reflect.Value
	var restTag reflect.StructTag
	known := map[string]reflect.StructField{}
	fields := fieldsOf(into)
	for _, f := range fields {
		if name := keyName(f.StructField); name != "" {
			known[name] = f.StructField
		} else if f.Tag.Get("yaml") == ",inline" {
			rest, restTag = f.value, f.Tag
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
	for _, f := range fields {
		name := keyName(f.StructField)
		if name == "" {
			continue
		}
		if err := d.value(a.key(name, f.Tag), n.of(name), f.value); err != nil {
			return err
		}
	}
	if rest.IsValid() {
		return d.freeMap(at{a.path, restTag, a.unnamed}, free, rest)
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

// isWordOrMap says whether a map of words may also be written as one word, which counts for every key: its entry then
// has the key "".
func isWordOrMap(tag reflect.StructTag) bool { return tag.Get("word") == "every" }

func (d *decoder) wordOrMap(a at, n *node, into reflect.Value) error {
	if n.kind == mapping && d.env.get(a, d.env.variable(a.path)) == "" {
		if n.place.Line > 0 {
			d.values.Origins[a.path] = Origin{Place: n.place}
		}
		return d.freeMap(at{a.path, a.tag, true}, n, into)
	}
	var word string
	if err := d.scalar(a, n, reflect.ValueOf(&word).Elem()); err != nil || word == "" {
		return err
	}
	into.Set(reflect.ValueOf(map[string]string{"": word}).Convert(into.Type()))
	return nil
}

// mapping reads a map. With choice:"a b" those are its keys, and the environment can set them.
func (d *decoder) mapping(a at, n *node, into reflect.Value) error {
	if n.kind != mapping {
		return d.mustBe(n.place, a, n, "a mapping")
	}
	if n.place.Line > 0 {
		d.values.Origins[a.path] = Origin{Place: n.place}
	}
	choice, closed := a.tag.Lookup("choice")
	if !closed {
		return d.freeMap(at{a.path, a.tag, true}, n, into)
	}
	words := strings.Fields(choice)
	for _, key := range n.keys {
		if !slices.Contains(words, key.text) {
			return d.unknown(key, a, words)
		}
	}
	return d.entries(a, words, n, into)
}

// freeMap reads keys that the user names. The environment can set the keys in the tag environment:"…" even if the file
// does not have them.
func (d *decoder) freeMap(a at, n *node, into reflect.Value) error {
	words := strings.Fields(a.tag.Get("environment"))
	for _, key := range n.keys {
		if !slices.Contains(words, key.text) {
			words = append(words, key.text)
		}
	}
	return d.entries(a, words, n, into)
}

// entries sets the keys of a map that the file or the environment sets.
func (d *decoder) entries(a at, keys []string, n *node, into reflect.Value) error {
	made := reflect.MakeMap(into.Type())
	for _, key := range keys {
		value := reflect.New(into.Type().Elem()).Elem()
		if err := d.value(a.key(key, a.tag), n.of(key), value); err != nil {
			return err
		}
		if n.of(key) != nil || !value.IsZero() {
			made.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), value)
		}
	}
	if made.Len() > 0 {
		into.Set(made)
	}
	return nil
}

func (d *decoder) list(a at, n *node, into reflect.Value) error {
	if n.kind != list {
		return d.mustBe(n.place, a, n, "a list, such as [a, b]")
	}
	d.values.Origins[a.path] = Origin{Place: n.place}
	made := reflect.MakeSlice(into.Type(), len(n.values), len(n.values))
	for i, item := range n.values {
		where := at{fmt.Sprintf("%s[%d]", a.path, i), a.tag, true}
		if item.kind == null {
			return d.mustBe(item.place, where, item, "a value")
		}
		if err := d.value(where, item, made.Index(i)); err != nil {
			return err
		}
	}
	into.Set(made)
	return nil
}

func (d *decoder) scalar(a at, n *node, into reflect.Value) error {
	var text string
	var origin Origin
	name := d.env.variable(a.path)
	switch given := d.env.get(a, name); {
	case given != "":
		text, origin = given, Origin{Variable: name}
	case n == nil:
		return nil
	case n.kind != scalar:
		return d.mustBe(n.place, a, n, "a single value")
	default:
		text, origin = n.text, Origin{Place: n.place}
	}
	if err := setValue(into, text, a.tag); err != nil {
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
	if a.unnamed || e.Getenv == nil {
		return ""
	}
	return e.Getenv(name)
}

func setValue(into reflect.Value, text string, tag reflect.StructTag) error {
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
		return setWord(into, text, tag)
	default:
		number, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("invalid number %q: must be a whole number", text)
		}
		into.SetInt(int64(number))
	}
	return nil
}

func setWord(into reflect.Value, text string, tag reflect.StructTag) error {
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

// Duration reads a duration as Go and Compose do: 5s, 1m30s. It refuses a number without a unit and a negative
// duration.
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
	return errorAt(key.place, "unknown key %q%s%s; known keys: %s", key.text, inside, Suggest(key.text, known), strings.Join(known, ", "))
}

func (d *decoder) mustBe(p Place, a at, n *node, want string) error {
	return errorAt(p, "%s must be %s, not %s", a.path, want, n.kind)
}

// names returns the keys of a struct.
func names(t reflect.Type) (out []string) {
	for _, f := range fieldsOf(reflect.Zero(t)) {
		if name := keyName(f.StructField); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// keyName returns the key of a field, or "" for the map of all other keys and for a field that is not read.
func keyName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return name
}
