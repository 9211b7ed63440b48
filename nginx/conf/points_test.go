package conf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// show writes a point as `directive host port`, with its upstream in brackets.
func show(p Point) string {
	s := p.Directive
	if p.Upstream != "" {
		s += "[" + p.Upstream + "]"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", s, p.Host, p.Port))
}

func parse(t testing.TB, src string) *File {
	t.Helper()
	f, err := Parse("x.conf", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPointsOfUpstreams(t *testing.T) {
	comparePoints(t, [][2]string{
		{"upstream was { server was-blue:3000; }", "server[was] was-blue 3000"},
		{"upstream was { server was-blue; }", "server[was] was-blue"},
		{"upstream was { server 'was-blue:3000' weight=5 max_fails=0; }", "server[was] was-blue 3000"},
		{"upstream was { server 10.0.0.1:80; }", "server[was] 10.0.0.1 80"},
		{"upstream was { server [::1]:80; }", "server[was] [::1] 80"},
		{"upstream was { server [2001:DB8::1]; }", "server[was] [2001:DB8::1]"},
		{"upstream was { server was_blue.internal:0080; }", "server[was] was_blue.internal 0080"},
		{`upstream "w s" { "server" "was-blue:3000"; }`, "server[w s] was-blue 3000"},
		{"stream { upstream was { zone was 64k; server was-blue:3000 resolve; } }", "server[was] was-blue 3000"},
		{"server was-blue:3000;", "server was-blue 3000"},
		{"upstream was { server unix:/run/was.sock; }", ""},
		{"upstream was { server unix:/run/was.sock:80; }", ""},
		{"upstream was { server $was:3000; }", ""},
		{"upstream was { server was-blue:3000/; }", ""},
		{"upstream was { server was-blue:3000$request_uri; }", ""},
		{"upstream was { server was-blue:; }", ""},
		{"upstream was { server was-blue:0; }", ""},
		{"upstream was { server was-blue:65536; }", ""},
		{"upstream was { server was-blue:http; }", ""},
		{"upstream was { server :3000; }", ""},
		{"upstream was { server [::1; server [x]:80; server [fe80::1%eth0]:80; server [10.0.0.1]:80; }", ""},
		{"upstream was { server http://was-blue:3000; }", ""},
		{"map $a $b { server was-blue:3000; }", ""},
		{"http { server { listen 80; } }", ""},
	})
}

func TestPointsOfPasses(t *testing.T) {
	comparePoints(t, [][2]string{
		{"proxy_pass http://was-blue:3000;", "proxy_pass was-blue 3000"},
		{"proxy_pass https://was-blue;", "proxy_pass was-blue"},
		{"proxy_pass HTTP://Was-Blue:3000;", "proxy_pass Was-Blue 3000"},
		{"proxy_pass http://was-blue:3000/;", "proxy_pass was-blue 3000"},
		{"proxy_pass http://was-blue/api/was-blue:1;", "proxy_pass was-blue"},
		{"proxy_pass http://was-blue:3000?a=b;", "proxy_pass was-blue 3000"},
		{`proxy_pass "http://was-blue:3000/a\"b";`, "proxy_pass was-blue 3000"},
		{"proxy_pass http://[::1]:3000/x;", "proxy_pass [::1] 3000"},
		{"proxy_pass was-blue:3000;", "proxy_pass was-blue 3000"},
		{"grpc_pass grpc://was-blue:3000;", "grpc_pass was-blue 3000"},
		{"grpc_pass grpcs://was-blue:3000;", "grpc_pass was-blue 3000"},
		{"grpc_pass was-blue:3000;", "grpc_pass was-blue 3000"},
		{"fastcgi_pass was-blue:9000;", "fastcgi_pass was-blue 9000"},
		{"uwsgi_pass uwsgi://was-blue:3000;", "uwsgi_pass was-blue 3000"},
		{"uwsgi_pass suwsgi://was-blue:3000;", "uwsgi_pass was-blue 3000"},
		{"uwsgi_pass was-blue:3000;", "uwsgi_pass was-blue 3000"},
		{"scgi_pass was-blue:3000;", "scgi_pass was-blue 3000"},
		{"memcached_pass was-blue:11211;", "memcached_pass was-blue 11211"},
		{"tunnel_pass was-blue:3000;", "tunnel_pass was-blue 3000"},
		{"proxy_pass http://unix:/run/was.sock:/x;", ""},
		{"fastcgi_pass unix:/run/was.sock;", ""},
		{"proxy_pass ftp://was-blue:3000;", ""},
		{"fastcgi_pass http://was-blue:3000;", ""},
		{"grpc_pass grpc://was-blue:3000/x; proxy_pass was-blue:3000/; fastcgi_pass was-blue:9000$request_uri;", ""},
		{"proxy_pass http://;", ""},
		{"proxy_pass http://user@was-blue:3000;", ""},
		{"proxy_pass;", ""},
		{"proxy_pass http://was-blue:3000 {}", ""},
		{"mirror http://was-blue:3000; proxy_redirect http://was-blue:3000 /; return 302 http://was-blue:3000;", ""},
		{`proxy_pass "\thttp://was-blue:3000";`, ""},
		{`proxy_pass "http:\/\/was-blue:3000";`, ""},
	})
}

func TestPointsBesideVariables(t *testing.T) {
	comparePoints(t, [][2]string{
		{"proxy_pass $was;", ""},
		{"proxy_pass http://$was;", ""},
		{"proxy_pass http://was_$colour:3000;", ""},
		{"proxy_pass http://${was}-blue:3000;", ""},
		{"proxy_pass http://was-blue:$port;", ""},
		{"proxy_pass http://was-blue:30$port;", ""},
		{"proxy_pass http://was-blue:3000$path;", ""},
		{"proxy_pass http://was-blue$1;", ""},
		{"proxy_pass http://was-blue$uri_suffix;", ""},
		{"proxy_pass http://was-blue${uri;", ""},
		{"proxy_pass http://was-blue:3000/$path;", "proxy_pass was-blue 3000"},
		{"proxy_pass http://was-blue:3000$request_uri;", "proxy_pass was-blue 3000"},
		{"proxy_pass http://was-blue${uri}$is_args$args;", "proxy_pass was-blue"},
		{"proxy_pass http://was-blue:3000$1$2;", "proxy_pass was-blue 3000"},
		{"proxy_pass $scheme://was-blue:3000;", "proxy_pass was-blue 3000"},
		{"proxy_pass ${scheme}://was-blue:3000/;", "proxy_pass was-blue 3000"},
		{"proxy_pass $scheme://$host;", ""},
		{`proxy_pass "${a\"b}://was-blue:3000"; proxy_pass "$a\"://was-blue:3000";`, ""},
		{"proxy_pass http://was-blue:3000$12;", "proxy_pass was-blue 3000"},
		{"proxy_pass http://was-blue:3000${1}2;", "proxy_pass was-blue 3000"},
		{"proxy_pass http://was-blue:3000$;", ""},
		{"fastcgi_pass $scheme://was-blue:3000;", ""},
	})
}

// comparePoints compares the points of a configuration with what show writes of them.
func comparePoints(t *testing.T, cases [][2]string) {
	for _, c := range cases {
		src, want := c[0], c[1]
		f := parse(t, src)
		var got []string
		for _, p := range f.Points() {
			got = append(got, show(p))
			checkPoint(t, f, p)
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s\ngot  %q\nwant %q", src, s, want)
		}
	}
}

// checkPoint holds what a point promises: its range is exactly host[:port], and its place is the range's.
func checkPoint(t interface{ Fatalf(string, ...any) }, f *File, p Point) {
	want := p.Host
	if p.Port != "" {
		want += ":" + p.Port
	}
	if got := string(f.Src[p.Start:p.End]); got != want {
		t.Fatalf("%q: the range of %+v holds %q", f.Src, p, got)
	}
	if line, col := f.Position(p.Start); line != p.Line || col != p.Col {
		t.Fatalf("%q: %+v is at %d:%d", f.Src, p, line, col)
	}
}

func TestPointPlace(t *testing.T) {
	f := parse(t, "upstream was {\r\n\tserver \"was-blue:3000\";\r\n}\n")
	p := f.Points()[0]
	if p.Path != "x.conf" || p.Line != 2 || p.Col != 10 || p.Start != 25 || p.End != 38 {
		t.Errorf("got %+v", p)
	}
}

func TestReferences(t *testing.T) {
	f := parse(t, `
		upstream was { server was:3000; server other; }
		stream { upstream "mail box" { server mail:25; } }
		upstream { }
		server { location / { proxy_pass http://WAS/x; proxy_pass http://was:80; proxy_pass http://wasp; } }`)
	upstreams := f.Upstreams()
	if !slices.Equal(upstreams, []string{"was", "mail box"}) {
		t.Errorf("upstreams: %q", upstreams)
	}
	var got []string
	for _, p := range f.Points() {
		if p.RefersTo(upstreams) {
			got = append(got, show(p))
		}
	}
	if !slices.Equal(got, []string{"proxy_pass WAS"}) {
		t.Errorf("got %q", got)
	}
}
