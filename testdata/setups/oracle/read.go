// Package oracle says of an engine and an nginx that are only imagined what testdata/oracle says of real ones: users who
// were served are served, nginx could be restarted, only names of both colours lead to the container that holds names, and
// nothing names a colour that was stopped. It reads nginx's files by itself and imports no package of the product.
package oracle

import (
	"path"
	"slices"
	"strings"
)

// node is a directive.
type node struct {
	words []string
	block []*node
	lua   string
	first bool // the first server of http at port 80
	file  string
	line  int
}

func (n *node) name() string { return n.words[0] }

// read reads the main file and what it includes.
func (w World) read() []*node {
	nodes := w.expand(parse(w.Files[w.Main], w.Main))
	seen := false
	walk(nodes, nil, func(n *node, around []*node) {
		if n.name() != "server" || n.block == nil || seen || len(around) == 0 || around[0].name() != "http" {
			return
		}
		if slices.ContainsFunc(n.block, func(o *node) bool { return o.name() == "listen" && o.words[1] == "80" }) {
			n.first, seen = true, true
		}
	})
	return nodes
}

func (w World) expand(nodes []*node) (out []*node) {
	for _, n := range nodes {
		if n.name() != "include" || len(n.words) != 2 {
			n.block = w.expand(n.block)
			out = append(out, n)
			continue
		}
		pattern := n.words[1]
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(w.Main), pattern)
		}
		var names []string
		for name := range w.Files {
			if ok, _ := path.Match(pattern, name); ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			out = append(out, w.expand(parse(w.Files[name], name))...)
		}
	}
	return out
}

// parse reads one file, in nginx's grammar as far as the generator uses it.
func parse(text, file string) []*node {
	p := &parser{text: text, file: file, line: 1}
	return p.nodes()
}

type parser struct {
	text, file string
	at, line   int
}

func (p *parser) nodes() (all []*node) {
	for {
		var words []string
		line := 0
		for {
			word, mark := p.word()
			if mark == "word" {
				if line == 0 {
					line = p.line
				}
				words = append(words, word)
				continue
			}
			if mark == "{" && len(words) > 0 {
				n := &node{words: words, file: p.file, line: line}
				if strings.HasSuffix(words[0], "_by_lua_block") {
					n.lua = p.braces()
				} else {
					n.block = p.nodes()
				}
				all = append(all, n)
				break
			}
			if len(words) > 0 {
				all = append(all, &node{words: words, file: p.file, line: line})
			}
			if mark != ";" {
				return all
			}
			break
		}
	}
}

// word returns the next word, or the mark that stands there: ; { } or nothing at the end.
func (p *parser) word() (word, mark string) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '\n':
			p.line++
			p.at++
		case c == ' ' || c == '\t' || c == '\r':
			p.at++
		case c == '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		case c == ';' || c == '{' || c == '}':
			p.at++
			return "", string(c)
		case c == '"' || c == '\'':
			end := p.at + 1 + strings.IndexByte(p.text[p.at+1:], c)
			word = p.text[p.at+1 : end]
			p.at = end + 1
			return word, "word"
		default:
			return p.bare(), "word"
		}
	}
	return "", ""
}

func (p *parser) bare() string {
	from := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" \t\r\n;{}", rune(p.text[p.at])) {
		if strings.HasPrefix(p.text[p.at:], "${") {
			p.at += strings.IndexByte(p.text[p.at:], '}')
		}
		p.at++
	}
	return p.text[from:p.at]
}

// braces returns what stands before the brace that ends a block of code.
func (p *parser) braces() string {
	from, depth := p.at, 1
	for depth > 0 {
		switch p.text[p.at] {
		case '{':
			depth++
		case '}':
			depth--
		}
		p.at++
	}
	return p.text[from : p.at-1]
}

// Directives counts the directives of a configuration by name; the rows of a map are the map's.
func (w World) Directives() map[string]int {
	count := map[string]int{}
	for _, text := range w.Files {
		for range strings.Count(text, "include ") {
			count["include"]++
		}
	}
	walk(w.read(), nil, func(n *node, around []*node) {
		if len(around) == 0 || !isTable(around[len(around)-1]) {
			count[n.name()]++
		}
	})
	return count
}

func isTable(n *node) bool { return slices.Contains([]string{"map", "geo", "split_clients"}, n.name()) }

func walk(nodes, around []*node, visit func(*node, []*node)) {
	for _, n := range nodes {
		visit(n, around)
		walk(n.block, append(slices.Clip(around), n), visit)
	}
}
