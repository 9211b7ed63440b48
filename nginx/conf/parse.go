package conf

import (
	"fmt"
	"strings"
)

// maxDepth bounds how deep blocks may nest. nginx itself has no bound but its stack; real files stay below ten.
const maxDepth = 256

// A SyntaxError says what nginx would not read, and where.
type SyntaxError struct {
	Path      string
	Line, Col int
	Msg       string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Col, e.Msg)
}

// Parse reads one file. It accepts what nginx's own parser accepts, with two exceptions: blocks nested deeper than 256
// are refused, and Lua code may be longer than the Lua module's buffer. Every error is a *SyntaxError.
//
// src must not be changed while the File is in use.
func Parse(path string, src []byte) (*File, error) {
	p := newParser(path, src)
	if err := p.parse(); err != nil {
		line, col := p.file.Position(err.offset)
		return nil, &SyntaxError{Path: path, Line: line, Col: col, Msg: err.msg}
	}
	return p.file, nil
}

type parser struct {
	lexer
	file *File
	open []*Directive // the blocks around the place that is read, innermost last
}

func newParser(path string, src []byte) *parser {
	return &parser{lexer: lexer{src: string(src)}, file: &File{Path: path, Src: src, lines: lineStarts(src)}}
}

func (p *parser) parse() *fault {
	for {
		d, end, err := p.directive()
		if err != nil {
			return err
		}
		switch end {
		case endOfFile:
			return p.endOfFile()
		case '}':
			err = p.closeBlock()
		case ';':
			p.add(d)
		case '{':
			p.add(d)
			err = p.openBlock(d)
		}
		if err != nil {
			return err
		}
	}
}

// directive reads up to the byte that ends a directive. It returns no directive where a block or the file ends.
func (p *parser) directive() (*Directive, byte, *fault) {
	var d *Directive
	for {
		word, end, isWord, err := p.next()
		switch {
		case err != nil:
			return nil, 0, err
		case !isWord:
			return d, end, p.finish(d, end)
		case d == nil:
			d = &Directive{Name: word, Start: word.Start}
		default:
			d.Args = append(d.Args, word)
		}
	}
}

// finish ends a directive, or the lack of one, where that may end.
func (p *parser) finish(d *Directive, end byte) *fault {
	if d == nil {
		if end == ';' || end == '{' {
			return &fault{p.pos - 1, fmt.Sprintf("unexpected %q", end)}
		}
		return nil
	}
	switch end {
	case '}':
		return &fault{p.pos - 1, fmt.Sprintf(`unexpected %q, expecting ";" or "{" for %s`, end, p.name(d))}
	case endOfFile:
		return &fault{p.pos, fmt.Sprintf(`unexpected end of file, expecting ";" or "{" for %s`, p.name(d))}
	}
	d.End = p.pos
	return nil
}

func (p *parser) add(d *Directive) {
	if len(p.open) == 0 {
		p.file.Directives = append(p.file.Directives, d)
		return
	}
	d.Parent = p.open[len(p.open)-1]
	d.Parent.Block = append(d.Parent.Block, d)
}

func (p *parser) openBlock(d *Directive) *fault {
	d.HasBlock = true
	if strings.HasSuffix(d.Name.Value, "_by_lua_block") {
		return p.luaBlock(d)
	}
	if len(p.open) == maxDepth {
		return &fault{d.Start, fmt.Sprintf("blocks are nested deeper than %d", maxDepth)}
	}
	p.open = append(p.open, d)
	return nil
}

func (p *parser) luaBlock(d *Directive) *fault {
	end, err := luaEnd(p.src, p.pos)
	if err != nil {
		return err
	}
	d.Lua = Arg{Start: p.pos, End: end, Value: p.src[p.pos:end]}
	p.pos = end + len("}")
	d.End = p.pos
	return nil
}

func (p *parser) closeBlock() *fault {
	if len(p.open) == 0 {
		return &fault{p.pos - 1, `unexpected '}'`}
	}
	last := len(p.open) - 1
	p.open[last].End = p.pos
	p.open = p.open[:last]
	return nil
}

func (p *parser) endOfFile() *fault {
	if len(p.open) == 0 {
		return nil
	}
	d := p.open[len(p.open)-1]
	return &fault{p.pos, fmt.Sprintf(`unexpected end of file, expecting "}" for %s`, p.name(d))}
}

// name tells the reader of a message which directive was left open.
func (p *parser) name(d *Directive) string {
	line, _ := p.file.Position(d.Start)
	return fmt.Sprintf("%q of line %d", abbreviate(d.Name.Value), line)
}
