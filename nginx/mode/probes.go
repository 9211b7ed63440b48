package mode

import (
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// ofHealth are the words by which the path of a health request is known. Users may go to a path with status, live or up in it.
var ofHealth = []string{"health", "healthz", "healthcheck", "livez", "alive", "liveness", "ready", "readyz", "readiness", "ping", "heartbeat"}

// probes says whether a directive passes requests for the health of one colour to it, and no others:
// `location /health/green { proxy_pass http://app-green:3000/health; }`. Such a place needs no counterpart: whoever asks there
// asks for this colour, and reaches nothing of it but its health. A rewrite, or a path that nginx puts together, could lead
// elsewhere. What sends other requests to such a location has the colour in it, and is a chooser.
func (r References) probes(file *conf.File, d *conf.Directive, colour model.Colour) bool {
	at := file.Enclosing(d)
	if d.Name.Value != "proxy_pass" || len(d.Args) != 1 || at == nil || at.Name.Value != "location" || len(at.Args) == 0 || len(at.Args) > 2 {
		return false
	}
	location, exact := at.Args[len(at.Args)-1].Value, false
	if len(at.Args) == 2 {
		exact = at.Args[0].Value == "="
		if !exact && at.Args[0].Value != "^~" {
			return false
		}
	}
	if !strings.HasPrefix(location, "/") || !carriesOnly(location, colour) || !asksForHealth(location) {
		return false
	}
	for _, other := range conf.Within(at) {
		if slices.Contains([]string{"rewrite", "if", "include", "try_files"}, other.Name.Value) {
			return false
		}
	}
	_, target, ok := strings.Cut(d.Args[0].Value, "://")
	if !ok || strings.Contains(target, "$") {
		return false
	}
	slash := strings.IndexByte(target, '/')
	if slash < 0 {
		return exact
	}
	return asksForHealth(target[slash:])
}

// asksForHealth says whether a segment of a path is a word of health.
func asksForHealth(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(path), func(c rune) bool { return strings.ContainsRune("/-_.", c) }), func(word string) bool {
		return slices.Contains(ofHealth, word)
	})
}
