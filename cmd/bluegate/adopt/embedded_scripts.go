package adopt

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// embeddedScript is a shell script inside another file. Its text starts with empty lines, so that a line has the same
// number in both.
type embeddedScript struct{ path, text string }

// makefileScript returns all that the recipes of a Makefile run. A variable of make becomes the shell variable of the
// same name.
func makefileScript(name string, text []byte) []embeddedScript {
	var b strings.Builder
	recipe, goesOn := false, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if !goesOn {
			recipe = strings.HasPrefix(line, "\t")
		}
		switch assigned := makeVariable.FindStringSubmatch(line); {
		case recipe && !goesOn:
			b.WriteString(shellLine(strings.TrimLeft(line, "\t@-+ ")))
		case recipe:
			b.WriteString(shellLine(line))
		case assigned != nil:
			b.WriteString(assigned[1] + `="` + shellLine(strings.ReplaceAll(assigned[2], `"`, `\"`)) + `"`)
		}
		b.WriteString("\n")
		goesOn = strings.HasSuffix(line, `\`)
	}
	return []embeddedScript{{name, b.String()}}
}

var (
	makeVariable  = regexp.MustCompile(`^(?:export )?([A-Za-z_][A-Za-z0-9_]*)\s*[:?]{0,2}=\s*([^\\]*)$`)
	makeReference = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)
)

// shellLine returns a line of a recipe as the shell receives it.
func shellLine(line string) string {
	return strings.ReplaceAll(makeReference.ReplaceAllString(line, "$${$1}"), "$$", "$")
}

// scriptKeys are the keys with shell scripts in the configuration of GitHub Actions and GitLab CI.
var scriptKeys = []string{"run", "script", "before_script", "after_script"}

// workflowScripts returns the scripts in the configuration of a CI runner; none if the file is not YAML.
func workflowScripts(name string, text []byte) (found []embeddedScript) {
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
			if list, ok := pair.Value.(*ast.SequenceNode); ok { // each item is a line of the script
				for _, item := range list.Values {
					atLine(&b, item)
				}
			} else {
				atLine(&b, pair.Value)
			}
			found = append(found, embeddedScript{name, expression.ReplaceAllString(b.String(), "$${$1}")})
		}), doc)
	}
	return found
}

// atLine puts a text at the line that it has in its file.
func atLine(b *strings.Builder, n ast.Node) {
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

// expression matches what GitHub Actions replaces in a script: ${{ inputs.colour }}. Its last word is used as a
// variable.
var expression = regexp.MustCompile(`\$\{\{[^}]*?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

// scriptsIn returns the scripts of a file: the file itself, or those inside it.
func scriptsIn(name string, text []byte) []embeddedScript {
	ext, base, folder := path.Ext(name), path.Base(name), path.Dir(name)
	yml := ext == ".yml" || ext == ".yaml"
	switch {
	case text == nil:
		return nil
	case ext == ".sh", isShell(text):
		return []embeddedScript{{name, string(text)}}
	case base == "Makefile", base == "makefile", base == "GNUmakefile", ext == ".mk":
		return makefileScript(name, text)
	case yml && (folder == ".github/workflows" || base == ".gitlab-ci.yml"):
		return workflowScripts(name, text)
	}
	return nil
}
