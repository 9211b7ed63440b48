package adopt

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bluegate/deploy/model"
)

// variables are the values of a script's variables: one text, or one for each colour.
type variables struct {
	values  map[string][]*syntax.Word
	colours map[string]bool                    // those that hold blue or green
	keys    map[string]map[model.Colour]string // PORT: 8081 for blue, 8082 for green
}

func readVariables(file *syntax.File) *variables {
	v := &variables{values: map[string][]*syntax.Word{}, colours: map[string]bool{}, keys: map[string]map[model.Colour]string{}}
	syntax.Walk(file, func(n syntax.Node) bool {
		if a, ok := n.(*syntax.Assign); ok && a.Name != nil && a.Value != nil {
			v.values[a.Name.Value] = append(v.values[a.Name.Value], a.Value)
		}
		return true
	})
	for name, values := range v.values {
		v.colours[name] = slices.ContainsFunc(values, func(w *syntax.Word) bool { return holdsColour(name, w) })
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp: // set from outside: by make or by a CI runner
			if name := n.Param; name != nil && len(v.values[name.Value]) == 0 && calledColour(name.Value) {
				v.colours[name.Value] = true
			}
		case *syntax.WordIter: // for c in blue green
			var words []string
			for _, w := range n.Items {
				words = append(words, w.Lit())
			}
			if slices.Contains(words, "blue") && slices.Contains(words, "green") {
				v.colours[n.Name.Value] = true
			}
		case *syntax.IfClause:
			v.branches(n)
		case *syntax.CaseClause:
			for _, item := range n.Items {
				v.branch(item.Stmts, caseColour(n, item))
			}
		case *syntax.Block:
			v.branch(n.Stmts, model.None)
		}
		return true
	})
	for name, values := range v.values {
		if colour := colourIn(name); colour != model.None && len(values) == 1 {
			v.add(name, colour, values[0])
		}
	}
	return v
}

// bothColours matches the text of a command that prints one of the colours.
var bothColours = regexp.MustCompile(`(?s)\bblue\b.*\bgreen\b|\bgreen\b.*\bblue\b`)

// holdsColour says whether an assigned value is a colour: the word itself, a command that prints one, or an argument of
// the script in a variable with such a name.
func holdsColour(name string, w *syntax.Word) bool {
	if text := w.Lit(); text == "blue" || text == "green" {
		return true
	}
	text := source(w)
	switch trimmed := strings.Trim(text, `"'`); trimmed {
	case "blue", "green":
		return true
	case "$1", "${1}", "${1:-}":
		return slices.ContainsFunc(words(name), func(word string) bool {
			return slices.Contains(newWords, word)
		}) || calledColour(name)
	}
	return strings.Contains(text, "$(") && bothColours.MatchString(text)
}

func calledColour(name string) bool {
	return slices.ContainsFunc(words(name), func(word string) bool { return word == "color" || word == "colour" })
}

func source(n syntax.Node) string {
	var b strings.Builder
	_ = syntax.NewPrinter().Print(&b, n)
	return b.String()
}

// branches reads the assignments of an if and its else.
func (v *variables) branches(clause *syntax.IfClause) {
	last := model.None
	for ; clause != nil; clause = clause.Else {
		colour := v.condition(clause.Cond)
		if len(clause.Cond) == 0 { // else
			colour = last.Other()
		}
		v.branch(clause.Then, colour)
		last = colour
	}
}

// condition returns the colour that a branch makes live: for NEW = blue, blue; for CURRENT = blue, or for a running
// blue, green.
func (v *variables) condition(cond []*syntax.Stmt) model.Colour {
	var text strings.Builder
	for _, s := range cond {
		text.WriteString(source(s) + "\n")
	}
	colour := colourIn(text.String())
	if colour == model.None {
		return model.None
	}
	for name, is := range v.colours {
		if is && strings.Contains(text.String(), name) && !isOldName(name) {
			return colour
		}
	}
	return colour.Other()
}

func caseColour(c *syntax.CaseClause, item *syntax.CaseItem) model.Colour {
	if len(item.Patterns) != 1 {
		return model.None
	}
	colour, err := model.ParseColour(strings.Trim(source(item.Patterns[0]), `"'`))
	if err == nil && isOldName(source(c.Word)) {
		return colour.Other()
	}
	return colour
}

// colourIn returns the one colour that is a word of the text.
func colourIn(text string) model.Colour {
	words := words(text)
	blue, green := slices.Contains(words, "blue"), slices.Contains(words, "green")
	switch {
	case blue && !green:
		return model.Blue
	case green && !blue:
		return model.Green
	}
	return model.None
}

// branch reads the assignments of one branch. An assigned colour says to which colour the others belong.
func (v *variables) branch(stmts []*syntax.Stmt, colour model.Colour) {
	var assigns []*syntax.Assign
	for _, s := range stmts {
		switch call := s.Cmd.(type) {
		case *syntax.CallExpr:
			if len(call.Args) == 0 {
				assigns = append(assigns, call.Assigns...)
			}
		case *syntax.DeclClause:
			assigns = append(assigns, call.Args...)
		}
	}
	for _, a := range assigns {
		if a.Name == nil || a.Value == nil {
			continue
		}
		if c, err := model.ParseColour(strings.Trim(source(a.Value), `"'`)); err == nil {
			if isOldName(a.Name.Value) {
				c = c.Other()
			}
			colour = c
		}
	}
	if colour == model.None {
		return
	}
	for _, a := range assigns {
		if a.Name == nil || a.Value == nil || v.colours[a.Name.Value] {
			continue
		}
		of := colour
		if isOldName(a.Name.Value) {
			of = colour.Other()
		}
		v.add(a.Name.Value, of, a.Value)
	}
}

func (v *variables) add(name string, colour model.Colour, w *syntax.Word) {
	text := strings.Trim(source(v.meant(w)), `"'`)
	key := keyFor(name)
	if key == "" || strings.ContainsAny(text, "$`") {
		return
	}
	if v.keys[key] == nil {
		v.keys[key] = map[model.Colour]string{}
	}
	v.keys[key][colour] = text
}

// meant resolves a word that is only a variable, if the script assigns it once.
func (v *variables) meant(w *syntax.Word) *syntax.Word {
	name := strings.Trim(strings.Trim(source(w), `"'`), "${}")
	if values := v.values[name]; strings.Contains(source(w), "$") && len(values) == 1 {
		return values[0]
	}
	return w
}

// perColour returns the key of a variable if each colour has its own value for it.
func (v *variables) perColour(name string) (key string, ok bool) {
	key = keyFor(name)
	values := v.keys[key]
	return key, len(values) == 2 && values[model.Blue] != values[model.Green]
}
