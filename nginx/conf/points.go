package conf

import "strings"

// A Point is a place at which a file names a network address literally, in a directive that sends traffic there.
type Point struct {
	Path       string
	Line, Col  int    // of the host
	Directive  string // "server", "proxy_pass", ...
	Upstream   string // the upstream that a server belongs to; "" for *_pass, and where the file alone does not say it
	Variable   string // which is given the address, without its "$"; "" where it is no variable's value
	Host, Port string // as written: an IPv6 host keeps its brackets, Port is "" when none is written
	Start, End int    // of exactly host[:port] in Src
}

// RefersTo reports whether the point is no address but the name of one of the given upstreams, which may come from any
// file. nginx takes a host for the name of an upstream only where no port is written, and does not mind its case.
func (p Point) RefersTo(upstreams []string) bool {
	if p.Directive == "server" || p.Port != "" {
		return false
	}
	for _, name := range upstreams {
		if strings.EqualFold(name, p.Host) {
			return true
		}
	}
	return false
}

// Points returns the addresses in the file: the first argument of each server of an upstream, and the host[:port] of
// each *_pass, in http and in stream. What nginx builds at run time is no point, nor is a Unix socket.
//
// A server at the top of a file counts as well, because such a file is included by an upstream; that it is included
// elsewhere, LoadTree sees.
func (f *File) Points() []Point {
	var points []Point
	f.Walk(func(d *Directive) bool {
		if p, ok := f.point(d); ok {
			points = append(points, p)
		}
		return true
	})
	return points
}

func (f *File) point(d *Directive) (Point, bool) {
	if d.HasBlock || len(d.Args) == 0 {
		return Point{}, false
	}
	word := d.Args[0]
	var a address
	var upstream string
	ok := false
	if d.Name.Value == "server" {
		if upstream, ok = f.upstreamOf(d); ok {
			a, ok = serverAddress(word.Value)
		}
	} else {
		a, ok = passAddress(d.Name.Value, word.Value)
	}
	if !ok {
		return Point{}, false
	}
	start, _ := f.content(word)
	p := Point{
		Path: f.Path, Directive: d.Name.Value, Upstream: upstream,
		Host: a.host, Port: a.port, Start: start + a.start, End: start + a.end,
	}
	p.Line, p.Col = f.Position(p.Start)
	return p, true
}

// upstreamOf returns the name of the upstream that a server directive belongs to, and whether it can belong to one.
func (f *File) upstreamOf(server *Directive) (string, bool) {
	block := f.enclosing(server)
	if block == nil {
		return "", true
	}
	return upstreamName(block)
}

func upstreamName(d *Directive) (string, bool) {
	if d.Name.Value != "upstream" || !d.HasBlock || len(d.Args) == 0 {
		return "", false
	}
	return d.Args[0].Value, true
}

// Upstreams returns the names of the upstreams that the file defines.
func (f *File) Upstreams() []string {
	var names []string
	f.Walk(func(d *Directive) bool {
		if name, ok := upstreamName(d); ok {
			names = append(names, name)
		}
		return true
	})
	return names
}

// PassTarget returns the host that a *_pass directive sends traffic to, which may be an upstream's name. It is empty for
// what nginx puts together at run time; ok is false for other directives.
func PassTarget(directive, value string) (host string, ok bool) {
	if _, ok = passSchemes(directive); !ok {
		return "", false
	}
	a, _ := passAddress(directive, value)
	return a.host, true
}
