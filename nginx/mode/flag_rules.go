package mode

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// memory is how long after the start of new containers nginx may still be without their addresses. A switch by flag
// reloads nothing, so nothing but its resolver tells nginx of them. What nginx would never learn is refused: a name that
// is resolved when the configuration is loaded, a resolver that believes the engine's answers for 10 minutes, and a cache
// of files that hides the flag.
func (w world) memory(f flag) (time.Duration, error) {
	var longest time.Duration
	var err error
	named := slices.ContainsFunc(slices.Concat(f.with, f.without), func(e model.Endpoint) bool {
		_, failed := netip.ParseAddr(strings.Trim(e.Host, "[]"))
		return failed != nil
	})
	resolvers := 0
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			line, _ := file.Position(d.Start)
			place := fmt.Sprintf("%s:%d", file.Path, line)
			switch {
			case d.Name.Value == "open_file_cache" && len(d.Args) > 0 && d.Args[0].Value != "off":
				err = cmpErr(err, model.Refuse(model.NginxNotSwitched, "%s: open_file_cache would hide for a while that %s was made or removed; turn it off in the server that looks for the file (open_file_cache off;)", place, f.File))
			case d.Name.Value == "resolver" && named:
				resolvers++
				valid, ok := validOf(d)
				if !ok {
					err = cmpErr(err, model.Refuse(model.NginxNotSwitched, "%s: this resolver believes an answer as long as the engine's DNS says, which is 10 minutes; write valid=2s behind it", place))
				}
				longest = max(longest, valid)
			case d.Name.Value == "server" && len(d.Args) > 0 && !d.HasBlock && w.fixed(file, d, f):
				err = cmpErr(err, model.Refuse(model.NginxNotSwitched, "%s: the address of %s is looked up only when nginx loads its configuration, and a new container may get another; write `resolve` behind it and `zone NAME 64k;` into its upstream (nginx 1.27.3 and newer), or name the address in the variable and leave the upstream out", place, d.Args[0].Value))
			}
			return true
		})
	}
	if err == nil && named && resolvers == 0 {
		err = model.Refuse(model.NginxNotSwitched, "%s: mode flag needs a resolver, because nothing else tells nginx of new containers' addresses; write `resolver 127.0.0.11 valid=2s ipv6=off;` into the server", f.place)
	}
	if longest = max(longest, w.unresolved(f)); longest > 0 {
		longest += resolving
	}
	return longest, err
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// fixed says whether a server of an upstream is one of the flag's, by a name that is resolved at load time only.
func (w world) fixed(file *conf.File, d *conf.Directive, f flag) bool {
	for _, p := range file.Points() {
		if p.Directive != "server" || p.Start < d.Start || p.End > d.End || slices.ContainsFunc(d.Args, func(a conf.Arg) bool { return a.Value == "resolve" }) {
			continue
		}
		if _, err := netip.ParseAddr(strings.Trim(p.Host, "[]")); err == nil {
			return false
		}
		return slices.ContainsFunc(slices.Concat(f.with, f.without), func(e model.Endpoint) bool {
			return strings.EqualFold(e.Host, p.Host) && e.Port == conf.PortOf(file.Src, p)
		})
	}
	return false
}

// fixedServers are the places of servers with these addresses whose names are resolved at load time only.
func (w world) fixedServers(ends []model.Endpoint) (places []string) {
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if d.Name.Value == "server" && len(d.Args) > 0 && !d.HasBlock && w.fixed(file, d, flag{with: ends}) {
				line, _ := file.Position(d.Start)
				places = append(places, fmt.Sprintf("%s:%d", file.Path, line))
			}
			return true
		})
	}
	return places
}

func validOf(resolver *conf.Directive) (time.Duration, bool) {
	for _, a := range resolver.Args {
		if text, ok := strings.CutPrefix(a.Value, "valid="); ok {
			return conf.ParseDuration(text)
		}
	}
	return 0, false
}

// upstreamsOf are the upstreams in which a server of the flag's stands.
func (w world) upstreamsOf(f flag) (upstreams []upstream) {
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if d.Name.Value != "upstream" || !d.HasBlock || len(d.Args) == 0 {
				return true
			}
			ends, err := w.upstream(d.Args[0].Value)
			if err == nil && slices.ContainsFunc(ends, func(e model.Endpoint) bool { return slices.Contains(slices.Concat(f.with, f.without), e) }) {
				upstreams = append(upstreams, upstream{d, file.Enclosing(d)})
			}
			return false
		})
	}
	return upstreams
}

type upstream struct {
	*conf.Directive
	within *conf.Directive // http or stream, where that can be seen
}

// idleLimit is how long an upstream of the flag's keeps an idle connection to the colour that it no longer gets traffic
// for: until then a drain cannot tell it from one that is in use.
func (w world) idleLimit(f flag) (longest time.Duration) {
	for _, u := range w.upstreamsOf(f) {
		limit, keeps := time.Minute, false
		for _, d := range u.Block {
			keeps = keeps || d.Name.Value == "keepalive" && len(d.Args) > 0
			if t, ok := spanIn(d, "keepalive_timeout"); ok {
				limit = cmp.Or(t, limit)
			}
		}
		if keeps {
			longest = max(longest, limit)
		}
	}
	return longest
}

// passesBodiesOn says whether the configuration has nginx connect to a colour as soon as it has chosen it.
func (w world) passesBodiesOn() bool {
	return slices.ContainsFunc(w.tree, func(file *conf.File) (off bool) {
		file.Walk(func(d *conf.Directive) bool {
			off = off || d.Name.Value == "proxy_request_buffering" && len(d.Args) == 1 && d.Args[0].Value == "off"
			return !off
		})
		return off
	})
}

// unresolved is how long a server with `resolve` may stay without an address although its name has got one. nginx asks
// for the names of such servers all the while, also for those of a colour that is not there. Told that there is no such
// name, it asks again when that answer is no longer valid. Anything else, such as the SERVFAIL of an engine whose own DNS
// servers do not answer it, makes nginx pause for resolver_timeout, and a question without an answer takes as long before
// it fails (ngx_http_upstream_zone_module.c of nginx 1.27.3 and newer). Each request that comes in between gets a 502.
func (w world) unresolved(f flag) (longest time.Duration) {
	for _, u := range w.upstreamsOf(f) {
		if slices.ContainsFunc(u.Block, func(d *conf.Directive) bool {
			return d.Name.Value == "server" && slices.ContainsFunc(d.Args, func(a conf.Arg) bool { return a.Value == "resolve" })
		}) {
			longest = max(longest, 2*max(w.resolverTimeout(u), time.Second))
		}
	}
	return longest
}

// resolverTimeout is an upstream's: its own, or that of what it stands in, or nginx's default.
func (w world) resolverTimeout(u upstream) time.Duration {
	timeout := 30 * time.Second
	for _, file := range w.tree {
		file.Walk(func(d *conf.Directive) bool {
			if t, ok := spanIn(d, "resolver_timeout"); ok && file.Enclosing(d) == u.within {
				timeout = t
			}
			return true
		})
	}
	for _, d := range u.Block {
		if t, ok := spanIn(d, "resolver_timeout"); ok {
			timeout = t
		}
	}
	return timeout
}

// spanIn is the time that a directive of that name gives.
func spanIn(d *conf.Directive, name string) (time.Duration, bool) {
	if d.Name.Value != name || len(d.Args) == 0 {
		return 0, false
	}
	return conf.ParseDuration(d.Args[0].Value)
}
