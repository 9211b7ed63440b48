package adopt

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// inside is a shell script within another file. Its text begins with as many empty lines as stand before it there, so
// that a line has the same number in both.
type inside struct{ path, text string }

// insideMakefile is all that the recipes of a Makefile run. A variable is the shell's of the same name.
func insideMakefile(name string, text []byte) []inside {
	var b strings.Builder
	recipe, goesOn := false, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if !goesOn {
			recipe = strings.HasPrefix(line, "\t")
		}
		switch assigned := makeVariable.FindStringSubmatch(line); {
		case recipe && !goesOn:
			b.WriteString(inShell(strings.TrimLeft(line, "\t@-+ ")))
		case recipe:
			b.WriteString(inShell(line))
		case assigned != nil:
			b.WriteString(assigned[1] + `="` + inShell(strings.ReplaceAll(assigned[2], `"`, `\"`)) + `"`)
		}
		b.WriteString("\n")
		goesOn = strings.HasSuffix(line, `\`)
	}
	return []inside{{name, b.String()}}
}

var (
	makeVariable  = regexp.MustCompile(`^(?:export )?([A-Za-z_][A-Za-z0-9_]*)\s*[:?]{0,2}=\s*([^\\]*)$`)
	makeReference = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)
)

// inShell writes a line of a recipe as the shell gets it.
func inShell(line string) string {
	return strings.ReplaceAll(makeReference.ReplaceAllString(line, "$${$1}"), "$$", "$")
}

// scriptKeys are where the files of GitHub's and GitLab's runners have shell scripts.
var scriptKeys = []string{"run", "script", "before_script", "after_script"}

// insideWorkflow is each script that a runner's file has. A file that is no YAML has none.
func insideWorkflow(name string, text []byte) (found []inside) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil
	}
	for _, doc := range file.Docs {
		ast.Walk(visitor(func(n ast.Node) {
			pair, ok := n.(*ast.MappingValueNode)
			if !ok || !slices.Contains(scriptKeys, pair.Key.GetToken().Value) {
				return
			}
			var b strings.Builder
			if list, ok := pair.Value.(*ast.SequenceNode); ok { // each item is a line of one script
				for _, item := range list.Values {
					placed(&b, item)
				}
			} else {
				placed(&b, pair.Value)
			}
			found = append(found, inside{name, expression.ReplaceAllString(b.String(), "$${$1}")})
		}), doc)
	}
	return found
}

// placed writes a text at the line at which it stands in its file.
func placed(b *strings.Builder, n ast.Node) {
	line, text := n.GetToken().Position.Line, ""
	switch n := n.(type) {
	case *ast.LiteralNode:
		line, text = n.Start.Position.Line+1, n.Value.Value
	case *ast.StringNode:
		text = n.Value
	}
	for missing := line - 1 - strings.Count(b.String(), "\n"); missing > 0; missing-- {
		b.WriteString("\n")
	}
	b.WriteString(strings.TrimSuffix(text, "\n") + "\n")
}

// expression is what GitHub puts into a script: ${{ inputs.colour }}, of which the last word is taken for a variable.
var expression = regexp.MustCompile(`\$\{\{[^}]*?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

// scriptsIn are the scripts of a file: itself, or those inside it.
func scriptsIn(name string, text []byte) []inside {
	ext, base, folder := path.Ext(name), path.Base(name), path.Dir(name)
	yml := ext == ".yml" || ext == ".yaml"
	switch {
	case text == nil:
		return nil
	case ext == ".sh", isShell(text):
		return []inside{{name, string(text)}}
	case base == "Makefile", base == "makefile", base == "GNUmakefile", ext == ".mk":
		return insideMakefile(name, text)
	case yml && (folder == ".github/workflows" || base == ".gitlab-ci.yml"):
		return insideWorkflow(name, text)
	}
	return nil
}
