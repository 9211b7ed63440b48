package nginx

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"bluegate/deploy/redact"
	"bluegate/nginx/conf"
)

// shows says whether a dump holds exactly these bytes for a file. A mounted file that was replaced by a rename on the
// host still shows its old bytes to nginx, and only to nginx: that is found here. nginx prints a path as the include
// spells it.
func shows(dump []byte, file string, content []byte) bool {
	const mark = "# configuration file "
	for {
		_, rest, found := bytes.Cut(dump, []byte(mark))
		if !found {
			return false
		}
		dump = rest
		name, rest, _ := bytes.Cut(rest, []byte(":\n"))
		if string(name) != file && path.Clean(string(name)) != file || !bytes.HasPrefix(rest, content) {
			continue
		}
		rest = bytes.TrimPrefix(rest[len(content):], []byte("\n"))
		if len(rest) == 0 || bytes.HasPrefix(rest, []byte(mark)) {
			return true
		}
	}
}

// header is what a dump has before each file.
var header = regexp.MustCompile(`(?m)^# configuration file (.+):$`)

// differs compares the whole configuration as it was read with a dump: the first file that nginx sees otherwise, or does
// not see, or that only nginx sees. A file for which another stood in is not there yet.
func differs(dump []byte, tree []*conf.File, absent map[string][]byte) string {
	known, quoted := map[string]bool{}, false
	for _, file := range tree {
		name := path.Clean(file.Path)
		known[name] = true
		quoted = quoted || header.Match(file.Src)
		if _, stoodIn := absent[name]; !stoodIn && !shows(dump, file.Path, file.Src) {
			return file.Path
		}
	}
	for _, m := range header.FindAllSubmatch(dump, -1) {
		if name := path.Clean(string(m[1])); !known[name] && !quoted {
			return name
		}
	}
	return ""
}

// weighty is a line of nginx's that says why something failed, with or without the time and the process.
var weighty = regexp.MustCompile(`(\[(?:emerg|crit|alert)\] )(?:\d+#\d+: )?(.*)`)

// complaint is what nginx said of a configuration that it rejected, each thing once: nginx may write it to its log and
// to the terminal, and is asked again while a name registers.
func complaint(stderr string) string {
	var lines []string
	for _, m := range weighty.FindAllStringSubmatch(redact.Sanitize(stderr), -1) {
		if line := strings.TrimSpace(m[1] + m[2]); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return strings.TrimSpace(redact.Sanitize(stderr))
	}
	return strings.Join(lines, "; ")
}

// unresolved returns the host that nginx could not resolve, from its complaint.
func unresolved(stderr string) (host string, ok bool) {
	_, rest, ok := strings.Cut(stderr, "host not found in ")
	if !ok {
		return "", false
	}
	_, rest, ok = strings.Cut(rest, `"`)
	host, _, _ = strings.Cut(rest, `"`)
	if at := strings.LastIndex(host, ":"); at > 0 {
		host = host[:at]
	}
	return host, ok
}
