package conf

import "fmt"

// A Scope is a block as nginx assembles it: what stands in it and what its includes bring there, in order. A file that
// is included in two places is in two scopes.
type Scope struct {
	Block *Directive // nil for the top of the main file
	Outer *Scope     // nil there
	Items []Placed
	file  *File // in which Block stands
}

// Place returns file:line of the block.
func (s *Scope) Place() string { return Placed{s.Block, s.file}.Place() }

// Is says whether two scopes are of the same block, assembled at different times.
func (s *Scope) Is(other *Scope) bool { return s.Block == other.Block && s.file == other.file }

// Placed is a directive and the file in which it stands.
type Placed struct {
	*Directive
	File *File
}

// Place returns file:line.
func (p Placed) Place() string {
	line, _ := p.File.Position(p.Start)
	return fmt.Sprintf("%s:%d", p.File.Path, line)
}

// Text returns the directive as it is written.
func (p Placed) Text() string { return string(p.File.Src[p.Start:p.End]) }

// Value is the first argument, or empty.
func (p Placed) Value() string {
	if p.Directive == nil || len(p.Args) == 0 {
		return ""
	}
	return p.Args[0].Value
}

// Assemble returns the top of a configuration that LoadTree has read.
func Assemble(tree []*File) *Scope {
	s := &Scope{}
	if len(tree) > 0 {
		s.add(tree[0], tree[0].Directives)
	}
	return s
}

// add puts directives in the scope, and what includes among them bring in their place. LoadTree has refused files that
// include themselves.
func (s *Scope) add(file *File, ds []*Directive) {
	for _, d := range ds {
		if len(d.brought) == 0 {
			s.Items = append(s.Items, Placed{d, file})
		}
		for _, f := range d.brought {
			s.add(f, f.Directives)
		}
	}
}

// Own returns the last directive of a name that stands in this very scope.
func (s *Scope) Own(name string) (Placed, bool) {
	for i := len(s.Items) - 1; i >= 0; i-- {
		if s.Items[i].Name.Value == name {
			return s.Items[i], true
		}
	}
	return Placed{}, false
}

// Setting returns the directive of a name that holds here: that of this scope, or of the nearest around it.
func (s *Scope) Setting(name string) (Placed, bool) {
	for at := s; at != nil; at = at.Outer {
		if d, ok := at.Own(name); ok {
			return d, true
		}
	}
	return Placed{}, false
}

// Walk calls visit for every directive in this scope and in those inside it, each with the scope in which it stands.
func (s *Scope) Walk(visit func(*Scope, Placed)) {
	for _, item := range s.Items {
		visit(s, item)
		if item.HasBlock {
			s.Inner(item).Walk(visit)
		}
	}
}

// Inner returns the scope of a block that stands in this one.
func (s *Scope) Inner(block Placed) *Scope {
	inner := &Scope{Block: block.Directive, Outer: s, file: block.File}
	inner.add(block.File, block.Block)
	return inner
}

// Within says whether this scope is inside a block of a name: http, stream.
func (s *Scope) Within(name string) bool {
	for at := s; at != nil; at = at.Outer {
		if at.Block != nil && at.Block.Name.Value == name {
			return true
		}
	}
	return false
}

// Within returns the directives that stand right in a block, and in the place of its includes what they bring.
func Within(block *Directive) []*Directive { return assembled(block.Block) }

func assembled(ds []*Directive) (all []*Directive) {
	for _, d := range ds {
		if len(d.brought) == 0 {
			all = append(all, d)
		}
		for _, f := range d.brought {
			all = append(all, assembled(f.Directives)...)
		}
	}
	return all
}
