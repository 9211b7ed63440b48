package startup

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// supervisord follows the commands of a supervisord.conf.
func (s *script) supervisord(words []string, from at) {
	names := []string{"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf", "/etc/supervisor.conf"}
	for i, w := range words {
		if (w == "-c" || w == "--configuration") && i+1 < len(words) {
			names = []string{words[i+1]}
		}
	}
	for _, name := range names {
		if text, err := s.start.Files.Text(s.absolute(name)); err == nil {
			s.programs(s.absolute(name), string(text), from, true)
			return
		}
	}
	s.unknown(from.place(), strings.Join(words, " "), "")
}

func (s *script) programs(name, text string, from at, includes bool) {
	section := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "["); ok {
			section, _, _ = strings.Cut(head, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !ok || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#"):
		case section == "include" && key == "files" && includes:
			for _, pattern := range strings.Fields(value) {
				if !path.IsAbs(pattern) {
					pattern = path.Join(path.Dir(name), pattern)
				}
				found, err := s.start.Files.Glob(pattern)
				if err != nil {
					s.unknown(name, "", "")
				}
				slices.Sort(found)
				for _, file := range found {
					if text, err := s.start.Files.Text(file); err == nil {
						s.programs(file, string(text), from, false)
					} else {
						s.unknown(file, "", "")
					}
				}
			}
		case key == "command" && (strings.HasPrefix(section, "program:") || strings.HasPrefix(section, "eventlistener:")):
			s.text(fmt.Sprintf("%s:%d", name, i+1), value, nil, from.certain)
		}
	}
}
