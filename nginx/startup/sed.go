package startup

import (
	"regexp"
	"strings"
)

// edits is what a sed does to the lines that say which colour is live.
type edits int

const (
	keepsAll edits = iota
	losesOne
	cannotTell
)

// sedOf judges sed's expressions, of which only substitutions are understood. What is not known in one stands for any
// text: where even that matches nothing, nothing is lost.
func sedOf(expressions []string, extended bool, lines []Line) edits {
	if len(expressions) == 0 || len(lines) == 0 {
		return cannotTell
	}
	worst := keepsAll
	for _, text := range expressions {
		for _, one := range strings.Split(text, "\n") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			worst = max(worst, substitution(one, extended, lines))
		}
	}
	return worst
}

func substitution(text string, extended bool, lines []Line) edits {
	if len(text) < 4 || text[0] != 's' {
		return cannotTell
	}
	parts := splitOn(text[2:], text[1])
	if len(parts) != 3 || strings.Trim(parts[2], "gI0123456789") != "" {
		return cannotTell
	}
	flags := ""
	if strings.Contains(parts[2], "I") {
		flags = "(?i)"
	}
	re, err := regexp.Compile(flags + goPattern(parts[0], extended))
	if err != nil {
		return cannotTell
	}
	replacement, clear := goReplacement(parts[1])
	for _, line := range lines {
		switch {
		case !re.MatchString(line.Text):
		case !clear || strings.Contains(parts[0], unknown):
			return cannotTell
		case !strings.Contains(re.ReplaceAllString(line.Text, replacement), line.Address):
			return losesOne
		}
	}
	return keepsAll
}

// splitOn splits at a delimiter that no backslash precedes.
func splitOn(text string, delimiter byte) (parts []string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			if text[i] != delimiter {
				b.WriteByte('\\')
			}
			b.WriteByte(text[i])
		case text[i] == delimiter:
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(text[i])
		}
	}
	return append(parts, b.String())
}

// goPattern is a POSIX pattern as Go writes it: in a basic one the signs of grouping and repetition are the other way
// round.
func goPattern(text string, extended bool) string {
	var b strings.Builder
	inBrackets := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case strings.HasPrefix(text[i:], unknown):
			b.WriteString(".*")
		case inBrackets:
			b.WriteByte(c)
			inBrackets = c != ']'
		case c == '[':
			b.WriteByte(c)
			inBrackets = true
			for _, first := range "^]" { // a ] that stands first is itself
				if i+1 < len(text) && text[i+1] == byte(first) {
					i++
					if first == ']' {
						b.WriteByte('\\')
					}
					b.WriteByte(text[i])
				}
			}
		case c == '\\' && i+1 < len(text):
			i++
			if !extended && strings.IndexByte("(){}+?|", text[i]) >= 0 {
				b.WriteByte(text[i])
				continue
			}
			b.WriteString(`\` + text[i:i+1])
		case !extended && strings.IndexByte("(){}+?|", c) >= 0:
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// goReplacement is a replacement as Go writes it; clear is false where a part of it is not known.
func goReplacement(text string) (out string, clear bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '$':
			b.WriteString("$$")
		case c == '&':
			b.WriteString("${0}")
		case c == '\\' && i+1 < len(text):
			i++
			switch {
			case text[i] >= '0' && text[i] <= '9':
				b.WriteString("${" + text[i:i+1] + "}")
			case text[i] == 'n':
				b.WriteByte('\n')
			default:
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), !strings.Contains(text, unknown)
}

// sedCall is what a call of sed does with which files.
type sedCall struct {
	expressions, targets          []string
	inPlace, extended, understood bool
}

func parseSed(words []string) sedCall {
	c := sedCall{understood: true}
	for i := 0; i < len(words); i++ {
		w := words[i]
		next := func() {
			if i++; i < len(words) {
				c.expressions = append(c.expressions, words[i])
			}
		}
		switch {
		case w == "-e" || w == "--expression":
			next()
		case w == "-f" || w == "--file":
			i++
			c.understood = false
		case strings.HasPrefix(w, "--in-place"):
			c.inPlace = true
		case w == "--regexp-extended" || w == "--quiet" || w == "--silent":
			c.extended = c.extended || w == "--regexp-extended"
		case strings.HasPrefix(w, "-") && len(w) > 1:
			letters, _, found := strings.Cut(w[1:], "i") // after it, the suffix of the copy that is kept
			c.inPlace, c.extended = c.inPlace || found, c.extended || strings.ContainsAny(letters, "Er")
			c.understood = c.understood && !strings.Contains(letters, "n")
			if strings.HasSuffix(letters, "e") && !found {
				next()
			}
		default:
			c.targets = append(c.targets, w)
		}
	}
	if len(c.expressions) == 0 && len(c.targets) > 0 {
		c.expressions, c.targets = c.targets[:1], c.targets[1:]
	}
	return c
}

// sed follows a call of sed that edits files in place.
func (s *script) sed(words []string, text string, a at) {
	c := parseSed(words)
	if !c.inPlace {
		return
	}
	for _, target := range c.targets {
		file, sure := s.livesAt(target)
		if file == nil || file.Fixed {
			continue
		}
		does := sedOf(c.expressions, c.extended, file.Lines)
		if !c.understood {
			does = cannotTell
		}
		switch {
		case does == keepsAll:
		case does == losesOne && sure && a.certain:
			s.writes(a.place(), text, file.Names[0])
		default:
			s.unknown(a.place(), text, file.Names[0])
		}
	}
}
