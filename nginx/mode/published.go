package mode

import (
	"regexp"
	"slices"
	"strconv"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// hostAndPort is an address in a text.
var hostAndPort = regexp.MustCompile(`(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+):([0-9]{1,5})\b`)

// number is a word of digits.
var number = regexp.MustCompile(`\b[0-9]{1,5}\b`)

// published lists the words, other than points, that name a port of the engine's host that a colour publishes. Points are those
// directives whose address is known already.
func (r References) published(file *conf.File, points map[*conf.Directive]bool, s Scope) (found []mention) {
	if !r.dir.Publishes() {
		return nil
	}
	ends := map[string][]model.Endpoint{}
	for _, m := range file.Search(func(text string) (what string, at int, ok bool) {
		for _, in := range hostAndPort.FindAllStringSubmatchIndex(text, -1) {
			port, _ := strconv.Atoi(text[in[4]:in[5]])
			what := text[in[0]:in[1]]
			ends[what] = slices.DeleteFunc(r.dir.Mentioned(text[in[2]:in[3]], port), func(e model.Endpoint) bool { return !e.Published })
			if len(ends[what]) > 0 {
				return what, in[0], true
			}
		}
		return "", 0, false
	}) {
		d := directiveAt(file, m.Start)
		if d == nil || points[d] || m.Directive == "listen" || slices.Contains(harmless, m.Directive) || s.changes(file, m.Start, assigned(file, d)) {
			continue
		}
		for _, e := range ends[m.Host] {
			found = append(found, r.mention(file, d, e, m.Start, m.Start+len(m.Host), m.Text))
		}
	}
	return found
}

// carriesPort says whether a text is a port that only this colour publishes on the engine's host, or is code with such a port
// in it: an address may be made of it.
func (r References) carriesPort(text string, code bool, colour model.Colour) bool {
	mine := false
	for _, in := range number.FindAllStringIndex(text, -1) {
		if !code && in[1]-in[0] != len(text) {
			return false
		}
		port, _ := strconv.Atoi(text[in[0]:in[1]])
		for _, owner := range r.dir.PublishedBy(port) {
			if owner.Colour != colour {
				return false
			}
			mine = true
		}
	}
	return mine
}
