package setups

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// drawing puts a configuration together, block by block.
type drawing struct {
	t     *rapid.T
	setup *Setup
	real  bool
	n     int

	top, http, server, before, servers, stream, live []string
}

func (d *drawing) next() int { d.n++; return d.n }

// address is one of a service: by which name, and with which port. Most are as a switch can change them.
func (d *drawing) address(s Service, colour string) string {
	host := s.Name(colour)
	if d.real && often(d.t, 80) {
		return fmt.Sprintf("%s:%d", host, s.Ports[colour])
	}
	switch form := number(d.t, 40); {
	case form < 3 && s.Alias:
		host = s.Aliases(colour)[0]
	case form < 5:
		host = s.Container(colour, 1)
	case form == 5:
		host = strings.ToUpper(host)
	case form == 6 && s.Shared:
		host = "any-" + s.Key
	case form == 7 && s.Hostname:
		host = s.Host(colour)
	case form == 8:
		host += "." + s.Network()
	case form == 9 && s.Fixed:
		host = s.Address(colour, 1)
	}
	if often(d.t, 4) {
		return fmt.Sprintf("%s:%d", host, 9090) // which no service declares
	}
	return fmt.Sprintf("%s:%d", host, s.Ports[colour])
}

// mainRoute passes what users ask to a service of the live colour.
func (d *drawing) mainRoute(s Service) {
	colour, n := d.setup.Live, d.next()
	switch {
	case d.setup.Mode == "flag":
		d.byFlag(s, n)
		return
	case d.setup.Whole():
		d.live = append(d.live, fmt.Sprintf("upstream %s { server %s:{port-%s}; }", upstreamOf(s), s.Name("{colour}"), s.Key))
		d.setup.Upstreams[upstreamOf(s)] = fmt.Sprintf("%s:{port-%s}", s.Name("{colour}"), s.Key)
		d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://%s; }", n, upstreamOf(s)))
		return
	}
	ways := []func(Service, string, int){
		d.byUpstream, d.byUpstream, d.byUpstream, d.byUpstream, d.byPass, d.byPass, d.byStreamUpstream, d.byStreamPass, d.bySet, d.bySet, d.byMap, d.byMap, d.byTwins, d.byTwins, d.byTwinsAndWord,
	}
	if !d.real {
		ways = append(ways, d.byOtherPass, d.byOtherPass, d.byOtherPass, d.byOtherPass, d.byOtherPass, d.byOtherPass, d.byOtherPass, d.byGeo)
	}
	oneOf(d.t, ways)(s, colour, n)
}

func upstreamOf(s Service) string { return "u_" + strings.ReplaceAll(s.Key, "-", "_") }

// byFlag chooses one of two upstreams by what the flag decides. A name that nginx looks up when it loads its configuration
// is refused.
func (d *drawing) byFlag(s Service, n int) {
	resolve := oneOf(d.t, []string{" resolve", " resolve", " resolve", " resolve", " resolve", " resolve", ""})
	for _, c := range Colours {
		d.http = append(d.http, fmt.Sprintf("upstream f%d_%s { zone f%d_%s 64k; server %s:%d%s; }", n, c, n, c, s.Name(c), s.Ports[c], resolve))
	}
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://f%d_$side; }", n, n))
}

func (d *drawing) byUpstream(s Service, colour string, n int) {
	backup := ""
	if often(d.t, 10) {
		backup = " server db:80 backup;"
	}
	d.http = append(d.http, fmt.Sprintf("upstream u%d { server %s;%s keepalive 4; }", n, d.address(s, colour), backup))
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://u%d; }", n, n))
}

func (d *drawing) byPass(s Service, colour string, n int) {
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://%s%s; }", n, d.address(s, colour), oneOf(d.t, []string{"", "/", "/x/y", "$request_uri"})))
}

func (d *drawing) byOtherPass(s Service, colour string, n int) {
	way := oneOf(d.t, []string{"grpc_pass grpc://", "grpc_pass ", "fastcgi_pass ", "fastcgi_pass ", "uwsgi_pass ", "uwsgi_pass uwsgi://", "scgi_pass ", "scgi_pass ", "memcached_pass ", "memcached_pass "})
	d.location(fmt.Sprintf("location /r%d/ { %s%s; }", n, way, d.address(s, colour)))
}

func (d *drawing) byStreamUpstream(s Service, colour string, n int) {
	d.stream = append(d.stream, fmt.Sprintf("upstream s%d { server %s; } server { listen %d; proxy_pass s%d; }", n, d.address(s, colour), 7100+n, n))
}

func (d *drawing) byStreamPass(s Service, colour string, n int) {
	d.stream = append(d.stream, fmt.Sprintf("server { listen %d; proxy_pass %s; }", 7100+n, d.address(s, colour)))
}

// listed lists a variable in nginx.values, in most cases.
func (d *drawing) listed(name string) {
	if often(d.t, 75) {
		d.setup.Values = append(d.setup.Values, oneOf(d.t, []string{"", "$"})+name)
	}
}

func (d *drawing) bySet(s Service, colour string, n int) {
	scheme := oneOf(d.t, []string{"", "http://"})
	pass := map[string]string{"": "http://", "http://": ""}[scheme]
	d.server = append(d.server, fmt.Sprintf("set $v%d %s%s;", n, scheme, d.address(s, colour)))
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass %s$v%d; }", n, pass, n))
	d.listed(fmt.Sprintf("v%d", n))
}

func (d *drawing) byMap(s Service, colour string, n int) {
	d.http = append(d.http, fmt.Sprintf("map $host $m%d { default %s; other.example db:80; }", n, d.address(s, colour)))
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://$m%d; }", n, n))
	d.listed(fmt.Sprintf("m%d", n))
}

func (d *drawing) byGeo(s Service, colour string, n int) {
	d.http = append(d.http, fmt.Sprintf("geo $g%d { default db:80; 10.0.0.0/8 %s; }", n, d.address(s, colour)))
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://$g%d; }", n, n))
	d.listed(fmt.Sprintf("g%d", n))
}

// twins are an upstream for each colour.
func (d *drawing) twins(s Service, n int) {
	for _, c := range Colours {
		at := d.address(s, c)
		if d.real { // so that one name tells the other colour's
			at = fmt.Sprintf("%s:%d", s.Name(c), s.Ports[c])
		}
		d.http = append(d.http, fmt.Sprintf("upstream t%d_%s { server %s; }", n, c, at))
	}
}

func (d *drawing) byTwins(s Service, colour string, n int) {
	d.twins(s, n)
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://t%d_%s; }", n, n, colour))
}

func (d *drawing) byTwinsAndWord(s Service, colour string, n int) {
	d.twins(s, n)
	d.server = append(d.server, fmt.Sprintf("set $w%d %s;", n, colour))
	d.location(fmt.Sprintf("location /r%d/ { proxy_pass http://t%d_$w%d; }", n, n, n))
	d.listed(fmt.Sprintf("w%d", n))
}

// location puts a location into the server, sometimes by a file of its own.
func (d *drawing) location(text string) {
	if !often(d.t, 20) {
		d.server = append(d.server, text)
		return
	}
	path := fmt.Sprintf("/etc/nginx/snippets/l%d.conf", d.next())
	d.file(path, text+"\n")
	d.server = append(d.server, "include "+path+";")
}

func (d *drawing) file(path, text string) {
	if d.setup.Files == nil {
		d.setup.Files = map[string]string{}
	}
	d.setup.Files[path] = text
}

// write makes the files of the blocks.
func (d *drawing) write() {
	d.flag()
	server := "server {\n    listen 80;\n    " + strings.Join(d.server, "\n    ") + "\n}\n"
	blocks := strings.Join(d.http, "\n") + "\n"
	if d.setup.Whole() {
		d.setup.Text = strings.Join(d.live, "\n")
		d.file(LiveFile, d.setup.TextFor(d.setup.Live)+"\n")
	}
	if d.setup.Mode == "copy" || d.setup.Mode == "link" {
		for _, c := range Colours {
			d.file(PreparedFile(c), d.setup.TextFor(c)+"\n")
		}
	}
	main := strings.Join(d.top, "\n") + "\nevents {}\nhttp {\n"
	if d.setup.Whole() || often(d.t, 50) {
		d.file("/etc/nginx/conf.d/app.conf", blocks+strings.Join(d.before, "\n")+server)
		main += "include conf.d/*.conf;\n"
	} else {
		main += blocks + strings.Join(d.before, "\n") + server
	}
	main += strings.Join(d.servers, "\n") + "\n}\n"
	if len(d.stream) > 0 {
		main += "stream {\n" + strings.Join(d.stream, "\n") + "\n}\n"
	}
	d.file(MainFile, main)
}

// flag has the server look for the flag: without the file one colour is live, with it the other.
func (d *drawing) flag() {
	if d.setup.Mode != "flag" {
		return
	}
	without := oneOf(d.t, Colours)
	if d.setup.Live != without {
		d.file(FlagFile, "")
	}
	test := fmt.Sprintf("set $side %s; if (-f %s) { set $side %s; }", without, FlagFile, Other(without))
	if often(d.t, 90) {
		test += " resolver 127.0.0.11 valid=2s; resolver_timeout 1s;"
	}
	d.server = append([]string{test}, d.server...)
}

// TextFor is what the live file holds for a colour.
func (s Setup) TextFor(colour string) string { return s.filled(s.Text, colour) }

// UpstreamsFor are the upstreams of mode managed for a colour.
func (s Setup) UpstreamsFor(colour string) map[string]string {
	all := map[string]string{}
	for name, server := range s.Upstreams {
		all[name] = s.filled(server, colour)
	}
	return all
}

func (s Setup) filled(text, colour string) string {
	text = strings.ReplaceAll(text, "{colour}", colour)
	for _, service := range s.Services {
		text = strings.ReplaceAll(text, "{port-"+service.Key+"}", fmt.Sprint(service.Ports[colour]))
	}
	return text
}
