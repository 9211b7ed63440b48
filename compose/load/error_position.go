package load

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// positionError is an error of Compose with the place in the file. Compose itself names a file without a line, a line
// without a file, or neither.
type positionError struct {
	Place string // file:line:column, as far as it is known
	Text  string
	Err   error
}

func (e *positionError) Error() string { return e.Place + ": " + e.Text }
func (e *positionError) Unwrap() error { return e.Err }

// Positioned adds the place that Compose rejected to its error.
func Positioned(err error, files []string) error {
	text := strings.TrimSpace(err.Error())
	var bare *positionError
	if errors.As(err, &bare) {
		return err
	}
	short := text
	if m := rejected.FindStringSubmatch(text); m != nil {
		short = strings.TrimSpace(m[2])
		files = []string{m[1]} // may be included by the others
	}
	where := position{file: strings.Join(files, ", ")}
	l := Locate(files)
	for _, rule := range rules {
		if m := rule.match.FindStringSubmatch(text); m != nil {
			if found, ok := rule.find(l, m); ok {
				where = found
				break
			}
		}
	}
	return &positionError{Place: where.String(), Text: oneLine(short), Err: err}
}

// rejected matches how Compose names the file in which it found an error.
var rejected = regexp.MustCompile(`(?s)^(?:validating|failed to parse) (\S+): (.*)`)

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// rule finds the place for one of Compose's error messages.
type rule struct {
	match *regexp.Regexp
	find  func(l Positions, m []string) (position, bool)
}

// rules are tried in this order. They match messages of compose-go; for a message that none of them matches, the place
// is the names of the files.
var rules = []rule{
	{regexp.MustCompile(`line (\d+): mapping key .* already defined`), atLine},
	{regexp.MustCompile(`line (\d+): cannot construct`), atLine},
	{regexp.MustCompile(` at (?:L\d+\.C\d+-)?L(\d+)\.C(\d+): `), atPosition},
	{regexp.MustCompile(`invalid leading UTF-8 octet|invalid UTF-8`), atBadText},
	{regexp.MustCompile(`(\S*) additional properties '([^']*)'`), atExtraKey},
	{regexp.MustCompile(`non-string key in (\S+): (\S+)`), func(l Positions, m []string) (position, bool) { return l.at(m[1]+"."+m[2], m[0]) }},
	{regexp.MustCompile(`(?s)(?:interpolating|interpolation format for) (\S+?)[:.]\s(.*)`), func(l Positions, m []string) (position, bool) { return l.at(m[1], m[2]) }},
	{regexp.MustCompile(`(?s)'(services\[\S+)' (.*)`), func(l Positions, m []string) (position, bool) { return l.at(m[1], m[2]) }},
	{regexp.MustCompile(`^(?:service|services\.)\W*"?([\w.-]+)"? (?:depends on undefined service|refers to undefined \w+) "?([^\s":]+)`), inService},
	{regexp.MustCompile(`cannot extend service "([^"]+)" in .*: service "([^"]+)" not found`), inService},
	{regexp.MustCompile(`dependency cycle detected: (\S+) -> (\S+)`), inService},
	{regexp.MustCompile("service (\\S+) declares mutually exclusive `([^`]+)`"), inService},
	{regexp.MustCompile(`can't set (container_name) and (\S+) as container name must be unique`), func(l Positions, m []string) (position, bool) { return l.at("services."+m[2]+"."+m[1], "") }},
	{regexp.MustCompile(`service "?([^\s"]+)"? has neither an image`), func(l Positions, m []string) (position, bool) { return l.at("services."+m[1], "") }},
	{regexp.MustCompile(`env file (\S+) not found`), atFileName},
	{regexp.MustCompile(`open (\S+): `), atFileName},
	{regexp.MustCompile(`healthcheck\.test must start`), atProbe},
	{regexp.MustCompile(`(?s)(services\.\S+?):? (.*)`), func(l Positions, m []string) (position, bool) { return l.at(strings.TrimSuffix(m[1], ":"), m[2]) }},
	{regexp.MustCompile(`(?i)invalid (?:ip address|hostport|containerport|proto|spec|port|range)[^:]*: (\S+)`), atText},
	{regexp.MustCompile(`empty compose file`), atEmptyFile},
}

var variable = regexp.MustCompile(`required variable (\w+)`)

// quotes says whether a message quotes a value, or names the variable in it.
func quotes(message, value string) bool {
	if m := variable.FindStringSubmatch(message); m != nil {
		return strings.Contains(value, "${"+m[1])
	}
	return value != "" && (strings.Contains(message, `"`+value+`"`) || strings.HasSuffix(strings.TrimSpace(message), value))
}

func atLine(l Positions, m []string) (position, bool) {
	line, _ := strconv.Atoi(m[1])
	return position{file: l.unparsedFile(), line: line}, true
}

func atPosition(l Positions, m []string) (position, bool) {
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	return position{l.unparsedFile(), line, column}, true
}

// unparsedFile returns the file that is not YAML, or not a Compose file.
func (l Positions) unparsedFile() string {
	for _, doc := range l.docs {
		if doc.root == nil || doc.root.Kind != yaml.MappingNode {
			return doc.file
		}
	}
	return l.files[len(l.files)-1]
}

func atBadText(l Positions, _ []string) (position, bool) {
	for _, file := range l.files {
		text, err := os.ReadFile(file)
		if err != nil || utf8.Valid(text) {
			continue
		}
		good := 0
		for r, size := utf8.DecodeRune(text); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(text[good:]) {
			good += size
		}
		begin := bytes.LastIndexByte(text[:good], '\n') + 1
		return position{file, bytes.Count(text[:good], []byte{'\n'}) + 1, utf8.RuneCount(text[begin:good]) + 1}, true
	}
	return position{}, false
}

func atExtraKey(l Positions, m []string) (position, bool) {
	return l.at(strings.TrimPrefix(m[1]+"."+m[2], "."), "")
}

// inService finds in a service what the message names, otherwise the service itself.
func inService(l Positions, m []string) (position, bool) {
	service, name := m[1], m[2]
	for _, doc := range slices.Backward(l.docs) {
		for _, e := range doc.entriesAt("services." + service) {
			if n := mention(e.value, func(text string) bool { return namesOrContains(text, name) }); n != nil {
				return doc.position(n), true
			}
		}
	}
	return l.at("services."+service, "")
}

// namesOrContains says whether a value is a name or a short form that contains it: data:/var, service:db.
func namesOrContains(text, name string) bool {
	return text == name || strings.HasPrefix(text, name+":") || strings.HasSuffix(text, ":"+name)
}

// atFileName finds where a missing file is named, whatever folder the name is relative to.
func atFileName(l Positions, m []string) (position, bool) {
	return l.mentioned(func(text string) bool {
		return text != "" && (filepath.Clean(text) == m[1] || strings.HasSuffix(m[1], "/"+filepath.Clean(text)))
	})
}

func atText(l Positions, m []string) (position, bool) {
	quoted := strings.TrimSuffix(m[1], ":")
	longest := ""
	for _, doc := range l.docs {
		if doc.root != nil {
			scalars(doc.root, func(n *yaml.Node) bool {
				if strings.Contains(n.Value, quoted) && len(n.Value) > len(longest) {
					longest = n.Value // Compose may quote only a part: 80:80 of 80:80:80:80
				}
				return true
			})
		}
	}
	return l.mentioned(func(text string) bool { return longest != "" && text == longest })
}

func (l Positions) mentioned(test func(string) bool) (position, bool) {
	for _, doc := range slices.Backward(l.docs) {
		if doc.root == nil {
			continue
		}
		if n := mention(doc.root, test); n != nil {
			return doc.position(n), true
		}
	}
	return position{}, false
}

// atProbe finds a healthcheck test whose first word Compose does not know.
func atProbe(l Positions, _ []string) (position, bool) {
	for _, doc := range slices.Backward(l.docs) {
		for _, service := range doc.entriesAt("services") {
			for _, s := range mapping(resolved(service.value)) {
				for _, e := range descend(s, "healthcheck.test") {
					list := resolved(e.value)
					if list.Kind == yaml.SequenceNode && len(list.Content) > 0 && !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, list.Content[0].Value) {
						return doc.position(e.name), true
					}
				}
			}
		}
	}
	return position{}, false
}

func atEmptyFile(l Positions, _ []string) (position, bool) {
	return position{file: l.unparsedFile(), line: 1}, true
}
