package conf

import (
	"fmt"
	"strings"
)

// bufferSize is NGX_CONF_BUFFER. nginx holds a word from its first byte to the one that ends it in a buffer of this
// size, and a comment from its "#" to the line end; what does not fit is refused.
const bufferSize = 4096

// endOfFile takes the place of ";", "{" or "}" when the file ends.
const endOfFile = 0

// A lexer splits a file into words and the bytes that end directives and blocks.
type lexer struct {
	src string
	pos int
}

// A fault is a syntax error that does not know its file.
type fault struct {
	offset int
	msg    string
}

// next returns the next word, or else which of ";", "{", "}" and endOfFile comes instead of one.
func (l *lexer) next() (word Arg, end byte, isWord bool, err *fault) {
	if err := l.skipBlank(); err != nil {
		return Arg{}, 0, false, err
	}
	if l.pos == len(l.src) {
		return Arg{}, endOfFile, false, nil
	}
	switch c := l.src[l.pos]; c {
	case ';', '{', '}':
		l.pos++
		return Arg{}, c, false, nil
	case '"', '\'':
		word, err = l.quoted(c)
	default:
		word, err = l.bare()
	}
	return word, 0, true, err
}

// skipBlank skips white space and comments. A "#" begins a comment only where a word could begin.
func (l *lexer) skipBlank() *fault {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if isSpace(c) {
			l.pos++
			continue
		}
		if c != '#' {
			return nil
		}
		comment := l.src[l.pos:]
		if end := strings.IndexByte(comment, '\n'); end >= 0 {
			comment = comment[:end+1]
		}
		if len(comment) > bufferSize {
			return &fault{l.pos, fmt.Sprintf("comment is longer than the %d bytes that nginx reads at once", bufferSize)}
		}
		l.pos += len(comment)
	}
	return nil
}

// bare reads a word that has no quotes around it. Quotes, "#" and "}" are ordinary bytes in it, and so is a "{" behind
// a "$", as often as it is repeated there.
func (l *lexer) bare() (Arg, *fault) {
	start, variable := l.pos, false
	i := start
	for ; i < len(l.src); i++ {
		c := l.src[i]
		if c == '{' && variable {
			continue
		}
		variable = c == '$'
		if c == '\\' {
			i++
		} else if isSpace(c) || c == ';' || c == '{' {
			break
		}
	}
	l.pos = min(i, len(l.src)) // a backslash may be the last byte
	if err := l.fits(start, start); err != nil {
		return Arg{}, err
	}
	return Arg{Start: start, End: l.pos, Value: unescape(l.src[start:l.pos])}, nil
}

// quoted reads a word in quotes. Only white space, ";", "{" and ")" may follow the closing quote, and ")" begins a word
// of its own, which is how `if ($a = "b") {` comes apart.
func (l *lexer) quoted(quote byte) (Arg, *fault) {
	start := l.pos
	i := start + 1
	for i < len(l.src) && l.src[i] != quote {
		if l.src[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(l.src) {
		return Arg{}, &fault{start, fmt.Sprintf("word has no closing %c", quote)}
	}
	l.pos = i + 1
	if err := l.fits(start, start+1); err != nil {
		return Arg{}, err
	}
	if l.pos < len(l.src) {
		if c := l.src[l.pos]; !isSpace(c) && c != ';' && c != '{' && c != ')' {
			return Arg{}, &fault{l.pos, fmt.Sprintf("unexpected %q behind a closing %c", c, quote)}
		}
	}
	return Arg{Start: start, End: l.pos, Value: unescape(l.src[start+1 : i]), Quote: quote}, nil
}

// fits refuses the word that l.pos stands behind when nginx could not hold it. nginx lets go of a word with the ";" or
// "{" behind it, but behind white space only with the byte after that; and its buffer begins behind an opening quote.
func (l *lexer) fits(start, held int) *fault {
	last := l.pos
	if last < len(l.src) && isSpace(l.src[last]) {
		last++
	}
	if last-held < bufferSize {
		return nil
	}
	return &fault{start, fmt.Sprintf("word is longer than the %d bytes that nginx reads at once; "+
		`probably a closing quote or a ";" is missing`, bufferSize)}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// unescape resolves the six escapes that nginx knows. Any other backslash stays, together with the byte behind it.
func unescape(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' || i+1 == len(raw) {
			b.WriteByte(raw[i])
			continue
		}
		i++
		switch c := raw[i]; c {
		case '"', '\'', '\\':
			b.WriteByte(c)
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'n':
			b.WriteByte('\n')
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}
