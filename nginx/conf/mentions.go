package conf

import "strings"

// A Mention is a place that names a host and is no Point, so an edit of the points leaves it as it is.
type Mention struct {
	Path      string
	Line, Col int    // of the host
	Start     int    // of the host in Src; of the word where escapes moved what is in it
	Directive string // in which it stands
	Host      string // which of the hosts, as it was asked for
	Text      string // the whole word as written, quotes included; of Lua code, the line
}

// Mentions returns the words of the file, comments excepted, in which one of the hosts stands as a whole word: with
// nothing next to it that could belong to a host name. Case does not matter. A word is listed once, with the first host
// found in it. Names of directives are not looked at, but the keys of map and geo are; Lua code is, line by line.
func (f *File) Mentions(hosts []string) []Mention {
	var known, folded []string
	for _, h := range hosts {
		if h != "" {
			known, folded = append(known, h), append(folded, foldASCII(h))
		}
	}
	if len(known) == 0 {
		return nil
	}
	return f.Search(func(text string) (host string, at int, ok bool) {
		text = foldASCII(text)
		for i, h := range folded {
			if n := indexHost(text, h); n >= 0 && (!ok || n < at) {
				host, at, ok = known[i], n, true
			}
		}
		return host, at, ok
	})
}

// Search returns the words of the file, and the lines of its Lua code, in which find finds something: what, and where in the
// text. What a Point names is left out.
func (f *File) Search(find func(text string) (what string, at int, ok bool)) []Mention {
	s := searcher{file: f, find: find}
	f.Walk(s.directive)
	return s.found
}

type searcher struct {
	file  *File
	find  func(text string) (what string, at int, ok bool)
	found []Mention
}

func (s *searcher) directive(d *Directive) bool {
	if isMap(s.file.enclosing(d)) {
		s.word(d, d.Name, 0)
	}
	for i, arg := range d.Args {
		behind := 0
		if i == 0 {
			if p, ok := s.file.point(d); ok {
				start, _ := s.file.content(arg)
				behind = p.End - start // nothing but a scheme stands before a point
			}
		}
		s.word(d, arg, behind)
	}
	s.lua(d)
	return true
}

func isMap(d *Directive) bool {
	return d != nil && (d.Name.Value == "map" || d.Name.Value == "geo")
}

// word looks at a word from a byte of its value on.
func (s *searcher) word(d *Directive, word Arg, from int) {
	host, at, ok := s.find(word.Value[from:])
	if !ok {
		return
	}
	place := word.Start // which must do when escapes moved what is behind them
	if start, raw := s.file.content(word); string(raw) == word.Value {
		place = start + from + at
	}
	s.add(d, host, place, string(s.file.Src[word.Start:word.End]))
}

// lua looks at the lines of a *_by_lua_block.
func (s *searcher) lua(d *Directive) {
	offset := d.Lua.Start
	code := d.Lua.Value
	for line := range strings.Lines(blankLuaComments(code)) {
		if host, at, ok := s.find(line); ok {
			s.add(d, host, offset+at, strings.TrimSpace(code[offset-d.Lua.Start:][:len(line)]))
		}
		offset += len(line)
	}
}

func (s *searcher) add(d *Directive, host string, offset int, text string) {
	m := Mention{Path: s.file.Path, Directive: d.Name.Value, Host: host, Text: text, Start: offset}
	m.Line, m.Col = s.file.Position(offset)
	s.found = append(s.found, m)
}

// indexHost returns where host stands in text as a whole word, or -1.
func indexHost(text, host string) int {
	for from := 0; ; {
		n := strings.Index(text[from:], host)
		if n < 0 {
			return -1
		}
		from += n
		if hostMayEnd(text[from+len(host):]) && hostMayBegin(text[:from]) {
			return from
		}
		from++
	}
}

// hostMayBegin reports whether a host can begin behind left. The name of a variable is no host.
func hostMayBegin(left string) bool {
	return left == "" || !isHostByte(left[len(left)-1]) && !strings.HasSuffix(left, "$") && !strings.HasSuffix(left, "${")
}

// hostMayEnd reports whether a host can end before right. A dot ends it when nothing follows: the root, or a sentence.
func hostMayEnd(right string) bool {
	right = strings.TrimPrefix(right, ".")
	return right == "" || !isHostByte(right[0])
}

// foldASCII lowers ASCII letters and, unlike strings.ToLower, leaves every other byte and so every offset as it is.
func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
