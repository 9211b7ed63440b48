package swarmsim

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// object is one of the API's, as JSON has it.
type object map[string]any

//go:embed recorded
var files embed.FS

// recorded is what a real engine answered.
func recorded(kind string) object {
	text, err := files.ReadFile("recorded/" + kind + ".json")
	if err != nil {
		panic(err)
	}
	return decoded(text)
}

func decoded(text []byte) object {
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		panic(err)
	}
	return o
}

// in is an object within an object; one that is not there is empty.
func (o object) in(name string) object {
	inner, _ := o[name].(map[string]any)
	return inner
}

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

// id is what an object is found by: networks spell it in another way.
func (o object) id() string { return o.text("ID") + o.text("Id") }

// name is that of an object, where its kind has it.
func (o object) name() string {
	if name := o.text("Name"); name != "" {
		return name
	}
	return o.in("Spec").text("Name")
}

func (o object) labels() object {
	if labels := o.in("Labels"); len(labels) > 0 {
		return labels
	}
	return o.in("Spec").in("Labels")
}

// filters are those of a list: by kind, what is wanted.
type filters map[string][]string

// readFilters reads the two forms in which clients send them.
func readFilters(text string) (filters, error) {
	if text == "" {
		return nil, nil
	}
	var sets map[string]map[string]bool
	if err := json.Unmarshal([]byte(text), &sets); err == nil {
		f := filters{}
		for kind, values := range sets {
			f[kind] = slices.Sorted(maps.Keys(values))
		}
		return f, nil
	}
	var f filters
	err := json.Unmarshal([]byte(text), &f)
	return f, err
}

// match says whether an object is wanted: for one value of each kind, and for all labels.
func (f filters) match(o object, of func(kind string) string) bool {
	for kind, values := range f {
		fits := func(value string) bool {
			switch kind {
			case "name":
				return strings.HasPrefix(o.name(), value)
			case "id":
				return strings.HasPrefix(o.id(), value)
			case "label":
				name, want, exact := strings.Cut(value, "=")
				have, there := o.labels()[name]
				return there && (!exact || have == want)
			}
			return of(kind) == value
		}
		if ok := slices.ContainsFunc(values, fits); !ok {
			return false
		}
		if kind == "label" && slices.ContainsFunc(values, func(v string) bool { return !fits(v) }) {
			return false
		}
	}
	return true
}

// stamp notes when an object was made or changed, in the Swarm's form.
func (o object) stamp(index int, at time.Time, names ...string) {
	o["Version"] = map[string]any{"Index": index}
	for _, name := range names {
		o[name] = at.UTC().Format(time.RFC3339Nano)
	}
}

func message(format string, args ...any) object {
	return object{"message": fmt.Sprintf(format, args...)}
}
