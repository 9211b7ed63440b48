package lint

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bluegate/deploy/model"
	"bluegate/nginx/agent"
	"bluegate/nginx/conf"
	"bluegate/testdata/nginxtest"
)

const mainConf = "/etc/nginx/nginx.conf"

// inputOf is a configuration as a rule sees it.
func inputOf(t *testing.T, files nginxtest.Files) Input {
	t.Helper()
	tree, err := conf.LoadTree(files.Source(), mainConf)
	if err != nil {
		t.Fatal(err)
	}
	f := Input{Nginx: `container "edge"`, Surroundings: Surroundings{Version: version{1, 30, 4}}, Tree: tree, Top: conf.Assemble(tree), Reloads: true, Drain: time.Minute}
	f.Words = Addressed(tree, model.NewAddresses(nginxtest.Application(t, "was-{colour} 3000 3000")))
	return f
}

// lintedBy lists what one rule finds in a configuration: code, place and what the remedy begins with.
func lintedBy(t *testing.T, look rule, files nginxtest.Files, set func(*Input)) (lines []string) {
	t.Helper()
	f := inputOf(t, files)
	if len(f.Words) > 0 {
		f.Live = f.Words[0].colour
	}
	if set != nil {
		set(&f)
	}
	for _, found := range look(f) {
		if found.Message == "" || found.Cost == "" || found.Remedy == "" {
			t.Errorf("%s lacks its message, its cost or its remedy: %+v", found.Code, found)
		}
		lines = append(lines, found.Code+" "+found.Place)
	}
	return lines
}

func old(f *Input)    { f.Version = version{1, 22, 1} }
func recent(f *Input) { f.Version = version{1, 30, 4} }

// one is a whole configuration: directives outside the blocks, of http, and of its server.
func one(outside, http, server string) nginxtest.Files {
	return nginxtest.Files{mainConf: outside + "\nevents {}\nhttp { " + http + "\nupstream was { server was-blue:3000; }\nserver { listen 80; " + server + "\nlocation / { proxy_pass http://was; } }\n}\n"}
}

func TestExamineReload(t *testing.T) {
	in := func(line string) string { return mainConf + ":" + line }
	for _, test := range []struct {
		name  string
		look  rule
		files nginxtest.Files
		set   func(*Input)
		want  string
	}{
		{"before 1.27.4", keepAliveRace, one("", "", ""), old, "keepalive-race " + in("3")},
		{"before 1.27.4, where the setting would be unknown", keepAliveRace, one("", "keepalive_timeout 75s;", ""), old, "keepalive-race " + in("3")},
		{"no connection is kept", keepAliveRace, one("", "keepalive_timeout 0;", ""), old, ""},
		{"none is kept but in one server", keepAliveRace, one("", "keepalive_timeout 0;", "keepalive_timeout 5;"), old, "keepalive-race " + in("3")},
		{"only one server keeps none", keepAliveRace, one("", "", "keepalive_timeout 0s;"), old, "keepalive-race " + in("3")},
		{"no min timeout", keepAliveRace, one("", "", ""), recent, "keepalive-min-timeout " + in("3")},
		{"a min timeout of 0", keepAliveRace, one("", "keepalive_min_timeout 0;", ""), recent, "keepalive-min-timeout " + in("3")},
		{"a min timeout", keepAliveRace, one("", "keepalive_min_timeout 1s;", ""), recent, ""},
		{"a min timeout in the server", keepAliveRace, one("", "", "keepalive_min_timeout 500ms;"), recent, ""},
		{"an unknown version", keepAliveRace, one("", "", ""), func(f *Input) { f.Version = version{} }, ""},
		{"a switch without a reload", keepAliveRace, one("", "", ""), func(f *Input) { old(f); f.Reloads = false }, ""},
		{"nothing of HTTP", keepAliveRace, nginxtest.Files{mainConf: "stream { server { listen 1; proxy_pass was-blue:3000; } }"}, old, ""},

		{"cut before the drain's end", shutdownTimeout, one("worker_shutdown_timeout 10s;", "", ""), nil, "shutdown-timeout " + in("1")},
		{"cut at the drain's end", shutdownTimeout, one("worker_shutdown_timeout 1m;", "", ""), nil, ""},
		{"never cut", shutdownTimeout, one("", "", ""), nil, ""},
		{"never cut, as it says", shutdownTimeout, one("worker_shutdown_timeout 0;", "", ""), nil, ""},
		{"cut by a longer drain's limit", shutdownTimeout, one("worker_shutdown_timeout 1m;", "", ""), func(f *Input) { f.Drain = time.Hour }, "shutdown-timeout " + in("1")},

		{"reuseport", reusePort, one("worker_processes auto;", "", "listen 81 reuseport;"), nil, "reuseport " + in("5")},
		{"reuseport twice is said once", reusePort, one("", "", "listen 81 reuseport; listen [::]:81 reuseport;"), nil, "reuseport " + in("5")},
		{"no reuseport", reusePort, one("", "", "listen 81 default_server;"), nil, ""},

		{"a socket in the layer", unixSockets, one("", "", "listen unix:/run/nginx/edge.sock;"), func(f *Input) { f.Layer = func(p string) bool { return p == "/run/nginx/edge.sock" } }, "unix-listener " + in("5")},
		{"a socket in a mount", unixSockets, one("", "", "listen unix:/run/nginx/edge.sock;"), func(f *Input) { f.Layer = func(string) bool { return false } }, ""},
		{"a socket on a host", unixSockets, one("", "", "listen unix:/run/nginx/edge.sock;"), nil, ""},
	} {
		if got := strings.Join(lintedBy(t, test.look, test.files, test.set), ", "); got != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
	}
}

func TestExamineUpstream(t *testing.T) {
	site := func(conf string) nginxtest.Files {
		return nginxtest.Files{mainConf: "http {\ninclude timeouts.conf;\ninclude conf.d/*.conf;\n}\n", "/etc/nginx/timeouts.conf": "", "/etc/nginx/conf.d/shop.conf": conf}
	}
	short := site("upstream was { server was-blue:3000; }\nserver { location / { proxy_pass http://was; } }\n")
	short["/etc/nginx/timeouts.conf"] = "proxy_connect_timeout 2s;\n"
	long := site("upstream was { server was-blue:3000; }\nserver { location / { proxy_pass http://was; }\nlocation /b { proxy_pass http://was/b; } }\n")
	long["/etc/nginx/timeouts.conf"] = "proxy_connect_timeout 90;\n"
	const shop = " /etc/nginx/conf.d/shop.conf:"
	for _, test := range []struct {
		name  string
		look  rule
		files nginxtest.Files
		set   func(*Input)
		want  string
	}{
		{"60 s unless it is set", connectTimeout, site("upstream was { server was-blue:3000; }\nserver { location / { proxy_pass http://was; } }\n"), nil, "connect-timeout" + shop + "2"},
		{"said once for all that is not set", connectTimeout, site("server { location / { proxy_pass http://was-blue:3000; }\nlocation /b { proxy_pass http://was-blue:3000/b; } }\n"), nil, "connect-timeout" + shop + "1"},
		{"short for all", connectTimeout, short, nil, ""},
		{"long for all, said once where it stands", connectTimeout, long, nil, "connect-timeout /etc/nginx/timeouts.conf:1"},
		{"short in the location", connectTimeout, site("server { location / { proxy_connect_timeout 5s; proxy_pass http://was-blue:3000; } }\n"), nil, ""},
		{"of gRPC", connectTimeout, site("server { proxy_connect_timeout 1s; location / { grpc_pass grpc://was-blue:3000; } }\n"), nil, "connect-timeout" + shop + "1"},
		{"of someone else", connectTimeout, site("server { location / { proxy_pass http://metrics:9090; } }\n"), nil, ""},

		{"no connections kept", upstreamKeepalive, site("upstream was { server was-blue:3000; }\n"), old, "upstream-keepalive" + shop + "1"},
		{"connections kept", upstreamKeepalive, site("upstream was { server was-blue:3000; keepalive 8; }\n"), old, ""},
		{"kept unasked", upstreamKeepalive, site("upstream was { server was-blue:3000; }\n"), recent, ""},
		{"another's upstream", upstreamKeepalive, site("upstream metrics { server metrics:9090; }\n"), old, ""},
		{"of stream, where there is no such thing", upstreamKeepalive, nginxtest.Files{mainConf: "stream { upstream was { server was-blue:3000; } }"}, old, ""},

		{"put together at run time", variablePass, site("server { set $to http://was-blue:3000;\nlocation / { proxy_pass $to; } }\n"), old, "variable-pass" + shop + "2"},
		{"an upstream chosen at run time", variablePass, site("upstream was { server was-blue:3000; }\nserver { set $to was;\nlocation / { proxy_pass http://$to; } }\n"), old, ""},
		{"an upstream's name made at run time", variablePass, site("upstream was_blue { server was-blue:3000; }\nserver { set $bg blue;\nlocation / { proxy_pass http://was_$bg; } }\n"), old, ""},
		{"an address by a map", variablePass, nginxtest.Files{mainConf: "http { map $host $to { default http://was-blue:3000; }\nserver { location / { proxy_pass $to$request_uri; } } }"}, old, "variable-pass " + mainConf + ":2"},
		{"60 s by a variable", connectTimeout, site("upstream was { server was-blue:3000; }\nserver { set $to was;\nlocation / { proxy_pass http://$to; } }\n"), nil, "connect-timeout" + shop + "3"},
		{"put together at run time by a new nginx", variablePass, site("server { set $to http://was-blue:3000;\nlocation / { proxy_pass $to; } }\n"), recent, ""},
		{"an address with a path at run time", variablePass, site("server { location / { proxy_pass http://was-blue:3000$request_uri; } }\n"), old, ""},

		{"both colours in one upstream", bothColours, site("upstream was {\n server was-blue:3000;\n server was-green:3000;\n}\n"), func(f *Input) { f.Live = model.None }, "both-in-one-upstream" + shop + "3"},
		{"the same colour twice", bothColours, site("upstream was {\n server was-blue:3000;\n server was-blue:3000;\n}\n"), func(f *Input) { f.Live = model.None }, ""},
		{"a colour each", bothColours, site("upstream a { server was-blue:3000; }\nupstream b { server was-green:3000; }\n"), func(f *Input) { f.Live = model.None }, ""},
	} {
		if got := strings.Join(lintedBy(t, test.look, test.files, test.set), ", "); got != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
	}
}

func TestExamineStorage(t *testing.T) {
	const file = "/etc/nginx/conf.d/default.conf"
	for _, test := range []struct {
		name   string
		stored Storage
		want   string
		remedy string
	}{
		{"a mounted directory", Storage{Kind: InDirectory}, "", ""},
		{"a volume", Storage{Kind: InVolume}, "", ""},
		{"a mounted file", Storage{Kind: InFile, Inside: "/etc/nginx/conf.d", Source: "/srv/shop/nginx/default.conf", Target: file}, "single-file-mount " + file, "mkdir nginx-files && docker cp edge:/etc/nginx/conf.d/. ./nginx-files\n"},
		{"the layer", Storage{Kind: InLayer, Inside: "/etc/nginx/conf.d"}, "not-persistent " + file, "mkdir nginx-files && docker cp edge:/etc/nginx/conf.d/. ./nginx-files\n"},
		{"the image", Storage{Kind: InImage, Inside: "/etc/nginx/conf.d"}, "not-persistent " + file, "  - ./nginx-files:/etc/nginx/conf.d\n"},
		{"a tmpfs", Storage{Kind: InMemory, Inside: "/etc/nginx/conf.d"}, "not-persistent " + file, "mkdir nginx-files && docker exec -u 0 edge tar -c -C /etc/nginx/conf.d . | tar -x -C nginx-files"},
	} {
		f := Input{Nginx: `container "edge"`, Surroundings: Surroundings{Name: "edge", Stored: map[string]Storage{file: test.stored}}}
		got := ""
		for _, found := range storedBadly(f) {
			got += found.Code + " " + found.Place
			if !strings.Contains(found.Remedy, test.remedy) || found.Cost == "" {
				t.Errorf("%s: the remedy is %q, want %q in it", test.name, found.Remedy, test.remedy)
			}
		}
		if got != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
	}
	tracked := trackedByGit(Input{Surroundings: Surroundings{Stored: map[string]Storage{file: {Kind: InDirectory, Host: "/srv/shop/nginx/default.conf", Git: "/srv/shop"}, "/etc/other": {}}}})
	if len(tracked) != 1 || !strings.Contains(tracked[0].Remedy, "cd '/srv/shop'\ngit rm --cached 'nginx/default.conf'\n") {
		t.Errorf("tracked by git: %+v", tracked)
	}
	if got := notLoaded(Input{Nginx: `container "edge"`, Reload: "docker exec edge nginx -s reload", Unloaded: []string{"/etc/nginx/conf.d/other.conf"}}); len(got) != 1 || !strings.Contains(got[0].Remedy, "docker exec edge nginx -s reload") {
		t.Errorf("not loaded: %+v", got)
	}
}

func TestExamineProcesses(t *testing.T) {
	for first, want := range map[string]string{
		"": "",
		"nginx: master process nginx -g daemon off;": "",
		"/sbin/tini -- nginx -g daemon off;":         "",
		"/sbin/docker-init -- /entrypoint.sh":        "",
		"sh -c crond && nginx -g 'daemon off;'":      "first-process",
		"/usr/bin/s6-svscan /etc/s6":                 "first-process",
	} {
		got := ""
		for _, found := range firstProcess(Input{Nginx: `container "edge"`, Top: &conf.Scope{}, Surroundings: Surroundings{First: first}}) {
			got += found.Code
		}
		if got != want {
			t.Errorf("%q: found %q, want %q", first, got, want)
		}
	}
	leaving := []agent.Process{{PID: 7}, {PID: 9}}
	for _, test := range []struct {
		name     string
		snapshot agent.Snapshot
		want     string
	}{
		{"none leaves", agent.Snapshot{Workers: []agent.Process{{Age: time.Hour}}}, ""},
		{"just now", agent.Snapshot{Workers: []agent.Process{{Age: 10 * time.Second}}, ShuttingDown: leaving}, ""},
		{"for an hour", agent.Snapshot{Workers: []agent.Process{{Age: time.Hour}, {Age: time.Second}}, ShuttingDown: leaving}, "process 7, 9"},
		{"nobody follows them", agent.Snapshot{ShuttingDown: leaving}, ""},
	} {
		got := leavingTooLong(Input{Top: &conf.Scope{}, Drain: time.Minute, Snapshot: test.snapshot})
		if (len(got) == 0) != (test.want == "") || len(got) > 0 && !strings.Contains(got[0].Message, test.want) {
			t.Errorf("%s: found %+v", test.name, got)
		}
	}
}

func TestExamineErrorLog(t *testing.T) {
	contained := func(f *Input) {
		f.Name = "edge"
		f.Link = func(p string) string { return map[string]string{"/var/log/nginx/error.log": "/dev/stderr"}[p] }
	}
	for _, test := range []struct {
		name, line string
		set        func(*Input)
		want       string
	}{
		{"a link to stderr", "error_log /var/log/nginx/error.log notice;", contained, ""},
		{"stderr", "error_log stderr;", contained, ""},
		{"not set", "", contained, ""},
		{"a file", "error_log /data/error.log;", contained, "error-log " + mainConf + ":1"},
		{"nowhere", "error_log /dev/null;", contained, "error-log " + mainConf + ":1"},
		{"a file of a host", "error_log /data/error.log;", nil, ""},
	} {
		if got := strings.Join(lintedBy(t, errorLog, one(test.line, "", ""), test.set), ", "); got != test.want {
			t.Errorf("%s: found %q, want %q", test.name, got, test.want)
		}
	}
}

// A healthy setup has no finding at all, and the order of the findings is that of the rules.
func TestExamineFindsNothingWhereAllIsWell(t *testing.T) {
	well := one("worker_processes 2;\nworker_shutdown_timeout 10m;", "keepalive_min_timeout 5s; proxy_connect_timeout 2s;", "")
	all := func(f Input) []model.Finding { return f.Findings() }
	if got := lintedBy(t, all, well, func(f *Input) {
		f.Stored = map[string]Storage{mainConf: {Kind: InDirectory}}
	}); len(got) > 0 {
		t.Errorf("found %q", got)
	}
	bad := lintedBy(t, all, one("worker_shutdown_timeout 1s;", "", "listen 81 reuseport;"), old)
	if want := []string{"keepalive-race", "shutdown-timeout", "reuseport", "connect-timeout", "upstream-keepalive"}; !slices.EqualFunc(bad, want, strings.HasPrefix) {
		t.Errorf("found %q, want %q", bad, want)
	}
}

func TestParseVersion(t *testing.T) {
	for said, want := range map[string]version{
		"nginx version: nginx/1.22.1\n":                  {1, 22, 1},
		"nginx version: nginx/1.30.4 (Ubuntu)\n":         {1, 30, 4},
		"nginx version: openresty/1.27.1.2\n":            {1, 27, 1},
		"nginx version: angie/1.9.0\n":                   {}, // a fork that counts on its own
		"sh: nginx: not found":                           {},
		"nginx version: nginx/1.29\nbuilt by gcc 12.2.0": {},
	} {
		if got := ParseVersion(said); got != want {
			t.Errorf("%q is %v, want %v", said, got, want)
		}
	}
	for _, test := range []struct {
		v    version
		want bool
	}{{version{1, 27, 3}, true}, {version{1, 27, 4}, false}, {version{1, 30, 0}, false}, {version{0, 9, 9}, true}, {version{}, false}} {
		if got := test.v.before(withKeepaliveMinTimeout); got != test.want {
			t.Errorf("%v is before %v: %v", test.v, withKeepaliveMinTimeout, got)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "75": 75 * time.Second, "5s": 5 * time.Second, "500ms": 500 * time.Millisecond, "1m30s": 90 * time.Second, "1h 2m": 62 * time.Minute, "1d": 24 * time.Hour,
	} {
		if got, ok := conf.ParseDuration(text); !ok || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "s", "5x", "$timeout", "-1s", "99999999999999999999"} {
		if got, ok := conf.ParseDuration(text); ok {
			t.Errorf("%q is %s", text, got)
		}
	}
}
