package startup

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

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
		s.function(body, words[1:], a)
		return
	}
	if s.builtin(words, a) {
		return
	}
	if words[0] == "exec" && len(words) > 1 {
		defer func() { s.done, s.maybe = a.certain, s.maybe || !a.certain }()
	}
	s.run(words, a)
}

// function follows a function of the script.
func (s *script) function(body *syntax.Stmt, args []string, a at) {
	if s.depth++; s.depth <= deepest {
		was := s.args
		s.args = args
		s.stmt(body, a.certain)
		s.args, s.done = was, false // a return ends the function
	}
	s.depth--
}

// builtin follows what changes the shell itself; false: it is another command.
func (s *script) builtin(words []string, a at) bool {
	switch words[0] {
	case "exit", "return":
		s.done, s.maybe = a.certain, s.maybe || !a.certain
	case "read":
		for _, name := range words[1:] {
			s.vars[name] = unknown
		}
	case "cd":
		s.dir = unknown
		if len(words) == 2 && !strings.Contains(words[1], unknown) {
			s.dir = s.absolute(words[1])
		}
	case "set":
		if i := slices.Index(words, "--"); i >= 0 {
			s.args = words[i+1:]
		}
	case "shift":
		if len(s.args) > 0 {
			s.args = s.args[1:]
		}
	case ".", "source":
		if len(words) > 1 {
			s.sourced(words[1], a)
		}
	default:
		return false
	}
	return true
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

// unwrapped is a command without the variables and the commands before it that only run it.
func unwrapped(words []string) []string {
	for len(words) > 0 {
		for len(words) > 0 && strings.Contains(words[0], "=") && !strings.Contains(words[0], "/") {
			words = words[1:]
		}
		if len(words) == 0 {
			return nil
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
	return words
}

// run follows one command.
func (s *script) run(words []string, a at) {
	words = unwrapped(words)
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
