package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// referenceBegins is the line of docs/configuration.md after which everything is made from the structs.
const referenceBegins = "<!-- The rest is generated: go test ./cmd/bluegate/config -run Reference -golden -->\n"

// The reference of the documents is that of the structs. go test ./cmd/bluegate/config -run Reference -golden writes it.
func TestReferenceIsThatOfTheStructs(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "configuration.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), referenceBegins)
	if !ok {
		t.Fatalf("%s has no line %q", path, referenceBegins)
	}
	made := reference(t)
	if *update {
		if err := os.WriteFile(path, []byte(head+referenceBegins+made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if rest != made {
		t.Errorf("%s is not that of the structs; run go test ./cmd/bluegate/config -run Reference -golden", path)
	}
}

// reference has a heading for each section of the file, and a table of what is in it.
func reference(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	file := reflect.TypeFor[File]()
	for i := range file.NumField() {
		field := file.Field(i)
		name := field.Tag.Get("yaml")
		if name == "" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", name, field.Tag.Get("doc"))
		if rows := rowsOf(t, field.Type, field.Tag, ""); len(rows) > 0 {
			b.WriteString("\n| key | value | default | meaning |\n|---|---|---|---|\n" + strings.Join(rows, ""))
		}
	}
	return b.String()
}

// rowsOf are the rows for what is below a value. A list or a map of sections is described once.
func rowsOf(t *testing.T, typ reflect.Type, tag reflect.StructTag, prefix string) (rows []string) {
	t.Helper()
	switch {
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		return rowsOf(t, typ.Elem(), "", prefix)
	case typ.Kind() == reflect.Map && typ.Elem().Kind() == reflect.Struct:
		return rowsOf(t, typ.Elem(), "", prefix+"COLOUR.")
	case typ.Kind() != reflect.Struct:
		return nil
	}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if rest == "inline" && field.Type == reflect.TypeFor[checkSection]() {
			rows = append(rows, "| `"+prefix+"…` | | | The keys of [checks](#checks). |\n")
			continue
		}
		if rest == "inline" && field.Type.Kind() == reflect.Struct {
			rows = append(rows, rowsOf(t, field.Type, "", prefix)...)
			continue
		}
		if rest == "inline" {
			name = "KEY"
		}
		if name == "" {
			continue
		}
		if field.Type == reflect.TypeFor[[]checkSection]() {
			rows = append(rows, row(t, prefix+name, field), "| `"+prefix+name+".…` | | | The keys of [checks](#checks). |\n")
			continue
		}
		if below := rowsOf(t, field.Type, field.Tag, prefix+name+"."); len(below) > 0 {
			if field.Type.Kind() == reflect.Slice {
				rows = append(rows, row(t, prefix+name, field))
			}
			rows = append(rows, below...)
			continue
		}
		rows = append(rows, row(t, prefix+name, field))
	}
	return rows
}

func row(t *testing.T, key string, field reflect.StructField) string {
	t.Helper()
	fallback := ""
	if value, ok := field.Tag.Lookup("default"); ok {
		fallback = "`" + value + "`"
	} else if convention := field.Tag.Get("convention"); convention != "" {
		fallback = convention
	}
	var notes []string
	if field.Tag.Get("expand") == "colour" {
		notes = append(notes, "`{colour}`")
	}
	if field.Tag.Get("fill") == "environment" {
		notes = append(notes, "`${NAME}`")
	}
	meaning := field.Tag.Get("doc")
	if len(notes) > 0 {
		meaning += " May contain " + strings.Join(notes, " and ") + "."
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", key, kindOfValue(t, field.Type, field.Tag), fallback, strings.ReplaceAll(meaning, "|", `\|`))
}

// kindOfValue says in words what may be written.
func kindOfValue(t *testing.T, typ reflect.Type, tag reflect.StructTag) string {
	t.Helper()
	choice := "`" + strings.Join(strings.Fields(tag.Get("choice")), "`, `") + "`"
	switch {
	case typ == reflect.TypeFor[time.Duration]():
		return "duration"
	case typ == reflect.TypeFor[autoDuration]():
		return "duration, or `auto`"
	case typ.Kind() == reflect.String && choice != "``", tag.Get("word") == "every":
		return choice
	case typ.Kind() == reflect.String:
		return "text"
	case typ.Kind() == reflect.Bool:
		return "`true`, `false`"
	case typ.Kind() == reflect.Int:
		return "number"
	case typ.Kind() == reflect.Slice && choice != "``":
		return "list of " + choice
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Slice:
		return "list of lists of words"
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct:
		return "list of sections"
	case typ.Kind() == reflect.Slice:
		return "list"
	case typ.Kind() == reflect.Map:
		return "names and values"
	}
	t.Fatalf("the reference has no words for a %s", typ)
	return ""
}
