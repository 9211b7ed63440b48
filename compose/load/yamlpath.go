package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is a YAML file as its author wrote it. Compose's own model has no line numbers.
type document struct {
	file string
	root *yaml.Node // nil if it could not be read or parsed
}

// documents reads files. A file that cannot be parsed has no nodes.
func documents(files []string) []document {
	docs := make([]document, len(files))
	for i, file := range files {
		docs[i] = document{file: file}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var top yaml.Node
		if yaml.Unmarshal(text, &top) == nil && len(top.Content) > 0 {
			docs[i].root = top.Content[0]
		}
	}
	return docs
}

// position is a place in a file, in the form that editors use.
type position struct {
	file         string
	line, column int // 0 if not known
}

func (s position) String() string {
	switch {
	case s.line == 0:
		return s.file
	case s.column == 0:
		return fmt.Sprintf("%s:%d", s.file, s.line)
	}
	return fmt.Sprintf("%s:%d:%d", s.file, s.line, s.column)
}

// position is a place in a file, in the form that editors use.
func (d document) position(n *yaml.Node) position { return position{d.file, n.Line, n.Column} }

// entry is a value and the node that names it: its key in a mapping, the value itself in a list.
type entry struct{ name, value *yaml.Node }

// entriesAt returns the entries at a path in Compose's notation: services.was-blue.ports, services[was-blue].image,
// services.x.environment.[0]. `[]` matches every item of a list, so there may be several.
func (d document) entriesAt(path string) []entry {
	if d.root == nil {
		return nil
	}
	path = strings.NewReplacer(".[", ".[", "[", ".[").Replace(path)
	return descend(entry{d.root, d.root}, strings.Trim(path, "."))
}

func descend(at entry, path string) []entry {
	if path == "" {
		return []entry{at}
	}
	node := resolved(at.value)
	var found []entry
	switch node.Kind {
	case yaml.SequenceNode:
		index, rest, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		for i, item := range node.Content {
			if index == "" || index == strconv.Itoa(i) {
				found = append(found, descend(entry{item, item}, strings.TrimPrefix(rest, "."))...)
			}
		}
	case yaml.MappingNode:
		for _, e := range mapping(node) {
			if rest, ok := cutKey(path, e.name.Value); ok {
				found = append(found, descend(e, rest)...)
			}
		}
	}
	return found
}

// cutKey removes a key from the front of a path. The name of a service may contain dots.
func cutKey(path, key string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(path, "["+key+"]"); ok {
		return strings.TrimPrefix(rest, "."), true
	}
	rest, ok = strings.CutPrefix(path, key)
	switch {
	case !ok || key == "":
		return "", false
	case rest == "":
		return "", true
	}
	return strings.CutPrefix(rest, ".")
}

func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping lists the entries of a mapping, then those that are merged into it. A mapping that is merged several times, or into
// itself, is listed once.
func mapping(n *yaml.Node) (entries []entry) {
	return entriesOf(n, map[*yaml.Node]bool{})
}

func entriesOf(n *yaml.Node, seen map[*yaml.Node]bool) (entries []entry) {
	if seen[n] {
		return nil
	}
	seen[n] = true
	var merged []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if base := resolved(value); key.Value == "<<" && base.Kind == yaml.MappingNode {
			merged = append(merged, entriesOf(base, seen)...)
			continue
		}
		entries = append(entries, entry{key, value})
	}
	return append(entries, merged...)
}

// scalars visits every key and value below n in the order of the file until visit returns false. The target of an alias
// is visited only where it is written.
func scalars(n *yaml.Node, visit func(*yaml.Node) bool) bool {
	if n.Kind == yaml.ScalarNode {
		return visit(n)
	}
	for _, child := range n.Content {
		if !scalars(child, visit) {
			return false
		}
	}
	return true
}

// mention returns the first scalar below n that satisfies test.
func mention(n *yaml.Node, test func(text string) bool) *yaml.Node {
	var found *yaml.Node
	scalars(n, func(s *yaml.Node) bool {
		if test(s.Value) {
			found = s
		}
		return found == nil
	})
	return found
}
