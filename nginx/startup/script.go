package startup

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// script is one text of a shell, while it is followed.
type script struct {
	*reader
	name  string
	vars  map[string]string
	args  []string // its positional parameters
	dir   string
	funcs map[string]*syntax.Stmt
	done  bool // exec, exit or return ended it
	maybe bool // one of them may have
}

// at is where a command stands, and whether it is certainly done.
type at struct {
	name    string
	line    uint
	certain bool
}

func (a at) place() string {
	if a.line == 0 {
		return a.name
	}
	return fmt.Sprintf("%s:%d", a.name, a.line)
}

// text follows what a shell reads.
func (s *script) text(name, text string, args []string, certain bool) {
	inner := &script{reader: s.reader, name: name, vars: maps.Clone(s.vars), args: args, dir: s.dir, funcs: map[string]*syntax.Stmt{}}
	inner.parse(text, certain)
}

func (s *script) parse(text string, certain bool) {
	if s.depth++; s.depth > deepest {
		s.unknown(s.name, "", "")
		s.depth--
		return
	}
	defer func() { s.depth-- }()
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader([]byte(text)), s.name)
	if err != nil {
		s.unknown(s.name, "", "")
		return
	}
	s.stmts(file.Stmts, certain)
}

func (s *script) stmts(all []*syntax.Stmt, certain bool) {
	for _, stmt := range all {
		if s.done {
			return
		}
		s.stmt(stmt, certain && !s.maybe)
	}
}

func (s *script) stmt(stmt *syntax.Stmt, certain bool) {
	if stmt == nil {
		return
	}
	a := at{name: s.name, certain: certain}
	if !strings.HasPrefix(s.name, "its command") && !strings.Contains(s.name, ":") {
		a.line = stmt.Pos().Line()
	}
	s.redirects(stmt, a)
	if call, ok := stmt.Cmd.(*syntax.CallExpr); ok {
		s.call(call, a)
		return
	}
	s.compound(stmt.Cmd, certain)
}

// redirects notes the files into which a command's output goes.
func (s *script) redirects(stmt *syntax.Stmt, a at) {
	for _, r := range stmt.Redirs {
		if r.Op == syntax.RdrOut || r.Op == syntax.RdrClob || r.Op == syntax.AppOut || r.Op == syntax.RdrAll || r.Op == syntax.AppAll {
			s.written(a, s.show(stmt), s.word(r.Word), replacesNot)
		}
	}
}

// compound follows everything that is no simple command.
func (s *script) compound(command syntax.Command, certain bool) {
	switch cmd := command.(type) {
	case *syntax.DeclClause:
		for _, assign := range cmd.Args {
			s.assign(assign)
		}
	case *syntax.Block:
		s.stmts(cmd.Stmts, certain)
	case *syntax.Subshell:
		inner := *s
		inner.vars = maps.Clone(s.vars)
		inner.stmts(cmd.Stmts, certain)
	case *syntax.BinaryCmd:
		s.binary(cmd, certain)
	case *syntax.IfClause:
		s.branch(cmd, certain)
	case *syntax.WhileClause:
		s.while(cmd, certain)
	case *syntax.ForClause:
		s.loop(cmd, certain)
	case *syntax.CaseClause:
		s.cases(cmd, certain)
	case *syntax.FuncDecl:
		s.funcs[cmd.Name.Value] = cmd.Body
	case *syntax.TimeClause:
		s.stmt(cmd.Stmt, certain)
	}
}

func (s *script) while(cmd *syntax.WhileClause, certain bool) {
	known, holds := s.conditions(cmd.Cond)
	if cmd.Until {
		holds = !holds
	}
	for _, c := range cmd.Cond {
		s.stmt(c, false)
	}
	if !known || holds {
		s.stmts(cmd.Do, certain && known)
	}
}

// show is a command as it is written, on one line.
func (s *script) show(n syntax.Node) string {
	var b bytes.Buffer
	if syntax.NewPrinter(syntax.SingleLine(true)).Print(&b, n) != nil {
		return "a command"
	}
	text, _, _ := strings.Cut(strings.TrimSpace(b.String()), "\n")
	if len(text) > 120 {
		text = text[:117] + "..."
	}
	return text
}

func (s *script) binary(cmd *syntax.BinaryCmd, certain bool) {
	switch cmd.Op {
	case syntax.AndStmt, syntax.OrStmt:
		s.stmt(cmd.X, certain)
		if s.done {
			return
		}
		known, holds := s.condition(cmd.X)
		if !known && !isTest(cmd.X) { // an ordinary command succeeds
			known, holds = cmd.Op == syntax.AndStmt, true
			if cmd.Op == syntax.OrStmt {
				// What is done where it failed is no usual start, and does not end one.
				maybe := s.maybe
				s.stmt(cmd.Y, false)
				s.maybe, s.done = maybe, false
				return
			}
		}
		if known && holds != (cmd.Op == syntax.AndStmt) {
			return
		}
		s.stmt(cmd.Y, certain && known)
	default:
		s.stmt(cmd.X, certain)
		s.stmt(cmd.Y, certain)
	}
}

func (s *script) branch(cmd *syntax.IfClause, certain bool) {
	if len(cmd.Cond) == 0 { // else
		s.stmts(cmd.Then, certain)
		return
	}
	known, holds := s.conditions(cmd.Cond)
	for _, c := range cmd.Cond {
		s.stmt(c, certain)
	}
	if !known || holds {
		s.stmts(cmd.Then, certain && known)
	}
	if cmd.Else != nil && (!known || !holds) {
		s.branch(cmd.Else, certain && known)
	}
}

func (s *script) loop(cmd *syntax.ForClause, certain bool) {
	iter, ok := cmd.Loop.(*syntax.WordIter)
	if !ok {
		s.stmts(cmd.Do, false)
		return
	}
	items := s.args
	if iter.InPos.IsValid() {
		items = s.words(iter.Items)
	}
	for _, item := range s.expanded(items) {
		s.vars[iter.Name.Value] = item
		s.stmts(cmd.Do, certain && item != unknown)
	}
}

// mostItems is how many times a loop is followed.
const mostItems = 64

// expanded are words with the files that their patterns match.
func (s *script) expanded(items []string) (all []string) {
	for _, item := range items {
		if !strings.ContainsAny(item, "*?[") || strings.Contains(item, unknown) {
			all = append(all, item)
			continue
		}
		found, err := s.start.Files.Glob(s.absolute(item))
		if err != nil {
			found = []string{unknown}
		}
		all = append(all, found...)
	}
	if len(all) > mostItems {
		return []string{unknown}
	}
	return all
}

func (s *script) cases(cmd *syntax.CaseClause, certain bool) {
	value := s.word(cmd.Word)
	known := !strings.Contains(value, unknown)
	for _, item := range cmd.Items {
		if !known {
			s.stmts(item.Stmts, false)
			continue
		}
		for _, pattern := range item.Patterns {
			text := s.word(pattern)
			if ok, err := path.Match(text, value); err != nil || strings.Contains(text, unknown) {
				s.stmts(item.Stmts, false)
			} else if ok || text == "*" {
				s.stmts(item.Stmts, certain)
				return
			}
		}
	}
}
