package model

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("golden", false, "write docs/reasons.md again")

// reasonsBegin is the line of docs/reasons.md after which everything is made from the constants.
const reasonsBegin = "<!-- The rest is generated: go test ./deploy/model -run ReasonsPage -golden -->\n"

// The page of reasons and exit codes is that of the constants. go test ./deploy/model -run ReasonsPage -golden writes it.
func TestReasonsPageIsThatOfTheConstants(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "reasons.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), reasonsBegin)
	if !ok {
		t.Fatalf("%s has no line %q", path, reasonsBegin)
	}
	made := reasonsPage(t)
	if *update {
		if err := os.WriteFile(path, []byte(head+reasonsBegin+made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if rest != made {
		t.Errorf("%s is not that of the constants; run go test ./deploy/model -run ReasonsPage -golden", path)
	}
}

func reasonsPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n## Outcomes and exit codes\n\n| exit code | outcome | meaning |\n|---|---|---|\n")
	for _, o := range described(t, "outcome.go", "Outcome") {
		code := strconv.Itoa(Outcome(o.word).ExitCode())
		if Outcome(o.word) == Interrupted {
			code = "128+n"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", code, o.word, o.text)
	}
	b.WriteString("\n## Reasons\n")
	for _, c := range described(t, "reason.go", "Code") {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", c.word, c.text)
	}
	return b.String()
}

type word struct{ word, text string }

// described returns the constants of a type in a file, each with its comment.
func described(t *testing.T, file, typ string) (words []word) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		comment, ok := strings.CutPrefix(strings.ReplaceAll(strings.TrimSpace(spec.Doc.Text()), "\n", " "), spec.Names[0].Name+": ")
		if !ok {
			t.Errorf("%s: %s has no comment that begins with %q", file, value, spec.Names[0].Name+": ")
		}
		words = append(words, word{value, comment})
		return true
	})
	if len(words) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typ)
	}
	return words
}
