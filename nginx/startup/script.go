package startup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
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

var (
	nginxes = []string{"nginx", "openresty", "nginx-debug"}
	shells  = []string{"sh", "bash", "ash", "dash", "ksh", "zsh"}
	// wrappers run the command that follows their own flags and, for some, one word more.
	wrappers = map[string]int{"exec": 0, "command": 0, "env": 0, "nice": 0, "nohup": 0, "setsid": 0, "time": 0, "tini": 0, "dumb-init": 0, "docker-init": 0, "catatonit": 0, "busybox": 0, "with-contenv": 0,
		"su-exec": 1, "gosu": 1, "timeout": 1, "chpst": 0, "stdbuf": 0}
	// harmless change no file, except through a redirection.
	harmless = strings.Fields(`: [ [[ alias apk awk basename break cat cd chgrp chmod chown clear comm continue cron crond cut date declare diff dig dirname dpkg-query echo egrep envsubst
		expr export false fgrep find free getconf getent getopts grep gawk head hostname id inotifywait jq kill less let local ls md5sum mkdir mktemp nc nproc nslookup od openssl
		pgrep php-fpm ping pkill printf printenv ps pwd read readlink readonly realpath rmdir seq set sha1sum sha256sum shift sleep sort ss stat stty sync syslogd tail test touch tr trap true type ulimit umask uname
		uniq unset wait wc which whoami yes yq logger`)
	// tests are commands whose success nobody takes for granted.
	tests = strings.Fields("[ [[ test grep egrep fgrep command type which read cmp diff pgrep false")
)

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
	for _, r := range stmt.Redirs {
		if r.Op == syntax.RdrOut || r.Op == syntax.RdrClob || r.Op == syntax.AppOut || r.Op == syntax.RdrAll || r.Op == syntax.AppAll {
			s.written(a, s.show(stmt), s.word(r.Word), replacesNot)
		}
	}
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		s.call(cmd, a)
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
	var expanded []string
	for _, item := range items {
		if strings.ContainsAny(item, "*?[") && !strings.Contains(item, unknown) {
			found, err := s.start.Files.Glob(s.absolute(item))
			if err != nil {
				found = []string{unknown}
			}
			expanded = append(expanded, found...)
			continue
		}
		expanded = append(expanded, item)
	}
	if len(expanded) > 64 {
		expanded = []string{unknown}
	}
	for _, item := range expanded {
		s.vars[iter.Name.Value] = item
		s.stmts(cmd.Do, certain && item != unknown)
	}
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

// isTest says whether a command's success is what is asked, and not expected.
func isTest(stmt *syntax.Stmt) bool {
	switch cmd := stmt.Cmd.(type) {
	case *syntax.TestClause, *syntax.ArithmCmd:
		return true
	case *syntax.CallExpr:
		return stmt.Negated || len(cmd.Args) > 0 && slices.Contains(tests, cmd.Args[0].Lit())
	case *syntax.BinaryCmd:
		return isTest(cmd.X) || isTest(cmd.Y)
	case *syntax.Block, *syntax.Subshell:
		return true
	}
	return stmt.Negated
}

func (s *script) conditions(all []*syntax.Stmt) (known, holds bool) {
	if len(all) != 1 {
		return false, false
	}
	return s.condition(all[0])
}

// condition says whether a test is known to hold: that of a text, and that of a live file, which is there.
func (s *script) condition(stmt *syntax.Stmt) (known, holds bool) {
	defer func() {
		if stmt.Negated {
			holds = !holds
		}
	}()
	var words []string
	switch cmd := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		words = s.words(cmd.Args)
	case *syntax.TestClause:
		words = strings.Fields(strings.Trim(s.show(cmd), "[] "))
		for i, w := range words {
			parsed, err := syntax.NewParser().Document(strings.NewReader(strings.Trim(w, `"'`)))
			if err != nil {
				return false, false
			}
			words[i] = s.word(parsed)
		}
		words = append([]string{"test"}, words...)
	case *syntax.BinaryCmd:
		k1, h1 := s.condition(cmd.X)
		k2, h2 := s.condition(cmd.Y)
		switch {
		case cmd.Op == syntax.AndStmt && (k1 && !h1 || k2 && !h2):
			return true, false
		case cmd.Op == syntax.OrStmt && (k1 && h1 || k2 && h2):
			return true, true
		case cmd.Op == syntax.AndStmt || cmd.Op == syntax.OrStmt:
			return k1 && k2, cmd.Op == syntax.AndStmt
		}
		return false, false
	}
	if len(words) == 0 {
		return false, false
	}
	switch words[0] {
	case "true", ":":
		return true, true
	case "false":
		return true, false
	case "[":
		words = words[:len(words)-1]
	case "test":
	default:
		return false, false
	}
	return s.test(words[1:])
}

func (s *script) test(words []string) (known, holds bool) {
	if strings.Contains(strings.Join(words, ""), unknown) && !(len(words) == 2 && strings.HasPrefix(words[0], "-")) {
		return false, false
	}
	switch {
	case len(words) > 1 && words[0] == "!":
		known, holds = s.test(words[1:])
		return known, !holds
	case len(words) == 1:
		return true, words[0] != ""
	case len(words) == 2 && (words[0] == "-n" || words[0] == "-z"):
		return !strings.Contains(words[1], unknown), (words[1] != "") == (words[0] == "-n")
	case len(words) == 2 && slices.Contains([]string{"-f", "-e", "-s", "-r", "-w", "-a"}, words[0]):
		if file, sure := s.livesAt(words[1]); file != nil && sure && !file.Flag {
			return true, true
		}
	case len(words) == 3 && slices.Contains([]string{"=", "==", "!="}, words[1]):
		return true, (words[0] == words[2]) == (words[1] != "!=")
	}
	return false, false
}

func (s *script) call(cmd *syntax.CallExpr, a at) {
	words := s.words(cmd.Args)
	if len(words) == 0 {
		for _, assign := range cmd.Assigns {
			s.assign(assign)
		}
		return
	}
	if len(cmd.Assigns) > 0 { // for this command only
		kept := maps.Clone(s.vars)
		for _, assign := range cmd.Assigns {
			s.assign(assign)
		}
		defer func() { s.vars = kept }()
	}
	if body, ok := s.funcs[words[0]]; ok {
		if s.depth++; s.depth <= deepest {
			args := s.args
			s.args = words[1:]
			s.stmt(body, a.certain)
			s.args, s.done = args, false // a return ends the function
		}
		s.depth--
		return
	}
	switch words[0] {
	case "exit", "return":
		s.done, s.maybe = a.certain, s.maybe || !a.certain
		return
	case "read":
		for _, name := range words[1:] {
			s.vars[name] = unknown
		}
		return
	case "cd":
		s.dir = unknown
		if len(words) == 2 && !strings.Contains(words[1], unknown) {
			s.dir = s.absolute(words[1])
		}
		return
	case "set":
		if i := slices.Index(words, "--"); i >= 0 {
			s.args = words[i+1:]
		}
		return
	case "shift":
		if len(s.args) > 0 {
			s.args = s.args[1:]
		}
		return
	case ".", "source":
		if len(words) > 1 {
			s.sourced(words[1], a)
		}
		return
	case "exec":
		if len(words) > 1 {
			defer func() { s.done, s.maybe = a.certain, s.maybe || !a.certain }()
		}
	}
	s.run(words, a)
}

// sourced follows a script that runs in this shell.
func (s *script) sourced(name string, a at) {
	text, err := s.start.Files.Text(s.absolute(name))
	switch {
	case strings.Contains(name, unknown):
		s.unreadable(a, name)
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		s.unknown(name, "", "")
	default:
		was := s.name
		s.name = name
		s.parse(string(text), a.certain)
		s.name, s.done = was, false
	}
}

// unreadable is a command that is only known when it is run. The entrypoint of nginx's official image runs what its
// folder holds, which is followed.
func (s *script) unreadable(a at, command string) {
	if !s.visited[entrypointFolder] {
		s.unknown(a.place(), strings.ReplaceAll(command, unknown, "..."), "")
	}
}

// entrypointFolder holds what the entrypoint of nginx's official image runs before nginx.
const entrypointFolder = "/docker-entrypoint.d"

func (s *script) folder() {
	if s.visited[entrypointFolder] {
		return
	}
	s.visited[entrypointFolder] = true
	found, err := s.start.Files.Glob(entrypointFolder + "/*")
	if err != nil {
		s.unknown(entrypointFolder, "", "")
	}
	slices.Sort(found)
	for _, name := range found {
		if strings.HasSuffix(name, ".sh") || strings.HasSuffix(name, ".envsh") {
			s.file(name, nil, at{name: name, certain: true})
		}
	}
}

// file follows an executable.
func (s *script) file(command string, args []string, a at) {
	if s.visited[command] && command != "" {
		return
	}
	name, text, err := s.lookup(command)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return // it fails at each start
	case err != nil:
		s.unknown(name, strings.Join(append([]string{command}, args...), " "), "")
		return
	}
	first, _, _ := strings.Cut(string(text), "\n")
	interpreter := strings.Fields(strings.TrimPrefix(first, "#!"))
	if strings.HasPrefix(first, "#!") && !slices.ContainsFunc(interpreter, func(w string) bool { return slices.Contains(shells, path.Base(w)) }) {
		s.unknown(name, "", "")
		return
	}
	s.visited[command] = true
	if strings.Contains(string(text), "NGINX_ENVSUBST_TEMPLATE_DIR") {
		return // the official image's own templates, of which the files are known
	}
	if strings.Contains(string(text), entrypointFolder) {
		s.folder()
	}
	s.text(name, string(text), args, a.certain)
}

// run follows one command.
func (s *script) run(words []string, a at) {
	for len(words) > 0 {
		for len(words) > 0 && strings.Contains(words[0], "=") && !strings.Contains(words[0], "/") {
			words = words[1:]
		}
		if len(words) == 0 {
			return
		}
		skip, ok := wrappers[path.Base(words[0])]
		if !ok {
			break
		}
		words = words[1:]
		for len(words) > 0 && strings.HasPrefix(words[0], "-") {
			words = words[1:]
		}
		words = words[min(skip, len(words)):]
	}
	if len(words) == 0 {
		return
	}
	base := path.Base(words[0])
	if strings.Contains(words[0], unknown) {
		s.unreadable(a, strings.Join(words, " "))
		return
	}
	if scripts, ok := s.supervised(words); ok {
		for _, name := range scripts {
			s.file(name, nil, at{name: name, certain: a.certain})
		}
		if words[0] == "/init" || base == "my_init" {
			s.run(words[1:], a)
		}
		return
	}
	switch {
	case slices.Contains(nginxes, base):
	case slices.Contains(shells, base):
		s.shell(words[1:], a)
	case base == "supervisord":
		s.supervisord(words[1:], a)
	case s.writing(base, words, a):
	case slices.Contains(harmless, base):
	default:
		s.file(words[0], words[1:], a)
	}
}

// shell follows sh -c TEXT and sh FILE.
func (s *script) shell(words []string, a at) {
	for i, w := range words {
		switch {
		case strings.HasPrefix(w, "-") && strings.HasSuffix(w, "c") && i+1 < len(words):
			if strings.Contains(words[i+1], unknown) {
				s.unknown(a.place(), "", "")
				return
			}
			var args []string
			if i+3 < len(words) {
				args = words[i+3:]
			}
			s.text(a.place(), words[i+1], args, a.certain)
			return
		case !strings.HasPrefix(w, "-"):
			if strings.Contains(w, unknown) {
				s.unreadable(a, "sh "+w)
				return
			}
			s.file(s.absolute(w), words[i+1:], a)
			return
		}
	}
}

func (s *script) absolute(name string) string {
	if path.IsAbs(name) || strings.HasPrefix(name, unknown) {
		return name
	}
	return path.Join("/", s.dir, name)
}
