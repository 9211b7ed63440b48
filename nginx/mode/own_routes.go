package mode

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"bluegate/deploy/model"
	"bluegate/nginx/conf"
)

// OwnRoutes are the locations of the user's that prove where requests go: `location = /bluegate/route/NAME` with the
// header that says so.
func OwnRoutes(tree []*conf.File) (proofs []model.Proof) {
	for _, file := range tree {
		file.Walk(func(d *conf.Directive) bool {
			name, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(joined(d.Args), "=")), routePath)
			if d.Name.Value != "location" || !ok || name == "" || !strings.HasPrefix(joined(d.Args), "=") || !tellsRoute(d) {
				return true
			}
			if base, host, ok := listensAt(file.Enclosing(d)); ok {
				proofs = append(proofs, model.Proof{URL: base + routePath + name, Host: host, Answer: RouteHeader})
			}
			return true
		})
	}
	return proofs
}

// tellsRoute wants the header on every answer: an application may well have nothing at its root but a 404.
func tellsRoute(location *conf.Directive) bool {
	return slices.ContainsFunc(location.Block, func(d *conf.Directive) bool {
		return d.Name.Value == "add_header" && len(d.Args) == 3 && strings.EqualFold(d.Args[0].Value, RouteHeader) && d.Args[1].Value == "$upstream_addr" && d.Args[2].Value == "always"
	})
}

// listensAt is where a server is asked from nginx's own network namespace, without TLS.
func listensAt(server *conf.Directive) (base, host string, ok bool) {
	if server == nil || server.Name.Value != "server" {
		return "", "", false
	}
	base, ok = "http://127.0.0.1:80", true // nginx's default
	for _, d := range server.Block {
		switch {
		case d.Name.Value == "server_name" && len(d.Args) > 0 && host == "" && plainHost(d.Args[0].Value):
			host = d.Args[0].Value
		case d.Name.Value == "listen" && len(d.Args) > 0:
			at, plain := listenURL(d)
			if !plain {
				ok = ok && base != "http://127.0.0.1:80"
				continue
			}
			base, ok = at, true
		}
	}
	return base, host, ok
}

func plainHost(name string) bool {
	return name != "_" && name != "" && !strings.ContainsAny(name, "*~$")
}

func listenURL(listen *conf.Directive) (string, bool) {
	address := listen.Args[0].Value
	for _, a := range listen.Args {
		if a.Value == "ssl" || a.Value == "quic" || a.Value == "proxy_protocol" || strings.HasPrefix(address, "unix:") {
			return "", false
		}
	}
	if _, err := strconv.Atoi(address); err == nil {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "80"
	}
	switch host {
	case "", "*", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port), true
}
