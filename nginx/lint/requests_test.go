package lint

import (
	"strings"
	"testing"

	"bluegate/deploy/judge"
	"bluegate/testdata/nginxtest"
)

const (
	ourFormat = "log_format bluegate escape=json '%F';\n"
	ourMap    = "map $msec $bluegate_judged_8098 { default 0; include /etc/nginx/conf.d/.bluegate-judged-8098[.]map; }\n"
	ourLine   = "access_log syslog:server=127.0.0.1:8098,nohostname,tag=bluegate bluegate if=$bluegate_judged_8098;\n"
)

func judged(http, sites string) nginxtest.Files {
	fill := strings.NewReplacer("%F", judge.LogFormat(""), "%K", judge.LogFormat(CanaryKey))
	return nginxtest.Files{
		mainConf:                      "http {\n" + fill.Replace(http) + "include conf.d/*.conf;\n}\n",
		"/etc/nginx/conf.d/shop.conf": "upstream was { server was-blue:3000; }\n" + sites,
	}
}

func TestRequestsSeen(t *testing.T) {
	const defined = ourFormat + ourMap
	for _, test := range []struct {
		name        string
		http, sites string
		unseen      string
		gate        bool
	}{
		{"nothing is there", "", "server { location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", false},
		{"in http", defined + ourLine, "server { location / { proxy_pass http://was; } }", "", true},
		{"with the key of a canary", strings.Replace(defined, "%F", "%K", 1) + ourLine, "server { location / { proxy_pass http://was$bluegate_side; } }", "", true},
		{"a server's own replaces it", defined + ourLine, "server { access_log /var/log/a; location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", true},
		{"next to a server's own", defined + "access_log off;\n", "server { access_log /var/log/a;\n" + ourLine + "location / { proxy_pass http://was; } }", "", true},
		{"off next to it", defined, "server { access_log off;\n" + ourLine + "location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:4)", true},
		{"a location that is off", defined + ourLine, "server { location / { proxy_pass http://was; }\nlocation /b { access_log off; proxy_pass http://was/b; } }", "http://was/b (/etc/nginx/conf.d/shop.conf:3)", true},
		{"an if that is off", defined + ourLine, "server { location / { if ($arg_q) { access_log off; proxy_pass http://was; } } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", true},
		{"another port", defined + strings.Replace(ourLine, "1:8098", "1:8097", 1), "server { location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", true},
		{"another format", strings.Replace(defined, "$status", "$request_time", 1) + strings.Replace(ourLine, "bluegate bluegate", "bluegate main", 1), "server { location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", true},
		{"a format that was changed", strings.Replace(ourFormat, "%F", "$status", 1) + ourMap + ourLine, "server { location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", true},
		{"a gate that may be several files", strings.Replace(defined, ".bluegate", "*bluegate", 1) + ourLine, "server { location / { proxy_pass http://was; } }", "http://was (/etc/nginx/conf.d/shop.conf:2)", false},
		{"a location that proves the route", "", "server { location = /bluegate/route/was { proxy_pass http://was/; } }", "", false},
		{"what is no colour's", "", "server { location / { proxy_pass http://wiki; } }", "", false},
	} {
		f := inputOf(t, judged(test.http, test.sites))
		r := f.Requests(8098)
		if got := strings.Join(r.Unseen, ", "); got != test.unseen || (r.Gate == "/etc/nginx/conf.d/.bluegate-judged-8098.map") != test.gate {
			t.Errorf("%s: unseen %q, want %q; gate %q", test.name, got, test.unseen, r.Gate)
		}
	}
}

// What doctor prints makes the requests seen, wherever nginx logs.
func TestRequestsRemedy(t *testing.T) {
	for _, test := range []struct {
		name, http, sites string
		want              []string // of the remedy, in this order
	}{
		{"nginx's default is repeated", "", "server { location / { proxy_pass http://was; } }", []string{
			"# in http {} (/etc/nginx/nginx.conf:1)", "log_format bluegate escape=json '", "map $msec $bluegate_judged_8098 { default 0; include /etc/nginx/conf.d/.bluegate-judged-8098[.]map; }",
			"# in server {} (/etc/nginx/conf.d/shop.conf:2)", "access_log /var/log/nginx/access.log combined;", ourLine,
		}},
		{"what http logs is repeated", ourFormat + ourMap + "access_log /var/log/a combined;\naccess_log /var/log/b combined;\n", "server { location / { proxy_pass http://was; } }", []string{
			"# in server {} (/etc/nginx/conf.d/shop.conf:2)\naccess_log /var/log/a combined;\naccess_log /var/log/b combined;\n" + ourLine,
		}},
		{"off in http, a server's own", ourFormat + ourMap + "access_log off;\n", "server { access_log /var/log/a; location / { proxy_pass http://was; } }\nserver { location / { proxy_pass http://was; } }", []string{
			"# in server {} (/etc/nginx/conf.d/shop.conf:2)\n" + ourLine, "# in server {} (/etc/nginx/conf.d/shop.conf:3)\n" + ourLine,
		}},
		{"off in a location", ourFormat + ourMap, "server { location /b { access_log off; proxy_pass http://was; } }", []string{
			"# in the place of `access_log off` at /etc/nginx/conf.d/shop.conf:2, in location /b {} (/etc/nginx/conf.d/shop.conf:2)\n" + ourLine,
		}},
	} {
		f := inputOf(t, judged(test.http, test.sites))
		f.JudgePort, f.Writes = 8098, []string{"/etc/nginx/conf.d/shop.conf"}
		found := requestsUnseen(f)
		if len(found) != 1 {
			t.Errorf("%s: %+v", test.name, found)
			continue
		}
		rest := found[0].Remedy
		for _, want := range test.want {
			at := strings.Index(rest, want)
			if at < 0 {
				t.Errorf("%s: %q is not in\n%s", test.name, want, found[0].Remedy)
				break
			}
			rest = rest[at+len(want):]
		}
	}
	if found := requestsUnseen(inputOf(t, judged("", "server { location / { proxy_pass http://was; } }"))); len(found) != 0 {
		t.Errorf("nobody asked for it: %+v", found)
	}
}

func TestUnpattern(t *testing.T) {
	for pattern, want := range map[string]string{"/a/b[.]map": "/a/b.map", "/a/b[d]": "/a/bd", "/a/b.map": "", "/a/*[.]map": "", "/a/b[^.]map": "", "/a/[ab].map": "", "/a/?[.]map": ""} {
		if got := unpattern(pattern); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}
