package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Compare returns what a command between the two moments must not have done.
func Compare(before, after World) (broken []string) {
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	served := map[string]bool{} // by place; a way may lead to several hosts
	for _, r := range before.routes() {
		if was, known := served[r.place]; !perColour(r.context) && (was || !known) {
			served[r.place] = before.answers(r.host)
		}
	}
	for _, r := range after.routes() {
		if served[r.place] && !perColour(r.context) && !strings.HasSuffix(r.context, " spare") && !after.answers(r.host) {
			say("users were served at %s, and %s does not answer any more", r.place, r.host)
		}
	}
	if why := after.CanStart(); why != "" && before.CanStart() == "" {
		say("nginx could be restarted before, and cannot be restarted now: %s", why)
	}
	return append(broken, after.held()...)
}

// held is what is wrong with the names that lead to the container that holds names.
func (w World) held() (broken []string) {
	all := ""
	for _, text := range w.Files {
		all += strings.ToLower(text)
	}
	for _, name := range w.Held {
		others := w.counterparts(name)
		if !strings.Contains(all, name) || !slices.ContainsFunc(others, func(other string) bool { return strings.Contains(all, strings.ToLower(other)) }) {
			broken = append(broken, fmt.Sprintf("%s leads to the container that holds names, and nginx's files do not mention both it and one of %q", name, others))
		}
		if w.answers(name) {
			broken = append(broken, fmt.Sprintf("%s leads to the container that holds names and to a container that runs", name))
		}
	}
	return broken
}

// counterparts are the names of the containers of the other colour that take the place of those that have a name.
func (w World) counterparts(name string) (names []string) {
	for _, owner := range w.owners(name) {
		for _, box := range w.Boxes {
			if box.Service == w.Boxes[owner].Twin {
				names = append(names, box.Names...)
			}
		}
	}
	return names
}

// word is a place in nginx's files that may decide where requests go.
type word struct {
	place, context, text string
	whole                string // the context with the names of the first server
}

// steering are the directives whose words may decide that, by the number of words before those.
var steering = map[string]int{"rewrite": 2, "try_files": 1, "error_page": 2, "env": 1}

// words are all such places. A variable that only a header shows has a name that says so.
func (w World) words() (all []word) {
	nodes := w.read()
	decided, _ := w.decided(nodes)
	walk(nodes, nil, func(n *node, around []*node) {
		add := func(context string, words ...string) {
			for _, text := range words {
				whole := strings.Replace(context, contextOf(around), said(around, true), 1)
				all = append(all, word{fmt.Sprintf("%s:%d", n.file, n.line), n.name() + " in " + context, text, n.name() + " in " + whole})
			}
		}
		context := contextOf(around)
		inTable := len(around) > 0 && isTable(around[len(around)-1])
		switch skip, steers := steering[n.name()]; {
		case inTable && len(n.words) == 2:
			add(context+" row "+n.words[0], n.words[1])
		case n.lua != "":
			add(context, n.lua)
		case n.name() == "set" && len(n.words) == 3 && decided[strings.TrimPrefix(n.words[1], "$")] != "":
		case n.name() == "set" && len(n.words) == 3 && !strings.HasPrefix(n.words[1], "$shown"):
			add(context, n.words[2])
		case n.name() == "return" && len(n.words) == 3 && strings.HasPrefix(n.words[1], "30"):
			add(context, n.words[2])
		case strings.HasSuffix(n.name(), "_pass") && len(n.words) > 1:
			add(context, n.words[1])
		case n.name() == "server" && n.block == nil && len(n.words) > 1:
			add(context, n.words[1])
		case steers && len(n.words) > skip:
			add(context, n.words[skip:]...)
		}
	})
	return all
}

// lookups are the hosts to which no requests go, and that nginx looks up when it loads its configuration.
func (w World) lookups() (all []word) {
	walk(w.read(), nil, func(n *node, _ []*node) {
		text := ""
		switch {
		case n.name() == "set_real_ip_from":
			text = n.words[1]
		case n.name() == "access_log":
			_, text, _ = strings.Cut(n.words[1], "syslog:server=")
		}
		if text != "" {
			all = append(all, word{place: fmt.Sprintf("%s:%d", n.file, n.line), text: text})
		}
	})
	return all
}

// LeftOver returns the places that name a colour of which no container runs: by an address or by its word, and not in
// the same way for the other colour.
func (w World) LeftOver(colour string) (broken []string) {
	for _, box := range w.Boxes {
		if box.Colour == colour && box.Runs {
			return nil
		}
	}
	all := w.words()
	seen := map[string]bool{}
	for _, one := range all {
		seen[one.whole] = true
	}
	for _, one := range all {
		if !w.names(one.text, colour) {
			continue
		}
		if perColour(one.context) && seen[swap(one.context)] {
			continue
		}
		broken = append(broken, fmt.Sprintf("%s is stopped, and %s names it: %s", colour, one.place, one.text))
	}
	return broken
}

// names says whether a text has a colour's word in it, and no other colour's, or a name or an address of a container of it.
func (w World) names(text, colour string) bool {
	mine, other := false, false
	for rest := text; ; {
		at := colourWord.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		if strings.EqualFold(rest[at[4]:at[5]], colour) {
			mine = true
		} else {
			other = true
		}
		rest = rest[at[5]:]
	}
	if mine && !other {
		return true
	}
	host := hostOf(text)
	return slices.ContainsFunc(w.owners(host), func(name string) bool { return w.Boxes[name].Colour == colour }) &&
		!slices.ContainsFunc(w.owners(host), func(name string) bool { return w.Boxes[name].Colour != colour })
}
