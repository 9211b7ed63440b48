package startup

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// unknown stands in a text for what is only known when it is run.
const unknown = "\x00"

func (s *script) assign(a *syntax.Assign) {
	if a.Name == nil || a.Naked {
		return
	}
	value := ""
	switch {
	case a.Array != nil || a.Index != nil:
		value = unknown
	case a.Value != nil:
		value = s.word(a.Value)
	}
	if a.Append {
		value = s.vars[a.Name.Value] + value
	}
	s.vars[a.Name.Value] = value
}

// words are a command's; "$@" is as many as there are, and an unquoted variable is split.
func (s *script) words(all []*syntax.Word) (words []string) {
	for _, w := range all {
		if len(w.Parts) == 1 {
			part := w.Parts[0]
			if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
				part = q.Parts[0]
			}
			if p, ok := part.(*syntax.ParamExp); ok && (p.Param.Value == "@" || p.Param.Value == "*") && p.Exp == nil {
				words = append(words, s.args...)
				continue
			}
			if _, bare := w.Parts[0].(*syntax.ParamExp); bare {
				words = append(words, strings.Fields(s.word(w))...)
				continue
			}
		}
		words = append(words, s.word(w))
	}
	return words
}

func (s *script) word(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	return s.parts(w.Parts)
}

func (s *script) parts(all []syntax.WordPart) string {
	var b strings.Builder
	for _, part := range all {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(strings.NewReplacer("\\\n", "", `\ `, " ", `\"`, `"`, `\$`, "$").Replace(part.Value))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			b.WriteString(s.parts(part.Parts))
		case *syntax.ParamExp:
			b.WriteString(s.parameter(part))
		default:
			b.WriteString(unknown)
		}
	}
	return b.String()
}

func (s *script) parameter(p *syntax.ParamExp) string {
	value, set := s.value(p.Param.Value)
	if p.Length || p.Width || p.Excl || p.Index != nil || p.Slice != nil || p.Repl != nil || p.Names != 0 {
		return unknown
	}
	if p.Exp == nil {
		return value
	}
	if strings.Contains(value, unknown) {
		return unknown
	}
	text := s.word(p.Exp.Word)
	switch p.Exp.Op {
	case syntax.DefaultUnset, syntax.AssignUnset:
		if !set {
			value = text
		}
	case syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull:
		if value == "" {
			value = text
		}
	case syntax.ErrorUnset, syntax.ErrorUnsetOrNull:
	case syntax.RemSmallSuffix, syntax.RemLargeSuffix:
		if strings.ContainsAny(text, "*?["+unknown) {
			return unknown
		}
		value = strings.TrimSuffix(value, text)
	case syntax.RemSmallPrefix, syntax.RemLargePrefix:
		switch {
		case text == "*/" && p.Exp.Op == syntax.RemLargePrefix:
			value = path.Base(value)
		case strings.ContainsAny(text, "*?["+unknown):
			return unknown
		default:
			value = strings.TrimPrefix(value, text)
		}
	default:
		return unknown
	}
	return value
}

func (s *script) value(name string) (string, bool) {
	if len(name) == 1 && name[0] >= '1' && name[0] <= '9' {
		if i := int(name[0] - '1'); i < len(s.args) {
			return s.args[i], true
		}
		return "", false
	}
	switch name {
	case "0":
		return s.name, true
	case "@", "*":
		return strings.Join(s.args, " "), true
	case "$", "?", "!", "#", "-", "RANDOM", "HOSTNAME", "PPID", "UID":
		return unknown, true
	case "PWD":
		return s.dir, true
	}
	value, set := s.vars[name]
	return value, set
}
