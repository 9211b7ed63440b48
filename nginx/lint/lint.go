// Package lint is the rules by which doctor judges an nginx: what is known to cost requests or switches. It is pure: all
// that a rule looks at is in its Input.
package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/nginx/mode"
)

// Input are what the rules of an examination look at: all that was found out, so that a rule asks nothing itself.
type Input struct {
	Surroundings
	Nginx    string // how messages call it
	Tree     []*conf.File
	Top      *conf.Scope // the same, assembled
	Words    []word
	Live     model.Colour // None where the configuration names both, or neither
	Reloads  bool         // a switch reloads nginx
	Reload   string       // how a person does
	Drain    time.Duration
	Snapshot agent.Snapshot
	Link     func(string) string // where a path leads once its symbolic links are followed
	Unloaded []string            // files that are newer than the workers, and on which it does not depend what is served
	Writes   []string            // the files that a switch changes
	// JudgePort is where nginx is to log its requests, so that a release can be judged by them; 0: it is not.
	JudgePort int
	Steps     int  // of a canary
	JudgeKey  bool // with the key by which a canary chooses the colour
}

// Storage is where a file that nginx reads is kept.
type Storage struct {
	Kind   storageKind
	Source string // what is mounted, as who mounted it said
	Target string // where
	Inside string // its directory as nginx sees it
	Host   string // the file itself on this machine, where it is this machine's
	Git    string // the folder of the git repository that tracks it there
}

type storageKind string

const (
	InDirectory storageKind = "directory" // a mounted one, or a host's own
	InFile      storageKind = "file"      // mounted by itself
	InVolume    storageKind = "volume"
	InLayer     storageKind = "layer" // of the container: edited since it was made
	InImage     storageKind = "image"
	InMemory    storageKind = "tmpfs"
)

// A rule looks at one thing that is known to cost requests or switches.
type rule func(Input) []model.Finding

// rules are in the order in which a report shows them: what forbids or undoes a switch first, then what loses requests.
var rules = []rule{
	bothColours, storedBadly, trackedByGit, notLoaded, firstProcess, errorLog, leavingTooLong,
	keepAliveRace, shutdownTimeout, reusePort, unixSockets, connectTimeout, upstreamKeepalive, variablePass, requestsUnseen,
}

// Findings are those of all rules, the worst first. None refuses anything.
func (f Input) Findings() (all []model.Finding) {
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

// Addressed are all words of either colour. An ambiguous address is the route's refusal, and no word.
func Addressed(tree []*conf.File, dir *model.Addresses) (words []word) {
	ports := conf.PortsBehind(tree)
	for _, file := range tree {
		for _, p := range slices.Concat(file.Points(), file.Values()) {
			port, _ := ports.Of(file.Src, p)
			if e, found, err := dir.Find(p.Host, port); found && err == nil {
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
func (f Input) passes() (all []pass) {
	upstreams, variables := map[string]bool{}, map[string]bool{}
	for _, w := range f.Words {
		upstreams[w.Upstream], variables[w.Variable] = true, true
	}
	f.values(func(p conf.Point) {
		if upstreams[p.Host] && p.Port == "" {
			variables[p.Variable] = true
		}
	})
	delete(upstreams, "")
	delete(variables, "")
	f.Top.Walk(func(s *conf.Scope, d conf.Placed) {
		target, ok := conf.PassTarget(d.Name.Value, strings.Replace(d.Value(), mode.Side, "", 1))
		if ok && (upstreams[target] || f.isWord(d) || variables[variableOf(d)]) {
			all = append(all, pass{d, s})
		}
	})
	return all
}

// values calls visit for what variables are given.
func (f Input) values(visit func(conf.Point)) {
	for _, file := range f.Tree {
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
	if rest != "" && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "$") && !strings.HasPrefix(rest, ":") {
		return ""
	}
	return name
}

// isWord says whether a directive carries a colour's address.
func (f Input) isWord(d conf.Placed) bool {
	return slices.ContainsFunc(f.Words, func(w word) bool {
		return w.Path == d.File.Path && d.Start <= w.Start && w.Start < d.End
	})
}

// http is the block that all settings for HTTP may stand in.
func (f Input) http() (conf.Placed, bool) { return f.Top.Own("http") }

func at(d conf.Placed, code, format string, args ...any) model.Finding {
	return model.Finding{Code: code, Place: d.Place(), Message: fmt.Sprintf(format, args...)}
}
