package conf

import (
	"fmt"
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"set $up was-blue:3000;", "1:9 set was-blue:3000"},
		{"set $up http://was-blue;", "1:16 set http://was-blue"},
		{`add_header X "from was-blue, 1";`, `1:20 add_header "from was-blue, 1"`},
		{`return 200 "this is was-blue.";`, `1:21 return "this is was-blue."`},
		{"server_name WAS-BLUE;", "1:13 server_name WAS-BLUE"},
		{"proxy_redirect http://was-blue:3000/ /was-blue/;", "1:23 proxy_redirect http://was-blue:3000/, 1:39 proxy_redirect /was-blue/"},
		{"map $a $up { default was-blue; was-blue 1; }", "1:22 default was-blue, 1:32 was-blue was-blue"},
		{"geo $up { 10.0.0.0/8 was-blue; }", "1:22 10.0.0.0/8 was-blue"},
		{"upstream was-blue { server was-blue:3000; }", "1:10 upstream was-blue"},
		{"proxy_pass http://was-blue:3000/was-blue;", "1:33 proxy_pass http://was-blue:3000/was-blue"},
		{"proxy_pass http://was-blue:3000$path;", "1:19 proxy_pass http://was-blue:3000$path"},
		{"proxy_pass http://was-blue-$x; proxy_pass http://$x.was-blue;", ""},
		{`a "\twas-blue";`, `1:3 a "\twas-blue"`},
		{"a 'x\n was-blue';", "2:2 a 'x\n was-blue'"},
		{"a signal-blue,was-blue;", "1:3 a signal-blue,was-blue"},
		{"proxy_pass http://was-blue:3000; upstream x { server was-blue:3000 weight=5; }", ""},
		{"a my-was-blue was-blue2 was-blue.com was-blue_x was_blue éwas-blue; # was-blue", ""},
		{"was-blue 1;", ""},
		{"a $api ${api} x$api;", ""},
		{"a $x_api/api;", "1:10 a $x_api/api"},
		{"a api.;", "1:3 a api."},
		{"x_by_lua_block {'-- was-blue'}", "1:21 x_by_lua_block '-- was-blue'"},
		{"content_by_lua_block { -- was-blue\n  x = 'was-blue:3000' y = 'api' --[[ api\n api ]] z = '-- api'\n}",
			"2:8 content_by_lua_block x = 'was-blue:3000' y = 'api' --[[ api, 3:17 content_by_lua_block api ]] z = '-- api'"},
	} {
		var got []string
		for _, m := range parse(t, tt.src).Mentions([]string{"was-blue", "signal-blue", "", "api"}) {
			got = append(got, fmt.Sprintf("%d:%d %s %s", m.Line, m.Col, m.Directive, m.Text))
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s\ngot  %q\nwant %q", tt.src, s, tt.want)
		}
	}
}

func TestMentionNamesTheHost(t *testing.T) {
	got := parse(t, "a WAS signal;").Mentions([]string{"Signal", "was"})
	if len(got) != 2 || got[0].Host != "was" || got[1].Host != "Signal" || got[0].Path != "x.conf" {
		t.Errorf("got %+v", got)
	}
	if got := parse(t, "a b;").Mentions(nil); got != nil {
		t.Errorf("without hosts: %+v", got)
	}
}
