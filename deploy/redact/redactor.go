// Package redact keeps secrets out of what people and programs are shown, and makes text harmless that a container wrote.
package redact

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Placeholder takes the place of a secret.
const Placeholder = "****"

// shortestSecret is the length from which a value is hidden wherever it appears. A shorter one would also be part of
// ordinary words.
const shortestSecret = 4

// Redactor keeps secrets out of what is shown: the values that it was told of, wherever they stand, and what looks like a
// secret by the words next to it. It may be used by several goroutines. The zero value knows no value.
type Redactor struct {
	mu     sync.RWMutex
	values []string        // longest first, so that a value that contains another is hidden whole
	known  map[string]bool // the same
	places []string        // longest first; they stay, whatever they contain
	told   sync.Map        // what Learn was told: a hundred containers of a service have the same environment
}

// Learn is told a name and its value. It keeps the value if the name is that of a secret, and whatever in the value is
// one by its own look: the password of a URL, the value of --password.
func (m *Redactor) Learn(name, value string) {
	if _, known := m.told.LoadOrStore([2]string{name, value}, nil); known {
		return
	}
	if IsSecretName(name) && !isPath(name, value) {
		m.Add(value)
	}
	for _, found := range secretsIn(value) {
		m.Add(found)
	}
}

// Add hides a value from now on, and the forms in which it is passed on: each of its lines, escaped for a URL, in a
// JSON or a base64 text.
func (m *Redactor) Add(value string) {
	forms := []string{value, strings.TrimSpace(value)}
	if lines := strings.Split(value, "\n"); len(lines) > 1 {
		forms = append(forms, lines...)
	}
	for _, form := range slices.Clone(forms) {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(form)
		forms = append(forms, quoted, url.QueryEscape(form), url.PathEscape(form), base64.StdEncoding.EncodeToString([]byte(form)))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]bool{}
	}
	before := len(m.values)
	for _, form := range forms {
		if form = strings.TrimSpace(form); LooksSecret(form) && !m.known[form] {
			m.known[form] = true
			m.values = append(m.values, form)
		}
	}
	if len(m.values) > before { // once, for a file of many lines
		slices.SortFunc(m.values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	}
}

// LooksSecret says whether the value of a secret's name is one.
func LooksSecret(value string) bool {
	value = strings.TrimSpace(value)
	return len(value) >= shortestSecret && !slices.Contains(plainValues, strings.ToLower(value)) && value != Placeholder
}

// plainValues are no secrets, whatever the name of what holds them.
var plainValues = []string{"true", "false", "none", "null", "auto", "disabled", "enabled", "basic", "bearer", "undefined"}

// Keep keeps a path, and what lies below it, from being hidden: where something is wrong is what a message is for.
func (m *Redactor) Keep(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !strings.HasPrefix(path, "/") || path == "/" || slices.Contains(m.places, path) {
		return
	}
	m.places = append(m.places, path)
	slices.SortFunc(m.places, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
}

// Text hides what is secret in a text.
func (m *Redactor) Text(text string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out strings.Builder
	for {
		from, to := m.place(text)
		if to == 0 {
			out.WriteString(m.ends(m.hidden(text)))
			return out.String()
		}
		out.WriteString(m.hidden(text[:from]))
		out.WriteString(text[from:to])
		text = text[to:]
	}
}

// place finds the first place in a text, up to the end of the path and its line; to is 0 where there is none.
func (m *Redactor) place(text string) (from, to int) {
	for _, p := range m.places {
		at := strings.Index(text, p)
		if at < 0 || to > 0 && at >= from {
			continue
		}
		end := at + len(p)
		if end == len(text) || strings.IndexByte("/: ,;)\"'\n", text[end]) >= 0 {
			from, to = at, end+len(placeRest.FindString(text[end:]))
		}
	}
	return from, to
}

// placeRest is what may follow the path of a folder or a file in a message: names below it, and line and column.
var placeRest = regexp.MustCompile(`^[\w./-]*(?::\d+){0,2}`)

// hidden is a text without places. The lock is held.
func (m *Redactor) hidden(text string) string {
	for _, value := range m.values {
		text = strings.ReplaceAll(text, value, Placeholder)
	}
	for _, s := range shapes {
		text = s.ReplaceAllStringFunc(text, func(match string) string { return hide(s, match) })
	}
	return text
}

// ends hides a known value that the end of a text cuts off.
func (m *Redactor) ends(text string) string {
	body, cut := strings.CutSuffix(text, cutMark)
	for _, value := range m.values {
		for n := len(value) - 1; n >= 2*shortestSecret; n-- {
			if strings.HasSuffix(body, value[:n]) {
				body = body[:len(body)-n] + Placeholder
				break
			}
		}
	}
	if cut {
		body += cutMark
	}
	return body
}

const secretWord = `(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)`

// shapes match texts whose group "s" is a secret by what is next to it.
var shapes = []*regexp.Regexp{
	regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<s>.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
	regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'"]*:(?P<s>[^\s/@'"]+)@`),
	regexp.MustCompile(`(?i)\bauthorization["']?(?:\s*[:=]\s*|\s+)["']?(?:(?:basic|bearer|token|digest)\s+)?(?P<s>[^\s"',;]+)`),
	regexp.MustCompile(`(?i)\bbearer\s+(?P<s>[A-Za-z0-9._~+/-]{6,}=*)`),
	regexp.MustCompile(`(?:^|\s)(?:-u|--user)[\s=]+["']?[^\s:"']+:(?P<s>[^\s"']+)`),
	regexp.MustCompile(`(?i)(?:^|[\s"'{,&?;(_.-]|\b)[\w.-]*` + secretWord + `[\w.-]*["']?\s*[:=]\s*["']?(?P<s>[^\s"',;&)}*]+)`),
	regexp.MustCompile(`(?i)(?:^|\s)--?[\w-]*` + secretWord + `[\w-]*\s+["']?(?P<s>[^\s"'*-][^\s"']*)`),
	regexp.MustCompile(`\b(?P<s>AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)`),
}

func hide(shape *regexp.Regexp, match string) string {
	at := shape.FindStringSubmatchIndex(match)
	group := 2 * shape.SubexpIndex("s")
	if at == nil || at[group] < 0 || isPort(match[at[group]:at[group+1]]) {
		return match
	}
	return match[:at[group]] + Placeholder + match[at[group+1]:]
}

// isPort tells secret-store:8080, an address, from secret: hunter2.
func isPort(text string) bool {
	return len(text) <= 5 && strings.Trim(strings.TrimRight(text, "/"), "0123456789") == ""
}

func secretsIn(text string) (found []string) {
	for _, shape := range shapes {
		for _, match := range shape.FindAllStringSubmatch(text, -1) {
			if s := match[shape.SubexpIndex("s")]; !isPort(s) {
				found = append(found, s)
			}
		}
	}
	return found
}

// Identifiers are the report's fields by which programs tell things apart, and the places of findings. They are names
// that the user gave, and stay.
var Identifiers = []string{"command", "project", "release", "service", "container", "name", "id", "image", "digest", "state", "health", "status", "place"}

// Apply hides what is secret in every text of a report, those that a later version adds included, and makes each harmless:
// a Compose file, the labels of other containers and another client's lock say what they like, and errors quote them.
func (m *Redactor) Apply(report any) {
	change(reflect.ValueOf(report).Elem(), func(text string) string { return m.Text(Clean(text)) })
}

// change changes every text in a value. Identifiers are only made harmless.
func change(v reflect.Value, text func(string) string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			change(v.Elem(), text)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			change(v.Index(i), text)
		}
	case reflect.Map:
		changeEntries(v, text)
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			switch {
			case name == "-":
			case slices.Contains(Identifiers, name):
				change(v.Field(i), Clean)
			default:
				change(v.Field(i), text)
			}
		}
	case reflect.String:
		if v.CanSet() && v.Type() == reflect.TypeFor[string]() { // a type of its own is one of our closed lists
			v.SetString(text(v.String()))
		}
	}
}

func changeEntries(v reflect.Value, text func(string) string) {
	for _, key := range v.MapKeys() {
		held := reflect.New(v.Type().Elem()).Elem()
		held.Set(v.MapIndex(key))
		change(held, text)
		v.SetMapIndex(key, held)
	}
}
