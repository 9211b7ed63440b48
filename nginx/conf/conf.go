// Package conf reads nginx configuration files the way nginx does and keeps the place of every word, so that a caller
// can replace one word and leave every other byte as it was: comments, line ends, spacing, quotes.
//
// The grammar is that of ngx_conf_read_token (nginx, src/core/ngx_conf_file.c), which has not changed since nginx 1.15.3.
// Only syntax is judged here. Which directive may stand where, and with which arguments, is for nginx -t to say.
package conf

import (
	"bytes"
	"sort"
)

// A File is one configuration file. Its Src is what Parse was given; nothing in this package writes to it.
type File struct {
	Path       string
	Src        []byte
	Directives []*Directive

	lines  []int      // offset at which each line begins
	within *Directive // the block whose include brought this file; nil when unknown or none
}

// A Directive is a name with its arguments, ended by ";" or by a block.
type Directive struct {
	Name     Arg
	Args     []Arg
	Block    []*Directive
	HasBlock bool
	Lua      Arg // the code between the braces of a *_by_lua_block, whose Block is nil
	Start    int // of the name
	End      int // behind the ";" or "}"
	Parent   *Directive

	brought []*File // by an include, when LoadTree has followed it
}

// An Arg is one word of a directive, its name included.
type Arg struct {
	Start, End int    // in Src, with the quotes
	Value      string // as nginx understands it: without quotes, escapes resolved
	Quote      byte   // 0, ' or "
}

// Position returns the line and the column of an offset, both from 1. A column counts bytes.
func (f *File) Position(offset int) (line, col int) {
	lines := f.lines
	if lines == nil {
		lines = lineStarts(f.Src)
	}
	line = sort.SearchInts(lines, offset+1)
	return line, offset - lines[line-1] + 1
}

// Walk calls visit for every directive in the order of the file, a block before what it holds. What a directive holds
// is left out when visit returns false for it.
func (f *File) Walk(visit func(*Directive) bool) {
	walk(f.Directives, visit)
}

func walk(ds []*Directive, visit func(*Directive) bool) {
	for _, d := range ds {
		if visit(d) {
			walk(d.Block, visit)
		}
	}
}

// enclosing returns the block that d stands in. For a directive at the top of an included file that is the block which
// the include stands in, when LoadTree has seen it.
func (f *File) enclosing(d *Directive) *Directive {
	if d.Parent != nil {
		return d.Parent
	}
	return f.within
}

// Enclosing returns the block that d stands in, across the include that brought the file; nil where there is none.
func (f *File) Enclosing(d *Directive) *Directive { return f.enclosing(d) }

// content returns the bytes of a word without its quotes, escapes as written.
func (f *File) content(a Arg) (start int, raw []byte) {
	if a.Quote != 0 {
		return a.Start + 1, f.Src[a.Start+1 : a.End-1]
	}
	return a.Start, f.Src[a.Start:a.End]
}

func lineStarts(src []byte) []int {
	starts := make([]int, 1, 1+bytes.Count(src, []byte{'\n'}))
	for i, c := range src {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
