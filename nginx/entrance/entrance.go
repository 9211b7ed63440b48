// Package entrance says at which addresses requests come in that a configuration of nginx may pass to a colour. It is pure.
package entrance

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"bluegate/nginx/conf"
)

// Server is where one server of the configuration listens.
type Server struct {
	IP   string // empty: every address
	Port int
	TLS  bool
	Host string // that requests have to name; empty: none is known
}

// Loopback says that only the machine, or the container, on which nginx runs reaches the server.
func (s Server) Loopback() bool { return net.ParseIP(s.IP).IsLoopback() }

// Of are the servers in which a *_pass names one of these hosts or upstreams, or a variable; without names, any *_pass.
// Those for everyone are first, then those without TLS, in the order of the configuration.
func Of(top *conf.Scope, names []string) (all []Server) {
	top.Walk(func(s *conf.Scope, d conf.Placed) {
		if d.Name.Value != "server" || !d.HasBlock || s.Block == nil || s.Block.Name.Value != "http" {
			return
		}
		if inner := s.Inner(d); passes(inner, names) {
			all = append(all, listens(inner)...)
		}
	})
	slices.SortStableFunc(all, func(a, b Server) int {
		return cmp.Or(compare(a.Loopback(), b.Loopback()), compare(a.TLS, b.TLS))
	})
	return all
}

func compare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// passes says whether requests to a server may be passed to one of the names.
func passes(server *conf.Scope, names []string) (found bool) {
	server.Walk(func(_ *conf.Scope, d conf.Placed) {
		target, ok := conf.PassTarget(d.Name.Value, d.Value())
		switch {
		case !strings.HasSuffix(d.Name.Value, "_pass") || d.Value() == "":
		case len(names) == 0, strings.Contains(d.Value(), "$"):
			found = true
		case ok && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, target) }):
			found = true
		case slices.ContainsFunc(names, func(name string) bool { return strings.Contains(d.Value(), name) }):
			found = true
		}
	})
	return found
}

// listens are the addresses of a server that HTTP is spoken at.
func listens(server *conf.Scope) (all []Server) {
	host, declared := "", false
	for _, d := range server.Items {
		switch d.Name.Value {
		case "server_name":
			for _, a := range d.Args {
				if host == "" && plain(a.Value) {
					host = a.Value
				}
			}
		case "listen":
			declared = true
		}
	}
	if !declared {
		return []Server{{Port: 80, Host: host}}
	}
	for _, d := range server.Items {
		if at, ok := listen(d); ok {
			at.Host = host
			all = append(all, at)
		}
	}
	return all
}

// plain says whether a server_name is a name that a request can have.
func plain(name string) bool { return name != "_" && name != "" && !strings.ContainsAny(name, "*~$") }

func listen(d conf.Placed) (at Server, ok bool) {
	address := d.Value()
	if d.Name.Value != "listen" || address == "" || strings.HasPrefix(address, "unix:") {
		return at, false
	}
	for _, a := range d.Args[1:] {
		switch a.Value {
		case "quic", "proxy_protocol":
			return at, false
		case "ssl":
			at.TLS = true
		}
	}
	if port, err := strconv.Atoi(address); err == nil {
		at.Port = port
		return at, true
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "80"
	}
	if at.Port, err = strconv.Atoi(port); err != nil {
		return at, false
	}
	if host != "*" && host != "0.0.0.0" && host != "::" {
		at.IP = host
	}
	return at, true
}
