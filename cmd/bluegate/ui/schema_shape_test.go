package ui

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bluegate/deploy/report"
)

// shape is the part of a schema that says which fields an object has.
type shape struct {
	Ref        string           `json:"$ref"`
	Properties map[string]shape `json:"properties"`
	Required   []string         `json:"required"`
	Closed     *bool            `json:"additionalProperties"`
	Items      *shape           `json:"items"`
	OneOf      []shape          `json:"oneOf"`
	Enum       []string         `json:"enum"`
	Defs       map[string]shape `json:"$defs"`
}

func reportShape(t *testing.T) shape {
	t.Helper()
	var s shape
	if err := json.Unmarshal([]byte(ReportSchema), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The schema has exactly the fields of the report. A field is required unless it may be omitted.
func TestSchemaHasEveryField(t *testing.T) {
	root := reportShape(t)
	compareShape(t, root, root, reflect.TypeFor[report.Report](), "report")
}

func compareShape(t *testing.T, root, s shape, typ reflect.Type, at string) {
	t.Helper()
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		s = root.Defs[name]
	}
	for _, one := range s.OneOf { // or null
		if one.Ref != "" {
			compareShape(t, root, one, typ, at)
			return
		}
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Slice {
		if typ.Elem().Kind() == reflect.Struct {
			if s.Items == nil {
				t.Errorf("%s: the schema does not say what is in the list", at)
				return
			}
			compareShape(t, root, *s.Items, typ.Elem(), at+"[]")
		}
		return
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
		return
	}
	if s.Closed == nil || *s.Closed {
		t.Errorf("%s: the schema lets other fields pass", at)
	}
	var names, required []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			t.Errorf("%s.%s has no name in JSON", at, field.Name)
		}
		names = append(names, name)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
		compareShape(t, root, s.Properties[name], field.Type, at+"."+name)
	}
	same(t, at+": fields", names, slices.Collect(maps.Keys(s.Properties)))
	same(t, at+": required fields", required, s.Required)
}

// same compares lists regardless of their order.
func same(t *testing.T, what string, code, schema []string) {
	t.Helper()
	code, schema = slices.Sorted(slices.Values(code)), slices.Sorted(slices.Values(schema))
	if !slices.Equal(code, schema) {
		t.Errorf("%s: the code has\n%v\nthe schema has\n%v", what, code, schema)
	}
}

// The report contains the gate's reason codes unchanged.
func TestSchemaHasEveryReasonOfTheGate(t *testing.T) {
	known := reportShape(t).Defs["reason"].Properties["code"].Enum
	codes := constants(t, filepath.Join("..", "..", "..", "deploy", "gate", "reason.go"), "Code")
	if len(codes) == 0 {
		t.Fatal("the gate has no codes")
	}
	for _, code := range codes {
		if !slices.Contains(known, code) {
			t.Errorf("the gate refuses for %q, which the schema does not know", code)
		}
	}
}
