package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

func dirOf(file string) string { return path.Dir(file) }

// longestConnect is how long a connect may take on one machine's networks before it is better given up.
const longestConnect = 5 * time.Second

// defaultConnect is nginx's own.
const defaultConnect = 60 * time.Second

// connectTimeout: the address of a container that has ended does not refuse, it is silent.
func connectTimeout(f Input) (all []model.Finding) {
	for _, p := range f.passes() {
		name := strings.TrimSuffix(p.Name.Value, "_pass") + "_connect_timeout"
		d, isSet := p.scope.Setting(name)
		span := defaultConnect
		if isSet {
			var ok bool
			if span, ok = conf.ParseDuration(d.Value()); !ok {
				continue
			}
		}
		if span <= longestConnect {
			continue
		}
		found := at(p.Placed, "connect-timeout", "%s is not set, which means 60 s", name)
		if isSet {
			found = at(d, "connect-timeout", "%s is %s", name, d.Value())
		}
		found.Cost = fmt.Sprintf("a container that dies leaves its address silent: each request that nginx sends there hangs for %s and is then answered with 504 (measured), instead of failing at once", span)
		found.Remedy = name + " 2s;"
		if !slices.ContainsFunc(all, func(o model.Finding) bool {
			return o.Message == found.Message && (isSet && o.Place == found.Place || !isSet)
		}) {
			all = append(all, found)
		}
	}
	return all
}

// upstreamKeepalive: without it every request has a connection of its own to the app.
func upstreamKeepalive(f Input) (all []model.Finding) {
	if !f.Version.before(withUpstreamKeepalive) {
		return nil
	}
	f.Top.Walk(func(s *conf.Scope, d conf.Placed) {
		if d.Name.Value != "upstream" || !d.HasBlock || !s.Within("http") {
			return
		}
		inner := s.Inner(d)
		if _, ok := inner.Own("keepalive"); ok || !slices.ContainsFunc(inner.Items, f.isWord) {
			return
		}
		found := at(d, "upstream-keepalive", "upstream %s keeps no connections to the app (%s does so only when it is told to)", d.Value(), f.Version)
		found.Cost = "a connection per request: measured 6 times fewer requests per second, and under load the ports run out (connect() failed (99: Cannot assign requested address): 471 of 5,210 requests)"
		found.Remedy = fmt.Sprintf("# in upstream %s, after its servers:\nkeepalive 32;\n# and next to its proxy_pass, in the place of lines that set the same; a proxy_set_header there ends what is inherited of\n# others, so copy them:\nproxy_http_version 1.1;\nproxy_set_header Connection \"\";", d.Value())
		all = append(all, found)
	})
	return all
}

// variablePass: an address that nginx puts together at run time has no upstream, so that no connection to it is kept. A
// variable that only ever holds the name of an upstream is fine.
func variablePass(f Input) (all []model.Finding) {
	if !f.Version.before(withUpstreamKeepalive) {
		return nil
	}
	var upstreams []string
	for _, file := range f.Tree {
		upstreams = append(upstreams, file.Upstreams()...)
	}
	addresses := map[string]bool{} // variables that hold one
	f.values(func(p conf.Point) { addresses[p.Variable] = addresses[p.Variable] || !p.RefersTo(upstreams) })
	f.Top.Walk(func(_ *conf.Scope, d conf.Placed) {
		if _, ok := conf.PassTarget(d.Name.Value, d.Value()); !ok || !addresses[variableOf(d)] {
			return
		}
		found := at(d, "variable-pass", "%s %s is put together at run time: nginx keeps no connections to what is no upstream", d.Name.Value, d.Value())
		found.Cost = "a connection per request, and under load the ports run out: measured 471 of 5,210 requests that failed"
		found.Remedy = "# in http {}; and let the variable hold the upstream's name, or name that directly\nupstream app { server HOST:PORT; keepalive 32; }"
		all = append(all, found)
	})
	return all
}

// bothColours: with both in one upstream no switch can tell which is meant, and nginx does not start once either is gone.
func bothColours(f Input) (all []model.Finding) {
	if f.Live != model.None {
		return nil
	}
	first := map[string]word{} // of each upstream
	for _, w := range f.Words {
		other, known := first[w.Upstream]
		switch {
		case w.Upstream == "":
		case !known:
			first[w.Upstream] = w
		case other.colour != w.colour:
			all = append(all, model.Finding{
				Code: "both-in-one-upstream", Place: w.place(),
				Message: fmt.Sprintf("upstream %s names both colours: %s and, at %s, %s", w.Upstream, w.address(), other.place(), other.address()),
				Cost:    "users meet both releases at once, in turns; a stopped colour gets its share of requests until each has failed; nginx does not start while the name of either does not resolve; bluegate refuses to deploy",
				Remedy:  fmt.Sprintf("# remove the line of the colour that is not to be live; if that is %s, then %s:\n- server %s;", w.colour, w.place(), w.address()),
			})
		}
	}
	return all
}
