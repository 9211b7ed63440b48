package startup

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// replacing says how a command writes: in place, or by a new file in the place of the old one, which a file that is
// mounted by itself does not allow.
type replacing bool

const (
	replaces    replacing = true
	replacesNot replacing = false
)

// livesAt is the live file that a path means. Where a part of the path is not known, sure is false.
func (s *script) livesAt(target string) (file *Live, sure bool) {
	if target == "" || target == unknown || s.dir == unknown && !path.IsAbs(target) {
		return nil, false
	}
	target = s.absolute(target)
	pattern := strings.ReplaceAll(target, unknown, "*")
	for i := range s.live {
		for _, name := range s.live[i].Names {
			if path.Clean(target) == name {
				return &s.live[i], true
			}
			if ok, err := path.Match(pattern, name); ok && err == nil {
				return &s.live[i], !strings.Contains(target, unknown)
			}
		}
	}
	return nil, false
}

// written notes that a command writes a path.
func (s *script) written(a at, text, target string, how replacing) {
	file, sure := s.livesAt(target)
	if file == nil || file.Fixed && how == replaces {
		return
	}
	if sure && a.certain {
		s.writes(a.place(), text, file.Names[0])
	} else {
		s.unknown(a.place(), text, file.Names[0])
	}
}

// writing follows the commands that write files; ok says whether it is one.
func (s *script) writing(base string, words []string, a at) (ok bool) {
	text := strings.ReplaceAll(strings.Join(words, " "), unknown, "...")
	if len(text) > 120 {
		text = text[:117] + "..."
	}
	flags, paths := split(words[1:])
	switch base {
	case "sed":
		s.sed(words[1:], text, a)
	case "tee", "truncate", "shred":
		for _, target := range paths {
			s.written(a, text, target, replacesNot)
		}
	case "touch":
		for _, target := range paths {
			if file, _ := s.livesAt(target); file != nil && file.Flag {
				s.written(a, text, target, replacesNot)
			}
		}
	case "rm", "unlink":
		for _, target := range paths {
			s.written(a, text, target, replaces)
			if recursive := strings.ContainsAny(strings.Join(flags, ""), "rR"); recursive {
				s.folderWritten(a, text, target, "")
			}
		}
	case "dd":
		for _, w := range words {
			if target, ok := strings.CutPrefix(w, "of="); ok {
				s.written(a, text, target, replacesNot)
			}
		}
	case "curl", "wget":
		for i, w := range words[:len(words)-1] {
			if w == "-o" && base == "curl" || w == "--output" || w == "-O" && base == "wget" {
				s.written(a, text, words[i+1], replacesNot)
			}
		}
	case "cp", "mv", "install", "ln", "rsync":
		s.copied(base, flags, paths, text, a)
	case "tar", "unzip", "perl", "git", "patch", "xargs", "eval":
		if base == "eval" || base == "xargs" || s.speaksOf(words) {
			s.unknown(a.place(), text, "")
		}
	default:
		return false
	}
	return true
}

// speaksOf says whether a command names a live file, its folder or one above it.
func (s *script) speaksOf(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.ContainsFunc(s.live, func(l Live) bool {
			return slices.ContainsFunc(l.Names, func(name string) bool {
				return path.IsAbs(w) && path.Clean(w) != "/" && (name == path.Clean(w) || strings.HasPrefix(name, path.Clean(w)+"/"))
			})
		})
	})
}

func split(words []string) (flags, paths []string) {
	for _, w := range words {
		if strings.HasPrefix(w, "-") && w != "-" {
			flags = append(flags, w)
		} else {
			paths = append(paths, w)
		}
	}
	return flags, paths
}

func (s *script) copied(base string, flags, paths []string, text string, a at) {
	short := ""
	for _, f := range flags {
		if !strings.HasPrefix(f, "--") {
			short += f[1:]
		}
		if f == "--no-clobber" || f == "--ignore-existing" {
			return // the file is there
		}
	}
	if base != "rsync" && base != "install" && strings.Contains(short, "n") && base != "ln" || base == "ln" && !strings.Contains(short, "f") && !slices.Contains(flags, "--force") {
		return
	}
	if len(paths) < 2 {
		return
	}
	how := replacing(base != "cp" && base != "install")
	sources, target := paths[:len(paths)-1], paths[len(paths)-1]
	s.written(a, text, target, how)
	for _, source := range sources {
		s.folderWritten(a, text, target, source)
	}
	if base == "mv" {
		for _, source := range sources {
			s.written(a, text, source, replaces)
		}
	}
}

// folderWritten is what a command does that is given the folder of a live file: whether what it copies there has the
// file's name.
func (s *script) folderWritten(a at, text, target, source string) {
	target = path.Clean(s.absolute(target))
	for _, file := range s.live {
		for _, name := range file.Names {
			below, ok := strings.CutPrefix(name, target+"/")
			switch {
			case !ok:
				continue
			case source == "": // removed with its folder
				s.written(a, text, name, replacesNot)
				continue
			case strings.Contains(source, unknown):
				s.unknown(a.place(), text, file.Names[0])
				continue
			}
			var from []string
			for _, one := range []string{path.Join(s.absolute(source), below), s.absolute(source)} {
				if one == s.absolute(source) && path.Base(one) != below && !strings.ContainsAny(one, "*?[") {
					continue
				}
				from = append(from, one)
			}
			if slices.ContainsFunc(from, func(one string) bool { return s.there(one, below) }) {
				s.written(a, text, name, replacesNot)
			}
		}
	}
}

// there says whether a source holds a file that is called so.
func (s *script) there(source, below string) bool {
	if !strings.ContainsAny(source, "*?[") {
		_, err := s.start.Files.Text(source)
		return !errors.Is(err, fs.ErrNotExist)
	}
	found, err := s.start.Files.Glob(source)
	return err != nil || slices.ContainsFunc(found, func(name string) bool { return path.Base(name) == below })
}
