package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Findings have no closed list: the page has each code that the program's source gives one, in its order of the alphabet.
func TestFindingsPageHasEveryCode(t *testing.T) {
	text, err := os.ReadFile("findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1])
	}
	if !slices.IsSorted(listed) {
		t.Errorf("the codes are not in the order of the alphabet: %v", listed)
	}
	inSource := findingCodes(t)
	for _, code := range inSource {
		if !slices.Contains(listed, code) {
			t.Errorf("the page does not have %s", code)
		}
	}
	for _, code := range listed {
		if !slices.Contains(inSource, code) {
			t.Errorf("nothing gives a finding the code %s", code)
		}
	}
}

// findingCodes are the words that the program's source gives findings as codes.
func findingCodes(t *testing.T) (codes []string) {
	t.Helper()
	for _, root := range []string{"cmd", "compose", "deploy", "nginx", "watch"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				codes = append(codes, codesIn(file)...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// codesIn are the words behind Code in what is made or changed in a file, those of the constructor of doctor's rules, and
// the constants of package model that are codes of findings.
func codesIn(file *ast.File) (codes []string) {
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if code, err := strconv.Unquote(lit.Value); err == nil {
				codes = append(codes, code)
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
				add(n.Value)
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if field, ok := left.(*ast.SelectorExpr); ok && field.Sel.Name == "Code" && len(n.Rhs) == len(n.Lhs) {
					add(n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "at" && len(n.Args) > 2 {
				add(n.Args[1])
			}
		case *ast.ValueSpec:
			if len(n.Names) == 1 && n.Names[0].Name == "RestartUndoes" {
				add(n.Values[0])
			}
		}
		return true
	})
	return codes
}
