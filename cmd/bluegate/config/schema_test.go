package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("golden", false, "write config.schema.json again")

const durationPattern = `([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+`

// The published schema is generated from the structs and their tags. go test ./cmd/bluegate/config -run ConfigSchema
// -golden writes it.
func TestConfigSchemaIsThatOfTheStructs(t *testing.T) {
	root := schemaOf(t, reflect.TypeFor[File](), "")
	root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", "bluegate.yml"
	var made bytes.Buffer
	encoder := json.NewEncoder(&made)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(root); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("config.schema.json", made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if made.String() != Schema {
		t.Error("config.schema.json is not that of the structs; run go test ./cmd/bluegate/config -run ConfigSchema -golden")
	}
}

// schemaOf returns the schema of what the reader accepts for a type, from the same tags.
func schemaOf(t *testing.T, typ reflect.Type, tag reflect.StructTag) map[string]any {
	t.Helper()
	switch {
	case typ == reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "string", "pattern": "^" + durationPattern + "$"}
	case typ == reflect.TypeFor[autoDuration]():
		return map[string]any{"type": "string", "pattern": "^(auto|" + durationPattern + ")$"}
	case typ.Kind() == reflect.String:
		if choice, closed := tag.Lookup("choice"); closed {
			return map[string]any{"type": "string", "enum": strings.Fields(choice)}
		}
		return map[string]any{"type": []string{"string", "number", "boolean"}, "minLength": 1}
	case typ.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case typ.Kind() == reflect.Int:
		return map[string]any{"type": "integer"}
	case typ.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t, typ.Elem(), tag)}
	case typ.Kind() == reflect.Map && tag.Get("word") == "every":
		word := schemaOf(t, typ.Elem(), tag)
		return map[string]any{"oneOf": []any{word, map[string]any{"type": "object", "additionalProperties": word}}}
	case typ.Kind() == reflect.Map:
		value := schemaOf(t, typ.Elem(), "")
		if choice, closed := tag.Lookup("choice"); closed {
			properties := map[string]any{}
			for _, word := range strings.Fields(choice) {
				properties[word] = value
			}
			return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
		}
		return map[string]any{"type": "object", "additionalProperties": value}
	case typ.Kind() == reflect.Struct:
		return objectOf(t, typ)
	}
	t.Fatalf("the schema has no words for a %s", typ)
	return nil
}

func objectOf(t *testing.T, typ reflect.Type) map[string]any {
	t.Helper()
	properties := map[string]any{}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if rest == "inline" && field.Type.Kind() == reflect.Struct {
			maps.Copy(properties, objectOf(t, field.Type)["properties"].(map[string]any))
			continue
		}
		if rest == "inline" {
			out["additionalProperties"] = schemaOf(t, field.Type.Elem(), "")
			continue
		}
		if name == "" {
			continue
		}
		of := schemaOf(t, field.Type, field.Tag)
		if of["description"] = field.Tag.Get("doc"); of["description"] == "" {
			t.Errorf("%s.%s has no tag doc", typ, field.Name)
		}
		if value, ok := field.Tag.Lookup("default"); ok {
			of["default"] = value
			if field.Type.Kind() == reflect.Bool {
				of["default"] = value == "true"
			}
		}
		properties[name] = of
	}
	return out
}

// Reader and schema accept and refuse the same files.
func TestConfigSchemaAgreesWithTheReader(t *testing.T) {
	schema := compiled(t, Schema)
	for yml, good := range map[string]bool{
		"project: shop\n": true, "gate: {timeout: auto}\n": true, "gate: {timeout: 1m30s}\n": true, "compose: {files: [a, b]}\n": true, "colours: {blue: {port: 8081, env: {A: 1}}}\n": true,
		"gate: {without_healthcheck: running}\n": true, "gate: {without_healthcheck: {worker: running}}\n": true, "gate: {without_healthcheck: {worker: ignored}}\n": false, "gate: {without_healthcheck: [worker]}\n": false,
		"nginx: {container: edge}\n": true, "old: {keep: removed}\n": true,
		"projects: shop\n": false, "gate: {timeout: 5}\n": false, "gate: {stable: soon}\n": false, "compose: {files: a}\n": false, "colours: {red: {}}\n": false, "colours: {blue: {port: [1]}}\n": false,
		"old: {keep: forever}\n": false, "project: \"\"\n": false, "compose: {services: [[a]]}\n": false,
	} {
		_, _, err := optionsOf(t, yml)
		if (err == nil) != good {
			t.Errorf("the reader on %q: %v", yml, err)
		}
		if err := validYAML(t, schema, yml); (err == nil) != good {
			t.Errorf("the schema on %q: %v", yml, err)
		}
	}
}

// The examples in the documents are valid.
func TestExamplesMatchTheConfigSchema(t *testing.T) {
	schema := compiled(t, Schema)
	fence := regexp.MustCompile("(?s)```yaml\n# bluegate\\.yml\n(.*?)```")
	texts, err := filepath.Glob("../../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Concat(texts, []string{"../../../README.md"}) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range fence.FindAllSubmatch(text, -1) {
			if err := validYAML(t, schema, string(found[1])); err != nil {
				t.Errorf("%s: %v\n%s", path, err, found[1])
			}
		}
	}
}

func compiled(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validYAML(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	converted, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(converted))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
