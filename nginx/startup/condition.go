package startup

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

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
	if both, ok := stmt.Cmd.(*syntax.BinaryCmd); ok {
		known, holds = s.both(both)
	} else {
		known, holds = s.tested(stmt.Cmd)
	}
	return known, holds != stmt.Negated
}

// both is the condition of two commands that are joined.
func (s *script) both(cmd *syntax.BinaryCmd) (known, holds bool) {
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

// tested is the condition of one command.
func (s *script) tested(command syntax.Command) (known, holds bool) {
	words, ok := s.testWords(command)
	if !ok || len(words) == 0 {
		return false, false
	}
	switch words[0] {
	case "true", ":":
		return true, true
	case "false":
		return true, false
	case "[":
		return s.test(words[1 : len(words)-1])
	case "test":
		return s.test(words[1:])
	}
	return false, false
}

// testWords are the words of a command; those of [[ ]] are those of a test.
func (s *script) testWords(command syntax.Command) (words []string, ok bool) {
	switch cmd := command.(type) {
	case *syntax.CallExpr:
		return s.words(cmd.Args), true
	case *syntax.TestClause:
		words = strings.Fields(strings.Trim(s.show(cmd), "[] "))
		for i, w := range words {
			parsed, err := syntax.NewParser().Document(strings.NewReader(strings.Trim(w, `"'`)))
			if err != nil {
				return nil, false
			}
			words[i] = s.word(parsed)
		}
		return append([]string{"test"}, words...), true
	}
	return nil, false
}

// test says whether the words of a test hold.
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
