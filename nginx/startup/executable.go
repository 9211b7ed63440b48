package startup

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

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
