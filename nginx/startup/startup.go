// Package startup reads what a container does before its nginx runs, and says what of it writes a file that a switch
// changes. It executes nothing: it follows the command, the scripts that this calls and those of a supervisor, with the
// container's environment. What it cannot follow it names.
package startup

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Source reads the container's files. An error that is fs.ErrNotExist says that there is no such file; ErrBinary that
// there is one which is not text.
type Source interface {
	Text(name string) ([]byte, error)
	Glob(pattern string) ([]string, error)
}

// ErrBinary is returned by a Source for what is not text.
var ErrBinary = errors.New("it is not a script")

// Start is how a container begins.
type Start struct {
	Words []string // entrypoint and command
	Env   []string // KEY=value
	Dir   string   // in which it begins
	Files Source
}

// Live is a file that a switch changes.
type Live struct {
	Names []string // its path, and where it really is
	Flag  bool     // what counts is whether it is there
	Fixed bool     // it is a mount of its own: it can be written, and not replaced
	Lines []Line   // what may not be lost, for each colour
}

// Line is a line of a live file, and the address in it that says which colour is live.
type Line struct {
	Text, Address string
}

// Write is something that writes a live file at the start.
type Write struct {
	Place string // file:line
	Text  string // the command
	File  string // the live file
}

// Result is what is known of a start.
type Result struct {
	Writes   []Write // each certainly done, at each start
	NotKnown []Write // may be one: done under a condition, or not understood; without a Text where nothing could be read
}

// Read follows a start.
func Read(start Start, live []Live) Result {
	r := &reader{start: start, live: live, env: map[string]string{}, visited: map[string]bool{}}
	for _, entry := range start.Env {
		key, value, _ := strings.Cut(entry, "=")
		r.env[key] = value
	}
	s := &script{reader: r, name: "its command", vars: r.env, dir: start.Dir}
	s.run(slices.Clone(start.Words), at{name: "its command", certain: true})
	return r.result
}

type reader struct {
	start   Start
	live    []Live
	env     map[string]string
	visited map[string]bool
	depth   int
	result  Result
}

// deepest is how many scripts may call each other.
const deepest = 8

func (r *reader) unknown(place, text, file string) {
	w := Write{Place: place, Text: text, File: file}
	if !slices.Contains(r.result.NotKnown, w) {
		r.result.NotKnown = append(r.result.NotKnown, w)
	}
}

func (r *reader) writes(place, text, file string) {
	w := Write{Place: place, Text: text, File: file}
	if !slices.Contains(r.result.Writes, w) {
		r.result.Writes = append(r.result.Writes, w)
	}
}

// lookup finds a command in PATH.
func (r *reader) lookup(command string) (name string, text []byte, err error) {
	if strings.Contains(command, "/") {
		text, err = r.start.Files.Text(command)
		return command, text, err
	}
	dirs := r.env["PATH"]
	if dirs == "" {
		dirs = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	for _, dir := range strings.Split(dirs, ":") {
		name = path.Join(dir, command)
		if text, err = r.start.Files.Text(name); !errors.Is(err, fs.ErrNotExist) {
			return name, text, err
		}
	}
	return command, nil, fs.ErrNotExist
}

// supervised are the scripts of a supervisor that a command starts; ok says whether it is one.
func (r *reader) supervised(words []string) (scripts []string, ok bool) {
	var patterns []string
	switch base := path.Base(words[0]); {
	case words[0] == "/init" || base == "my_init":
		patterns = []string{"/etc/cont-init.d/*", "/custom-cont-init.d/*", "/etc/services.d/*/run", "/etc/s6-overlay/s6-rc.d/*/up", "/etc/s6-overlay/s6-rc.d/*/run", "/etc/my_init.d/*", "/etc/service/*/run"}
	case base == "s6-svscan" || base == "runsvdir":
		if len(words) < 2 {
			return nil, true
		}
		patterns = []string{words[len(words)-1] + "/*/run"}
	default:
		return nil, false
	}
	for _, pattern := range patterns {
		found, err := r.start.Files.Glob(pattern)
		if err != nil {
			r.unknown(pattern, "", "")
		}
		scripts = append(scripts, found...)
	}
	return scripts, true
}
