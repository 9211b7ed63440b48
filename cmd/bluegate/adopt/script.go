package adopt

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Script is what a shell script says about how the colours are started and switched.
type Script struct {
	Path     string
	Files    []string          // of Compose, with {colour}
	Project  string            // with {colour}
	Env      map[string]string // variables before the command of Compose
	EnvFile  string            // with {colour}
	Mode     string            // copy, link or template; "" is an edit in place
	From, To string
	Text     string
	// Container or Service runs nginx; OnHost says that nginx is reloaded on the host.
	Container, Service string
	OnHost             bool
	URL                string // of the health request to the new colour
	Observations       []Observation
	variables          *variables
}

// Observation is something that was found, and where.
type Observation struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

// readScript reads a shell script. It ignores what it cannot parse.
func readScript(name string, text []byte) (*Script, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(text), name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	s := &Script{Path: name, variables: readVariables(file), Env: map[string]string{}}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe {
				s.piped(n)
			}
		case *syntax.Stmt:
			s.redirected(n)
		case *syntax.CallExpr:
			s.call(n)
		}
		return true
	})
	return s, nil
}

func (s *Script) found(n syntax.Node, format string, args ...any) {
	s.Observations = append(s.Observations, Observation{fmt.Sprintf("%s:%d", s.Path, n.Pos().Line()), fmt.Sprintf(format, args...)})
}

func (s *Script) words(call *syntax.CallExpr) []string {
	var words []string
	for _, w := range call.Args {
		text := s.variables.text(w)
		if _, bare := w.Parts[0].(*syntax.ParamExp); bare && len(w.Parts) == 1 { // $COMPOSE up -d
			words = append(words, strings.Fields(text)...)
			continue
		}
		words = append(words, text)
	}
	for len(words) > 0 && (words[0] == "sudo" || words[0] == "exec" || words[0] == "command") {
		words = afterFlags(words[1:], "-u", "-g", "-U", "-C")
	}
	return words
}

// afterFlags returns the words after a command's own flags; some flags take the next word.
func afterFlags(words []string, taking ...string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		if slices.Contains(taking, words[0]) && len(words) > 1 {
			words = words[1:]
		}
		words = words[1:]
	}
	return words
}

func (s *Script) call(call *syntax.CallExpr) {
	words := s.words(call)
	if len(words) == 0 {
		return
	}
	switch path.Base(words[0]) {
	case "docker":
		if len(words) > 1 && words[1] == "compose" {
			s.compose(call, words[2:])
		} else {
			s.docker(call, words[1:])
		}
	case "docker-compose":
		s.compose(call, words[1:])
	case "cp", "ln":
		s.moved(call, words)
	case "sed":
		if last := words[len(words)-1]; len(words) > 2 && strings.HasPrefix(words[1], "-i") && s.Mode == "" && isConf(last) {
			s.found(call, "edits %s in place", shownText(last))
			s.To = last
		}
	case "nginx", "systemctl", "service", "openresty":
		if line := strings.Join(words, " "); strings.Contains(line, "nginx") && strings.Contains(line, "reload") {
			s.OnHost = true
			s.found(call, "reloads nginx on the host")
		}
	case "curl", "wget":
		s.asked(call, words)
	}
}

// asked records the address of the health request that the script sends to the new colour.
func (s *Script) asked(call *syntax.CallExpr, words []string) {
	for _, w := range words {
		if strings.HasPrefix(w, "http://") && !strings.Contains(w, unknown) && !strings.Contains(w, "{old}") && strings.Contains(w, "{") && s.URL == "" {
			s.URL = w
			s.found(call, "requests %s", w)
		}
	}
}

// moved reads cp and ln: a file per colour that becomes the live file.
func (s *Script) moved(call *syntax.CallExpr, words []string) {
	var paths []string
	for _, w := range words[1:] {
		if !strings.HasPrefix(w, "-") {
			paths = append(paths, w)
		}
	}
	if len(paths) != 2 || strings.Contains(paths[0]+paths[1], unknown) || strings.Contains(paths[0], "{old}") {
		return
	}
	from := colourPattern(paths[0])
	if !strings.Contains(from, "{colour}") || strings.Contains(colourPattern(paths[1]), "{colour}") {
		return
	}
	to := paths[1]
	if strings.HasSuffix(to, "/") {
		to += path.Base(from)
	}
	s.Mode, s.From, s.To = "copy", from, to
	if path.Base(words[0]) == "ln" {
		s.Mode = "link"
	}
	s.found(call, "replaces %[2]s with %[1]s", from, to)
}

// piped reads echo … | tee FILE, and redirected echo … > FILE: the live file is replaced.
func (s *Script) piped(pipe *syntax.BinaryCmd) {
	from, ok := pipe.X.Cmd.(*syntax.CallExpr)
	to, ok2 := pipe.Y.Cmd.(*syntax.CallExpr)
	if !ok || !ok2 {
		return
	}
	if words := s.words(to); len(words) > 1 && path.Base(words[0]) == "tee" {
		s.written(pipe, from, nil, words[len(words)-1])
	}
}

func (s *Script) redirected(stmt *syntax.Stmt) {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	var to string
	var document *syntax.Word
	for _, r := range stmt.Redirs {
		switch r.Op {
		case syntax.RdrOut, syntax.RdrClob:
			to = s.variables.text(r.Word)
		case syntax.Hdoc, syntax.DashHdoc:
			document = r.Hdoc
		}
	}
	if to == "" {
		if words := s.words(call); document != nil && len(words) > 1 && path.Base(words[0]) == "tee" {
			to = words[len(words)-1]
		}
	}
	if to != "" {
		s.written(stmt, call, document, to)
	}
}

func (s *Script) written(at syntax.Node, call *syntax.CallExpr, document *syntax.Word, to string) {
	words := s.words(call)
	var text string
	switch {
	case document != nil:
		text = s.variables.text(document)
	case len(words) > 1 && words[0] == "echo":
		text = strings.Join(afterFlags(words[1:]), " ")
	case len(words) == 3 && words[0] == "printf" && strings.TrimSuffix(words[1], `\n`) == "%s":
		text = words[2]
	case len(words) == 2 && words[0] == "cat": // a prepared file, written by a redirection
		if from := colourPattern(words[1]); strings.Contains(from, "{colour}") && isConf(to) {
			s.Mode, s.From, s.To = "copy", from, to
			s.found(at, "replaces %[2]s with %[1]s", from, to)
		}
		return
	}
	if !isConf(to) || strings.Contains(text+to, unknown) || strings.Contains(text, "{old}") || !strings.Contains(text, ";") {
		return
	}
	if text = colourPattern(text); !strings.Contains(text, "{") {
		return
	}
	s.Mode, s.To, s.Text = "template", to, strings.TrimSpace(text)
	s.found(at, "writes %s", to)
}

// isConf says whether a path is part of nginx's configuration.
func isConf(name string) bool {
	return !strings.Contains(name, unknown) && (strings.HasSuffix(name, ".conf") || strings.HasSuffix(name, ".inc") || strings.Contains(name, "nginx"))
}

func shownText(text string) string { return strings.ReplaceAll(text, unknown, "…") }
