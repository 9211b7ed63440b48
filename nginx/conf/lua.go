package conf

import "strings"

// The body of a *_by_lua_block is Lua, and lua-nginx-module finds its end by a few patterns alone (util/gen-lexer-c
// there): braces, long brackets, comments, and quoted strings that end on their line. A quote without a partner on its
// line is no string, so a brace behind it counts. The same patterns are used here, in the same order.

type luaKind int

const (
	luaEOF luaKind = iota
	luaOpen
	luaClose
	luaString
	luaComment
)

// A luaLexer finds in Lua code the things in which a brace is no brace.
type luaLexer struct {
	src string
	pos int

	// Up to these offsets no string ends: one for ", one for '. Every further quote of that kind before it is an escaped
	// one, behind which the search would read the same bytes again, and again fail; so it is not made, and the lexer
	// stays linear.
	strayDouble, straySingle int
}

// next returns the next thing and where it begins. Behind it, l.pos is at its end.
func (l *luaLexer) next() (luaKind, int, *fault) {
	for l.pos < len(l.src) {
		start := l.pos
		l.pos++
		switch l.src[start] {
		case '{':
			return luaOpen, start, nil
		case '}':
			return luaClose, start, nil
		case '"':
			if l.shortString('"', &l.strayDouble) {
				return luaString, start, nil
			}
		case '\'':
			if l.shortString('\'', &l.straySingle) {
				return luaString, start, nil
			}
		case '[':
			if long, err := l.longBracket(start); long || err != nil {
				return luaString, start, err
			}
		case '-':
			if comment, err := l.comment(start); comment || err != nil {
				return luaComment, start, err
			}
		}
	}
	return luaEOF, l.pos, nil
}

// shortString moves behind the closing quote, if that stands on the same line.
func (l *luaLexer) shortString(quote byte, stray *int) bool {
	if l.pos <= *stray {
		return false
	}
	i := l.pos
	for ; i < len(l.src) && l.src[i] != '\n'; i++ {
		if l.src[i] == quote {
			l.pos = i + 1
			return true
		}
		if l.src[i] == '\\' && i+1 < len(l.src) && l.src[i+1] != '\n' {
			i++
		}
	}
	*stray = i
	return false
}

// longBracket moves behind the "]=*]" that ends the "[=*[" at start, if one begins there.
func (l *luaLexer) longBracket(start int) (bool, *fault) {
	level := start + 1
	for level < len(l.src) && l.src[level] == '=' {
		level++
	}
	if level == len(l.src) || l.src[level] != '[' {
		return false, nil
	}
	closing := "]" + l.src[start+1:level] + "]"
	n := strings.Index(l.src[level+1:], closing)
	if n < 0 {
		return false, &fault{start, "Lua code has no closing " + abbreviate(closing)}
	}
	l.pos = level + 1 + n + len(closing)
	return true, nil
}

// comment moves behind the comment at start, which ends with its line or with its long bracket.
func (l *luaLexer) comment(start int) (bool, *fault) {
	rest := l.src[start:]
	if !strings.HasPrefix(rest, "--") {
		return false, nil
	}
	if strings.HasPrefix(rest, "--[") {
		if long, err := l.longBracket(start + 2); long || err != nil {
			return long, err
		}
	}
	if n := strings.IndexByte(rest, '\n'); n >= 0 {
		l.pos = start + n
	} else {
		l.pos = len(l.src)
	}
	return true, nil
}

// luaEnd returns the offset of the "}" that ends the Lua code which begins at start.
func luaEnd(src string, start int) (int, *fault) {
	l := luaLexer{src: src, pos: start}
	for depth := 1; ; {
		kind, at, err := l.next()
		switch {
		case err != nil:
			return 0, err
		case kind == luaEOF:
			return 0, &fault{start, `Lua code has no closing "}"`}
		case kind == luaOpen:
			depth++
		case kind == luaClose:
			if depth--; depth == 0 {
				return at, nil
			}
		}
	}
}

// blankLuaComments returns the code with its comments overwritten by spaces, line ends excepted.
func blankLuaComments(code string) string {
	if !strings.Contains(code, "--") {
		return code
	}
	b := []byte(code)
	l := luaLexer{src: code}
	for {
		kind, start, err := l.next()
		if err != nil || kind == luaEOF {
			return string(b)
		}
		if kind != luaComment {
			continue
		}
		for i := start; i < l.pos; i++ {
			if b[i] != '\n' {
				b[i] = ' '
			}
		}
	}
}

// abbreviate keeps a message readable whose subject a file chose.
func abbreviate(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
