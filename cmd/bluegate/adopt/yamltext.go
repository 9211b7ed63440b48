package adopt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlText is a YAML file as its author wrote it. Edits change single words and whole lines; every other byte stays.
type yamlText struct {
	lines []string // each with its end of line
	root  *yaml.Node
	// words are the edits inside a line, by line number; after are the lines that are added after a line; gone are the
	// lines that are removed. Line numbers are those of the file as it was read.
	words map[int][]wordEdit
	after map[int][]string
	gone  map[int]bool
}

// wordEdit replaces what is between two columns (in characters, from 0) of a line.
type wordEdit struct {
	from, to int
	text     string
}

var errSeveralDocuments = errors.New("it holds more than one YAML document")

func readYAML(text []byte) (*yamlText, error) {
	y := &yamlText{words: map[int][]wordEdit{}, after: map[int][]string{}, gone: map[int]bool{}}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var top, more yaml.Node
	if err := decoder.Decode(&top); err != nil {
		return nil, err
	}
	if decoder.Decode(&more) == nil {
		return nil, errSeveralDocuments
	}
	if len(top.Content) == 0 || top.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is not a mapping")
	}
	y.root = top.Content[0]
	for line := range strings.Lines(string(text)) {
		y.lines = append(y.lines, line)
	}
	return y, nil
}

// value returns the key and the value of an entry of a mapping; nil if there is none. What `<<` merges is not looked at.
func value(mapping *yaml.Node, name string) (key, found *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// end is the last line of an entry of a block mapping: the line before the next entry of this mapping or of one around
// it, without the empty lines and the comments that belong to what follows.
func (y *yamlText) end(key *yaml.Node) int {
	next := len(y.lines) + 1
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 {
			for i := 0; i < len(n.Content); i += 2 {
				if k := n.Content[i]; k.Line > key.Line && k.Column <= key.Column {
					next = min(next, k.Line)
				}
			}
		}
		for _, child := range n.Content {
			look(child)
		}
	}
	look(y.root)
	end := next - 1
	for end > key.Line {
		line := strings.TrimRight(y.lines[end-1], "\r\n")
		text := strings.TrimLeft(line, " ")
		comment := strings.HasPrefix(text, "#") && len(line)-len(text) <= key.Column-1
		if text != "" && !comment && text != "..." {
			break
		}
		end--
	}
	return end
}

// replace puts a text in the place of a scalar's own characters, inside its quotes if it has some.
func (y *yamlText) replace(scalar *yaml.Node, text string) error {
	line := []rune(strings.TrimRight(y.lines[scalar.Line-1], "\r\n"))
	from := scalar.Column - 1
	if scalar.Anchor != "" || scalar.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) != 0 {
		return fmt.Errorf("line %d: %q is written in a form that cannot be edited", scalar.Line, scalar.Value)
	}
	if scalar.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		from++
	}
	to := from + len([]rune(scalar.Value))
	if to > len(line) || string(line[from:to]) != scalar.Value {
		return fmt.Errorf("line %d: %q is written in a form that cannot be edited", scalar.Line, scalar.Value)
	}
	y.words[scalar.Line] = append(y.words[scalar.Line], wordEdit{from, to, text})
	return nil
}

// insert puts a text into a line, before a column.
func (y *yamlText) insert(line, column int, text string) {
	y.words[line] = append(y.words[line], wordEdit{column, column, text})
}

// replaceEntry puts lines in the place of a whole entry of a block mapping.
func (y *yamlText) replaceEntry(key *yaml.Node, lines ...string) {
	for n := key.Line; n <= y.end(key); n++ {
		y.gone[n] = true
	}
	y.after[key.Line] = append(y.after[key.Line], lines...)
}

// newline is the end of line that the file uses.
func (y *yamlText) newline() string {
	if strings.HasSuffix(y.lines[0], "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// bytes returns the file with its edits.
func (y *yamlText) bytes() []byte {
	var b strings.Builder
	for i, line := range y.lines {
		n := i + 1
		if !y.gone[n] {
			b.WriteString(edited(line, y.words[n]))
		}
		if len(y.after[n]) > 0 && b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteString(y.newline())
		}
		for _, added := range y.after[n] {
			b.WriteString(added + y.newline())
		}
	}
	return []byte(b.String())
}

// edited applies the edits of a line, the last one first.
func edited(line string, edits []wordEdit) string {
	runes := []rune(line)
	slices.SortStableFunc(edits, func(a, b wordEdit) int { return b.from - a.from })
	for _, e := range edits {
		runes = slices.Concat(runes[:e.from], []rune(e.text), runes[e.to:])
	}
	return string(runes)
}
