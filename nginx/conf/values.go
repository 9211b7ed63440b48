package conf

import (
	"slices"
	"strings"
)

// valueSchemes are what may stand before an address in the value of a variable that a *_pass is given.
var valueSchemes = []string{"http://", "https://", "grpc://", "grpcs://", "uwsgi://", "suwsgi://"}

// Values returns the addresses that variables are given: the value of each `set $name`, and each value of a `map … $name`.
// Where a variable's value goes, the configuration does not say, so only those of the named variables are returned; all
// of them when no name is given. Names may have their "$". The name of an upstream, or a bare word, is a host without a
// port here.
func (f *File) Values(variables ...string) []Point {
	var points []Point
	f.Walk(func(d *Directive) bool {
		variable, word, ok := f.assignment(d)
		if !ok || len(variables) > 0 && !slices.ContainsFunc(variables, func(v string) bool { return strings.TrimPrefix(v, "$") == variable }) {
			return true
		}
		a, ok := valueAddress(word.Value)
		if !ok {
			return true
		}
		start, _ := f.content(word)
		p := Point{Path: f.Path, Directive: "set", Variable: variable, Host: a.host, Port: a.port, Start: start + a.start, End: start + a.end}
		if d.Name.Value != "set" {
			p.Directive = "map"
		}
		p.Line, p.Col = f.Position(p.Start)
		points = append(points, p)
		return true
	})
	return points
}

// assignment returns the variable that a directive gives a value, and the word that is the value.
func (f *File) assignment(d *Directive) (variable string, value Arg, ok bool) {
	if d.HasBlock {
		return "", Arg{}, false
	}
	if d.Name.Value == "set" && len(d.Args) == 2 {
		return strings.TrimPrefix(d.Args[0].Value, "$"), d.Args[1], true
	}
	block := f.enclosing(d)
	if block != nil && block.Name.Value == "map" && len(block.Args) == 2 && len(d.Args) == 1 && !mapParameters[d.Name.Value] {
		return strings.TrimPrefix(block.Args[1].Value, "$"), d.Args[0], true
	}
	return "", Arg{}, false
}

// mapParameters are the directives of a map that are no keys.
var mapParameters = map[string]bool{"include": true, "hostnames": true, "volatile": true}

// valueAddress returns the address in the value of a variable, behind whatever scheme.
func valueAddress(value string) (address, bool) {
	a, rest, ok := cutAddress(value, schemeLen(valueSchemes, value))
	return a, ok && a.endsBefore(rest)
}

// Pass returns the address that a *_pass directive would name with this value. Its place counts from the value's begin.
func Pass(directive, value string) (Point, bool) {
	a, ok := passAddress(directive, value)
	return Point{Directive: directive, Host: a.host, Port: a.port, Start: a.start, End: a.end}, ok
}

// CutVariable returns the name of the variable that text begins with, as $name or ${name}, and what stands behind it;
// the name is empty when it begins with none.
func CutVariable(text string) (name, rest string) { return cutVariable(text) }
