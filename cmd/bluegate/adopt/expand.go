package adopt

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bluegate/deploy/model"
)

// unknown stands for a value that is known only when the script runs.
const unknown = "\x00"

// text returns a word with its variables replaced, with {colour} and {key} for what differs between the colours.
func (v *variables) text(w *syntax.Word) string { return v.parts(w.Parts, 5) }

func (v *variables) parts(parts []syntax.WordPart, depth int) string {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(unescaped(part.Value))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			b.WriteString(v.parts(part.Parts, depth))
		case *syntax.ParamExp:
			b.WriteString(v.variable(part, depth))
		default:
			b.WriteString(unknown)
		}
	}
	return b.String()
}

func unescaped(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			if i++; text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// variable matches a variable in a Compose file: ${PORT}, ${PORT:-80}, $PORT.
func (v *variables) variable(p *syntax.ParamExp, depth int) string {
	if p.Param == nil || depth == 0 {
		return unknown
	}
	name := p.Param.Value
	if v.colours[name] {
		if isOldName(name) {
			return "{old}"
		}
		return "{colour}"
	}
	if key, ok := v.perColour(name); ok && colourIn(name) == model.None {
		blue, green := v.keys[key][model.Blue], v.keys[key][model.Green]
		switch pattern := colourPattern(blue); {
		case pattern != blue && pattern == colourPattern(green):
			return pattern
		case isOldName(name):
			return "{old}"
		}
		return "{" + key + "}"
	}
	if values := v.values[name]; len(values) == 1 {
		return v.parts(values[0].Parts, depth-1)
	}
	if p.Exp != nil && p.Exp.Word != nil && p.Exp.Op == syntax.DefaultUnsetOrNull {
		return v.parts(p.Exp.Word.Parts, depth-1)
	}
	if name == "PWD" {
		return "."
	}
	return unknown
}
