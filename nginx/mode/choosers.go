package mode

import (
	"fmt"
	"slices"
	"strings"

	"bluegate/deploy/model"
	"bluegate/deploy/redact"
	"bluegate/nginx/conf"
)

// A chooser is a word that has the colour's name in it, names no host, and may decide where requests go: `set $side blue;`
// with `proxy_pass http://was_$side;`, a value of a map, `rewrite ^ /blue$uri;`, a socket. So is a port that only this colour
// publishes: `set $port 8081;`. Where it leads cannot be told, so it is a
// mention of that colour like an address of it: it is a switch point, it exists for both colours, or it is left over.

// choosers lists them. Of an nginx that neither knows the colours by name nor has an address of one, a word that has a colour's
// name in it is about another application. Findings are those that cannot decide anything, because their variable is used nowhere but in a
// header or a log.
func (r References) choosers(s Scope, known []mention) (found []mention, findings []model.Finding) {
	about := r.dir.HasNames() || len(known) > 0 || len(s.points) > 0
	named := map[*conf.Directive]bool{} // which address or upstream they name is known
	for _, file := range r.tree {
		for _, m := range known {
			if m.at.path == file.Path {
				named[directiveAt(file, m.at.start)] = true
			}
		}
		for _, p := range file.Points() {
			named[directiveAt(file, p.Start)] = true
		}
	}
	for _, file := range r.tree {
		file.Walk(func(d *conf.Directive) bool {
			for _, word := range choosing(file, d) {
				variable := given(file, d)
				if named[d] || s.changes(file, r.valueAt(file, d, word), assigned(file, d)) {
					continue
				}
				for _, colour := range model.Colours {
					if !(about && carriesOnly(word.Value, colour)) && !r.carriesPort(word.Value, len(d.Lua.Value) > 0, colour) {
						continue
					}
					m := r.mention(file, d, model.Endpoint{Colour: colour}, word.Start, word.End, word.Value)
					m.Remedy = chooserRemedy(colour, assigned(file, d))
					if variable == "" || r.steers(variable) {
						found = append(found, m)
					} else {
						findings = append(findings, model.Finding{Code: "not-switched", Place: m.Place, Message: fmt.Sprintf("$%s is %s, which a switch does not change; it is used in headers and logs only", variable, redact.Sanitize(word.Value))})
					}
				}
			}
			return true
		})
	}
	return found, findings
}

// given is the variable that a directive gives a value, also one of which a switch never changes the value.
func given(file *conf.File, d *conf.Directive) string {
	if variable := assigned(file, d); variable != "" {
		return variable
	}
	block := file.Enclosing(d)
	switch {
	case (d.Name.Value == "js_var" || d.Name.Value == "auth_request_set") && len(d.Args) > 0:
		return strings.TrimPrefix(d.Args[0].Value, "$")
	case block != nil && (block.Name.Value == "geo" || block.Name.Value == "split_clients") && len(block.Args) > 0:
		return strings.TrimPrefix(block.Args[len(block.Args)-1].Value, "$")
	}
	return ""
}

// choosing are the words of a directive that may decide where requests go without naming a host.
func choosing(file *conf.File, d *conf.Directive) []conf.Arg {
	if block := file.Enclosing(d); block != nil && slices.Contains([]string{"map", "geo", "split_clients"}, block.Name.Value) {
		if len(d.Args) == 1 && !slices.Contains([]string{"include", "hostnames", "volatile", "ranges", "proxy", "proxy_recursive", "delete"}, d.Name.Value) {
			return d.Args
		}
		return nil
	}
	switch name := d.Name.Value; {
	case (name == "set" || name == "js_var" || name == "auth_request_set" || name == "rewrite") && len(d.Args) > 1:
		return d.Args[1:2]
	case name == "env" || name == "try_files" || name == "mirror" || name == "auth_request" || name == "post_action":
		return d.Args
	case name == "error_page" && len(d.Args) > 1:
		return d.Args[len(d.Args)-1:]
	case name == "return" && len(d.Args) > 0 && redirects(d):
		return d.Args[len(d.Args)-1:]
	case isPass(name) && len(d.Args) > 0 && strings.Contains(d.Args[0].Value, "$"), name == "auth_http":
		return d.Args[:1]
	case (isPass(name) || name == "server") && len(d.Args) > 0 && !d.HasBlock:
		return socketOf(d.Args[0])
	case len(d.Lua.Value) > 0:
		return []conf.Arg{d.Lua}
	}
	return nil
}

// socketOf is the path of a Unix socket, without what a *_pass asks there.
func socketOf(word conf.Arg) []conf.Arg {
	_, path, ok := strings.Cut(word.Value, "unix:")
	if !ok {
		return nil
	}
	word.Value, _, _ = strings.Cut(path, ":")
	return []conf.Arg{word}
}

// redirects says whether a return sends a client elsewhere: it has a URL, or the code of a redirection.
func redirects(d *conf.Directive) bool {
	first := d.Args[0].Value
	return len(d.Args) == 1 && strings.Contains(first, "/") || len(d.Args) == 2 && strings.HasPrefix(first, "30")
}

func isPass(directive string) bool {
	_, ok := conf.PassTarget(directive, "")
	return ok
}

// valueAt is where a switch would change the word: behind a scheme, where an address stands there.
func (r References) valueAt(file *conf.File, d *conf.Directive, word conf.Arg) int {
	for _, p := range file.Values() {
		if directiveAt(file, p.Start) == d {
			return p.Start
		}
	}
	return word.Start
}

// carriesOnly says whether a colour's word stands in a text, and the other colour's does not: what names both chooses none.
func carriesOnly(text string, colour model.Colour) bool {
	return withoutColour(text, colour) != text && withoutColour(text, colour.Other()) == text
}

// steers says whether the value of a variable may decide where a request goes: it stands somewhere else than in what only
// clients and logs see.
func (r References) steers(variable string) bool {
	shown := []string{"add_header", "add_trailer", "log_format", "proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param", "access_log", "error_log", "sub_filter"}
	uses := false
	for _, file := range r.tree {
		file.Walk(func(d *conf.Directive) bool {
			if strings.Contains(d.Lua.Value, variable) {
				uses = true
			}
			for _, word := range d.Args {
				if names(word.Value, variable) && !slices.Contains(shown, d.Name.Value) && !(d.Name.Value == "set" && word == d.Args[0]) && !gives(d, word) {
					uses = true
				}
			}
			return !uses
		})
	}
	return uses
}

// gives says whether a word of a block is the variable that the block gives a value.
func gives(d *conf.Directive, word conf.Arg) bool {
	block := slices.Contains([]string{"map", "geo", "split_clients"}, d.Name.Value)
	return block && d.HasBlock && word == d.Args[len(d.Args)-1]
}

// names says whether a text has a variable in it.
func names(text, variable string) bool {
	for rest := text; ; {
		at := strings.IndexByte(rest, '$')
		if at < 0 {
			return false
		}
		rest = strings.TrimPrefix(rest[at+1:], "{")
		if after, ok := strings.CutPrefix(rest, variable); ok && (after == "" || !isLetterOrDigit(after[0]) && after[0] != '_') {
			return true
		}
	}
}

// chooserRemedy is what makes a switch point of it, or takes it away. A switch can change the value of a set and of a map.
func chooserRemedy(colour model.Colour, variable string) string {
	if variable != "" {
		return fmt.Sprintf("list $%s in nginx.values and let it choose between two upstreams whose names differ in the colour only, or let nginx name %s in one upstream", variable, colour)
	}
	return "let it not depend on the colour: name the live colour in one upstream, and pass to that"
}
