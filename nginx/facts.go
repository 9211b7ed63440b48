package nginx

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
)

// facts are what the rules of an examination look at: all that was found out, so that a rule asks nothing itself.
type facts struct {
	surroundings
	nginx    string // how messages call it
	tree     []*conf.File
	top      *conf.Scope // the same, assembled
	words    []word
	live     model.Colour // None where the configuration names both, or neither
	reloads  bool         // a switch reloads nginx
	reload   string       // how a person does
	drain    time.Duration
	snapshot agent.Snapshot
	link     func(string) string // where a path leads once its symbolic links are followed
	unloaded []string            // files without switch points that are newer than the workers
}

// storage is where a file that nginx reads is kept.
type storage struct {
	kind   storageKind
	source string // what is mounted, as who mounted it said
	target string // where
	inside string // its directory as nginx sees it
	host   string // the file itself on this machine, where it is this machine's
	git    string // the folder of the git repository that tracks it there
}

type storageKind string

const (
	inDirectory storageKind = "directory" // a mounted one, or a host's own
	inFile      storageKind = "file"      // mounted by itself
	inVolume    storageKind = "volume"
	inLayer     storageKind = "layer" // of the container: edited since it was made
	inImage     storageKind = "image"
	inMemory    storageKind = "tmpfs"
)

// A rule looks at one thing that is known to cost requests or switches.
type rule func(facts) []model.Finding

// rules are in the order in which a report shows them: what forbids or undoes a switch first, then what loses requests.
var rules = []rule{
	bothColours, storedBadly, trackedByGit, notLoaded, firstProcess, errorLog, leavingTooLong,
	keepAliveRace, shutdownTimeout, reusePort, unixSockets, connectTimeout, upstreamKeepalive, variablePass,
}

func (f facts) findings() (all []model.Finding) {
	for _, look := range rules {
		all = append(all, look(f)...)
	}
	return all
}

// A word is an address of a colour where the configuration names it, as a server, in a *_pass, or as a variable's value.
type word struct {
	conf.Point
	colour model.Colour
}

func (w word) place() string { return fmt.Sprintf("%s:%d", w.Path, w.Line) }

func (w word) address() string {
	if w.Port == "" {
		return w.Host
	}
	return w.Host + ":" + w.Port
}

// wordsOf are all words of either colour. An ambiguous address is the route's refusal, and no word.
func wordsOf(tree []*conf.File, dir *model.Addresses) (words []word) {
	for _, file := range tree {
		for _, p := range slices.Concat(file.Points(), file.Values()) {
			if e, found, err := dir.Find(p.Host, portOf(file.Src, p)); found && err == nil {
				words = append(words, word{p, e.Colour})
			}
		}
	}
	return words
}

// A pass is a directive that sends traffic to a colour.
type pass struct {
	conf.Placed
	scope *conf.Scope
}

// passes are the *_pass directives that lead to a colour: by its address, by an upstream that names it, or by a variable
// that holds either.
func (f facts) passes() (all []pass) {
	upstreams, variables := map[string]bool{}, map[string]bool{}
	for _, w := range f.words {
		upstreams[w.Upstream], variables[w.Variable] = true, true
	}
	f.values(func(p conf.Point) {
		if upstreams[p.Host] && p.Port == "" {
			variables[p.Variable] = true
		}
	})
	delete(upstreams, "")
	delete(variables, "")
	f.top.Walk(func(s *conf.Scope, d conf.Placed) {
		target, ok := conf.PassTarget(d.Name.Value, d.Value())
		if ok && (upstreams[target] || f.isWord(d) || variables[variableOf(d)]) {
			all = append(all, pass{d, s})
		}
	})
	return all
}

// values calls visit for what variables are given.
func (f facts) values(visit func(conf.Point)) {
	for _, file := range f.tree {
		for _, p := range file.Values() {
			visit(p)
		}
	}
}

// variableOf is the variable that a *_pass sends traffic to, with or without a scheme before it.
func variableOf(d conf.Placed) string {
	value := d.Value()
	if _, behind, ok := strings.Cut(value, "://"); ok {
		value = behind
	}
	name, rest := conf.CutVariable(value)
	if rest != "" && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "$") {
		return ""
	}
	return name
}

// isWord says whether a directive carries a colour's address.
func (f facts) isWord(d conf.Placed) bool {
	return slices.ContainsFunc(f.words, func(w word) bool {
		return w.Path == d.File.Path && d.Start <= w.Start && w.Start < d.End
	})
}

// http is the block that all settings for HTTP may stand in.
func (f facts) http() (conf.Placed, bool) { return f.top.Own("http") }

func at(d conf.Placed, code, format string, args ...any) model.Finding {
	return model.Finding{Code: code, Place: d.Place(), Message: fmt.Sprintf(format, args...)}
}
