package ui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// The schema has the closed lists. A constant that is not in it, and a word in it without a constant, are both errors.
func TestSchemaHasEveryWord(t *testing.T) {
	var schema struct {
		Properties struct {
			Outcome struct{ Enum []string }
		}
		Defs struct {
			Reason struct {
				Properties struct {
					Code struct{ Enum []string }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(ReportSchema), &schema); err != nil {
		t.Fatal(err)
	}
	for _, list := range []struct {
		file, typ string
		enum      []string
	}{
		{"reason.go", "Code", schema.Defs.Reason.Properties.Code.Enum},
		{"outcome.go", "Outcome", schema.Properties.Outcome.Enum},
	} {
		words := constants(t, filepath.Join("..", "..", "..", "deploy", "model", list.file), list.typ)
		slices.Sort(words)
		slices.Sort(list.enum)
		if !slices.Equal(words, list.enum) {
			t.Errorf("%s: the constants are %v, the schema has %v", list.typ, words, list.enum)
		}
	}
}

// constants returns the values of a file's string constants of a type.
func constants(t *testing.T, file, typ string) (words []string) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typ {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, word)
		}
		return true
	})
	return words
}
