package lint

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"bluegate/deploy/judge"
	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// A verdict from requests needs a line of nginx's log for each. The lines that send it stand in the user's files for good:
// a log format, a map that says whether anything is logged now, and an access_log wherever one decides. What a switch
// writes is the one file that the map includes.

// judgeFormat is what the log format is called.
const judgeFormat = "bluegate"

// RequestLog is what a configuration says of the log from which a release is judged.
type RequestLog struct {
	// Gate is the file that says until when requests are logged, as nginx sees it; empty: no map includes one.
	Gate string
	// Unseen are the passes to a colour whose requests are not logged: what they pass to, and their place.
	Unseen []string

	levels  []level
	defined bool // the log format is there, and is ours
}

// level is a block that needs a line.
type level struct {
	block     *conf.Scope
	own       []conf.Placed // its own lines, which say where it logs
	inherited []string      // the lines that one of its own would replace
}

// judgedVariable is 1 while requests are logged. Its name has the port, so that two applications behind one nginx do not
// log to each other.
func judgedVariable(port int) string { return fmt.Sprintf("$bluegate_judged_%d", port) }

// Requests finds out which requests to a colour are logged at a port of 127.0.0.1.
func (f Input) Requests(port int) (r RequestLog) {
	r.Gate, r.defined = f.gate(port), f.hasJudgeFormat()
	for _, p := range f.passes() {
		if isProof(p.scope) {
			continue
		}
		block, own, inherited := logsOf(p.scope)
		if r.defined && r.Gate != "" && sends(own, port) {
			continue
		}
		r.Unseen = append(r.Unseen, fmt.Sprintf("%s (%s)", p.Value(), p.Place()))
		if p.scope.Within("stream") || sends(own, port) || slices.ContainsFunc(r.levels, func(l level) bool { return l.block.Is(block) }) {
			continue
		}
		r.levels = append(r.levels, level{block: block, own: own, inherited: inherited})
	}
	return r
}

// isProof says whether a scope is a location that proves where requests go, and that no user asks.
func isProof(s *conf.Scope) bool {
	return s.Block != nil && s.Block.Name.Value == "location" && slices.ContainsFunc(s.Block.Args, func(a conf.Arg) bool {
		return strings.HasPrefix(strings.TrimPrefix(a.Value, "="), "/bluegate/route/")
	})
}

// logsOf are the access_log directives that decide for a scope, and the block that needs one for ours: that of these
// directives, or else the server, where those that it inherits are repeated.
func logsOf(s *conf.Scope) (block *conf.Scope, own []conf.Placed, inherited []string) {
	server := s
	for at := s; at != nil; at = at.Outer {
		if at.Block != nil && at.Block.Name.Value == "server" {
			server = at
		}
		for _, d := range at.Items {
			if d.Name.Value == "access_log" {
				own = append(own, d)
			}
		}
		if len(own) == 0 {
			continue
		}
		if at.Block != nil && at.Block.Name.Value != "http" {
			return at, own, nil
		}
		for _, d := range own {
			if d.Value() != "off" {
				inherited = append(inherited, d.Text())
			}
		}
		return server, own, inherited
	}
	return server, nil, []string{"access_log /var/log/nginx/access.log combined;  # nginx's default: nginx -V, --http-log-path"}
}

// sends says whether one of the directives of a level logs to the port. One that is off cancels all of its level.
func sends(logs []conf.Placed, port int) bool {
	if slices.ContainsFunc(logs, func(d conf.Placed) bool { return d.Value() == "off" }) {
		return false
	}
	return slices.ContainsFunc(logs, func(d conf.Placed) bool {
		target, ok := strings.CutPrefix(d.Value(), "syslog:")
		return ok && slices.Contains(strings.Split(target, ","), fmt.Sprintf("server=127.0.0.1:%d", port)) &&
			len(d.Args) == 3 && d.Args[1].Value == judgeFormat && d.Args[2].Value == "if="+judgedVariable(port)
	})
}

// gate is the file that the map of the port's variable includes. Its pattern matches that one file, or none.
func (f Input) gate(port int) (file string) {
	f.Top.Walk(func(s *conf.Scope, d conf.Placed) {
		if d.Name.Value != "map" || len(d.Args) != 2 || d.Args[0].Value != "$msec" || d.Args[1].Value != judgedVariable(port) {
			return
		}
		for _, inner := range d.Block {
			if inner.Name.Value == "include" && len(inner.Args) == 1 && path.IsAbs(inner.Args[0].Value) {
				file = unpattern(inner.Args[0].Value)
			}
		}
	})
	return file
}

// oneOf is a bracket of glob(3) with one character in it.
var oneOf = regexp.MustCompile(`\[([^\]!^])\]`)

// unpattern is the one name that a pattern matches; empty where that may be several, or where it has no bracket: nginx
// does not start while such a file is missing.
func unpattern(pattern string) string {
	name := oneOf.ReplaceAllString(pattern, "$1")
	if name == pattern || strings.ContainsAny(name, "*?[") {
		return ""
	}
	return path.Clean(name)
}

// hasJudgeFormat says whether the log format is there, and is the one that is read.
func (f Input) hasJudgeFormat() (ok bool) {
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		if d.Name.Value != "log_format" || d.Value() != judgeFormat {
			return
		}
		text, escaped := "", false
		for _, a := range d.Args[1:] {
			if a.Value == "escape=json" {
				escaped = true
			} else {
				text += a.Value
			}
		}
		ok = escaped && (text == judge.LogFormat(CanaryKey) || text == judge.LogFormat("") && !f.JudgeKey)
	})
	return ok
}

// CanaryKey is the variable with the key by which a canary chooses a colour. The file of mode managed defines it.
const CanaryKey = "$bluegate_key"

// defines says whether a map gives a variable its value.
func (f Input) defines(variable string) (found bool) {
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		found = found || d.Name.Value == "map" && len(d.Args) == 2 && d.Args[1].Value == variable
	})
	return found
}

// requestsUnseen says of each block which lines it needs, so that a release can be judged by its requests.
func requestsUnseen(f Input) []model.Finding {
	if f.JudgePort == 0 {
		return nil
	}
	r := f.Requests(f.JudgePort)
	if len(r.Unseen) == 0 {
		return nil
	}
	place := ""
	if http, ok := f.http(); ok {
		place = http.Place()
	}
	return []model.Finding{{
		Code: "requests-unseen", Place: place,
		Message: fmt.Sprintf("nginx does not log the requests of %s for bluegate, so that a release cannot be judged by them (judge)", strings.Join(r.Unseen, ", ")),
		Cost:    "the verdict about these services is \"cannot tell\", and judge.too_few decides",
		Remedy:  f.judgeLines(r),
	}}
}

// judgeLines are the lines to add, block by block.
func (f Input) judgeLines(r RequestLog) string {
	var b strings.Builder
	http, _ := f.http()
	if !r.defined || r.Gate == "" {
		fmt.Fprintf(&b, "# in http {} (%s), before what it includes\n", http.Place())
		if !r.defined {
			key := ""
			if f.JudgeKey || f.defines(CanaryKey) {
				key = CanaryKey
			}
			fmt.Fprintf(&b, "log_format %s escape=json '%s';\n", judgeFormat, judge.LogFormat(key))
		}
		if r.Gate == "" {
			fmt.Fprintf(&b, "map $msec %s { default 0; include %s/.bluegate-judged-%d[.]map; }\n", judgedVariable(f.JudgePort), f.switchedDir(), f.JudgePort)
		}
	}
	for _, l := range r.levels {
		verb := "in"
		var replaced []string
		for _, d := range l.own {
			if d.Value() == "off" && d.Name.Value == "access_log" && len(l.inherited) == 0 && l.owns(d) {
				replaced = append(replaced, d.Place())
			}
		}
		if len(replaced) > 0 {
			verb = "in the place of `access_log off` at " + strings.Join(replaced, ", ") + ", in"
		}
		fmt.Fprintf(&b, "# %s %s\n", verb, l.name())
		for _, line := range l.inherited {
			b.WriteString(line + "\n")
		}
		fmt.Fprintf(&b, "access_log syslog:server=127.0.0.1:%d,nohostname,tag=bluegate %s if=%s;\n", f.JudgePort, judgeFormat, judgedVariable(f.JudgePort))
	}
	b.WriteString("# then reload nginx")
	return b.String()
}

// owns says whether a directive stands in the block itself.
func (l level) owns(d conf.Placed) bool {
	return slices.ContainsFunc(l.block.Items, func(o conf.Placed) bool { return o.Directive == d.Directive })
}

func (l level) name() string {
	if l.block.Block == nil {
		return "the main file"
	}
	words := l.block.Block.Name.Value
	for _, a := range l.block.Block.Args {
		words += " " + a.Value
	}
	return fmt.Sprintf("%s {} (%s)", words, l.block.Place())
}

// switchedDir is the folder of the files that a switch changes: they can be written there.
func (f Input) switchedDir() string {
	for _, name := range f.Writes {
		return path.Dir(name)
	}
	if len(f.Tree) > 0 {
		return path.Dir(f.Tree[0].Path)
	}
	return "/etc/nginx"
}
