package strict

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

type kind int

const (
	null kind = iota
	scalar
	list
	mapping
)

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a mapping"}[k]
}

// node is YAML without anchors, aliases, tags and merge keys.
type node struct {
	kind   kind
	text   string // of a scalar, as written
	place  Place
	keys   []*node // of a mapping
	values []*node // of a mapping or a list
}

// maxDepth limits the recursion; bluegate.yml has a depth of five.
const maxDepth = 20

func parse(file string, text []byte) (*node, error) {
	if err := checkText(file, text); err != nil {
		return nil, err
	}
	tree, err := parser.ParseBytes(text, 0)
	if err != nil {
		var placed yaml.Error
		if errors.As(err, &placed) && placed.GetToken() != nil {
			return nil, errorAt(place(file, placed.GetToken()), "%s", placed.GetMessage())
		}
		return nil, errorAt(Place{File: file}, "%v", err)
	}
	var root *node
	for _, doc := range tree.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			return nil, errorAt(place(file, doc.Body.GetToken()), "a second document starts here; the file must have only one")
		}
		if root, err = convert(file, doc.Body, maxDepth); err != nil {
			return nil, err
		}
	}
	if root != nil && root.kind != mapping && root.kind != null {
		return nil, errorAt(root.place, "found %s; the file must be a mapping, such as \"project: shop\"", root.kind)
	}
	return root, nil
}

// checkText refuses bytes that are not text. It refuses an empty file, because that is more likely the result of a
// failed write than intended.
func checkText(file string, text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return errorAt(Place{file, 1, 1}, "the file is empty; remove it to use the defaults")
	}
	for i, rest := 0, text; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			before := text[:i]
			column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
			return errorAt(Place{file, bytes.Count(before, []byte("\n")) + 1, column}, "byte %#02x is not text", rest[0])
		}
		i, rest = i+size, rest[size:]
	}
	return nil
}

func convert(file string, n ast.Node, depth int) (*node, error) {
	out := &node{place: place(file, n.GetToken())}
	if depth == 0 {
		return nil, errorAt(out.place, "the nesting is too deep")
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.StringNode:
		out.kind, out.text = scalar, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = scalar, n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = scalar, n.GetToken().Value
	case *ast.SequenceNode:
		out.kind = list
		for _, v := range n.Values {
			item, err := convert(file, v, depth-1)
			if err != nil {
				return nil, err
			}
			out.values = append(out.values, item)
		}
	case *ast.MappingValueNode:
		out.kind = mapping
		return out, out.add(file, n, depth)
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			if err := out.add(file, v, depth); err != nil {
				return nil, err
			}
		}
	case *ast.AnchorNode, *ast.AliasNode:
		return nil, errorAt(out.place, "anchors and aliases (& and *) are not supported; write the value out, or quote it if it is text")
	case *ast.TagNode:
		return nil, errorAt(out.place, "tags (%s) are not supported; quote it if it is text", n.Start.Value)
	default:
		return nil, errorAt(out.place, "%s is not supported here", n.Type())
	}
	return out, nil
}

func (n *node) add(file string, pair *ast.MappingValueNode, depth int) error {
	if pair.Key.IsMergeKey() {
		return errorAt(place(file, pair.Key.GetToken()), "merge keys (<<) are not supported; write the keys out")
	}
	key, err := convert(file, pair.Key, depth-1)
	if err != nil {
		return err
	}
	if len(n.keys) == 0 {
		n.place = key.place
	}
	if key.kind != scalar {
		return errorAt(key.place, "a key must be a single word")
	}
	for _, known := range n.keys {
		if known.text == key.text {
			return errorAt(key.place, "duplicate key %q, first in line %d", key.text, known.place.Line)
		}
	}
	value, err := convert(file, pair.Value, depth-1)
	if err != nil {
		return err
	}
	n.keys, n.values = append(n.keys, key), append(n.values, value)
	return nil
}

func place(file string, t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{File: file}
	}
	return Place{file, t.Position.Line, t.Position.Column}
}

func errorAt(p Place, format string, args ...any) error {
	return &Error{Origin{Place: p}, fmt.Sprintf(format, args...)}
}
